/** Northwind on the screen, in the page's database and at the relay: what a first visit must bring, whatever the source. */

import { expect, type Browser } from '@playwright/test'
import type { Relay } from './rockpool.ts'

/** Rows of Northwind, by table. */
const ROWS: Readonly<Record<string, number>> = { products: 77, orders: 830, customers: 91, categories: 8 }

/** Opens the shop in a new profile, and compares what it shows and holds with the relay. */
export async function firstLight(browser: Browser, relay: Relay): Promise<void> {
  const context = await browser.newContext()
  const shop = await context.newPage()
  await shop.goto(relay.url)
  await expect(shop.locator('[data-product]')).toHaveCount(77)
  await shop.getByRole('link', { name: 'Orders' }).click()
  await expect(shop.locator('[data-order]')).toHaveCount(830)
  await shop.reload()
  await expect(shop.locator('[data-order]')).toHaveCount(830)

  // The bare page beside it asks the shop's own database, and looks into OPFS.
  const bare = await context.newPage()
  await bare.goto(`${relay.url}/lab/`)
  const held = await bare.evaluate(async (tables) => {
    const db = await window.rockpool.open({ name: 'shop', relay: { url: window.relayUrl } })
    const held: Record<string, { rows: number; digest: string }> = {}
    for (const table of tables) {
      const columns = db.schema.get()?.tables.find((one) => one.name === table)?.columns ?? []
      const names = columns.map((column) => `"${column.name}"`).join(', ')
      const sql = `SELECT count(*) AS rows, rockpool_digest(${names}) AS digest FROM "${table}"`
      const [row] = await db.query<{ rows: number; digest: string }>(sql)
      if (row !== undefined) held[table] = row
    }
    await db.close()
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('rockpool')
    const files: string[] = []
    for await (const name of folder.keys()) files.push(name)
    return { held, files }
  }, Object.keys(ROWS))
  expect(held.files).toContain('shop')
  const { tables } = (await (await fetch(`${relay.url}/digest`)).json()) as {
    tables: Record<string, { rows: number; digest: string }>
  }
  for (const [table, rows] of Object.entries(ROWS)) {
    expect(held.held[table], table).toEqual({ rows, digest: tables[table]?.digest })
    expect(tables[table]?.rows, table).toBe(rows)
  }
  await context.close()
}
