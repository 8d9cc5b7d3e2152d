import { expect, test, type Page } from '@playwright/test'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { startLab, startShop, type Relay } from '../rockpool.ts'

const stamp = JSON.parse(readFileSync(new URL('../../../build/program.json', import.meta.url), 'utf8')) as {
  block: number
  bytes: { core: number; engine: number; trampoline: number; cold: number }
}

let relay: Relay
test.beforeAll(async () => {
  relay = await startLab(`tables:
  notes:
    key: [id]
    columns:
      id: { type: integer, not_null: true }
`)
})
test.afterAll(async () => {
  await relay.close()
})

/** Opens a database and answers what its engine is, or the kind of error. */
function engine(page: Page): Promise<string> {
  return page.evaluate(async () => {
    try {
      const db = await window.rockpool.open({ name: 'program' })
      const { engine } = db
      await db.close()
      return engine
    } catch (error) {
      return (error as InstanceType<typeof window.rockpool.RockpoolError>).kind
    }
  })
}

/** Opens a database that stays open. */
async function stay(page: Page): Promise<void> {
  await page.evaluate(() => window.rockpool.open({ name: 'program' }))
}

/**
 * The sum of the device's copy, "" while there is none. With `hurt`, one byte of the core's data, which is at
 * its end, is turned over first: what remains is still a module, which only the sum tells from the right one.
 */
function copy(page: Page, hurt = false): Promise<string> {
  return page.evaluate(
    async ({ at, block, lengths }) => {
      const sha256 = (bytes: BufferSource) => crypto.subtle.digest('SHA-256', bytes)
      const home = await (await navigator.storage.getDirectory()).getDirectoryHandle('rockpool-program', {
        create: true,
      })
      const list = home as unknown as { values(): AsyncIterable<FileSystemFileHandle> } // the page library leaves it out
      for await (const file of list.values()) {
        const bytes = new Uint8Array(await (await file.getFile()).arrayBuffer())
        if (at !== null) {
          bytes[at] = ~(bytes[at] ?? 0)
          if (!WebAssembly.validate(bytes.subarray(0, at + 5000))) throw new Error('the copy is no module any more')
          const writer = await file.createWritable()
          await writer.write(bytes)
          await writer.close()
        }
        const sums: ArrayBuffer[] = []
        let from = 0
        for (const length of lengths) {
          for (let to = from + length; from < to; from = Math.min(from + block, to))
            sums.push(await sha256(bytes.subarray(from, Math.min(from + block, to))))
        }
        const sum = new Uint8Array(await sha256(await new Blob(sums).arrayBuffer()))
        const told = Array.from(sum, (byte) => byte.toString(16).padStart(2, '0')).join('')
        return told === file.name ? told : ''
      }
      return ''
    },
    {
      at: hurt ? stamp.bytes.core - 5000 : null,
      block: stamp.block,
      lengths: [stamp.bytes.core, stamp.bytes.engine, stamp.bytes.trampoline, stamp.bytes.cold],
    },
  )
}

test('a page that comes back has its program on this device, and a damaged copy is made anew', async ({ page }) => {
  await page.goto(relay.url)
  await stay(page)
  await expect.poll(() => copy(page)).not.toBe('')

  const requests: string[] = []
  page.on('request', (request) => {
    if (request.url().endsWith('.wasm')) requests.push(request.url())
  })
  await page.goto(relay.url)
  expect(await engine(page)).toMatch(/^3\./)
  expect(requests).toEqual([])

  expect(await copy(page, true)).toBe('')
  await page.goto(relay.url)
  await stay(page)
  expect(requests).toHaveLength(4)
  await expect.poll(() => copy(page)).not.toBe('')
})

test('the second part of the core is not needed for a first visit, and is named when it is and is not there', async ({
  page,
}) => {
  const shop = await startShop()
  for (const file of readdirSync(join(shop.folder, 'app'), { recursive: true, encoding: 'utf8' }))
    if (/core\.cold-[^/]*\.wasm$/.test(file)) rmSync(join(shop.folder, 'app', file))
  await page.goto(shop.url)
  await expect(page.locator('[data-product]')).toHaveCount(77)
  await page.getByRole('link', { name: 'Orders' }).click()
  await expect(page.locator('[data-order]')).toHaveCount(830)

  await page.goto(`${shop.url}/lab/`)
  const refused = await page.evaluate(async () => {
    try {
      const db = await window.rockpool.open({ name: 'lab', storage: 'memory' })
      await db.query('selct 1')
      return 'it ran'
    } catch (error) {
      return String(error)
    }
  })
  expect(refused).toMatch(/core\.cold-.*\.wasm could not be loaded: 404/)
  await shop.close()
})
