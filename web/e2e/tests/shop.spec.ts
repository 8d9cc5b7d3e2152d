import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@playwright/test'
import { firstLight } from '../first-light.ts'
import { orderOffline } from '../offline-order.ts'
import { startShop, type Relay } from '../rockpool.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

let relay: Relay
test.beforeAll(async () => {
  relay = await startShop()
})
test.afterAll(async () => {
  await relay.close()
})

test('Northwind comes from the relay into OPFS and onto the screen, equal to the relay’s, and is there after a reload', async ({
  browser,
}) => {
  await firstLight(browser, relay)
})

test('nothing that is served as the app holds the rows: they come from the relay', () => {
  const found = readdirSync(join(root, 'web'), { recursive: true, encoding: 'utf8' })
    .filter((file) => !/(^|\/)(node_modules|test-results)\//.test(file) && statSync(join(root, 'web', file)).isFile())
    .filter((file) =>
      /Chartreuse verte|Alfreds Futterkiste|Dry Goods/.test(readFileSync(join(root, 'web', file), 'latin1')),
    )
  expect(found.filter((file) => !file.endsWith('shop.spec.ts'))).toEqual([])
})

test('an order is on another device without a reload, with the right stock', async ({ browser }) => {
  const here = await (await browser.newContext()).newPage()
  const there = await (await browser.newContext()).newPage()
  for (const page of [here, there]) {
    await page.goto(relay.url)
    await expect(page.getByTestId('stock-1')).toContainText('39 in stock')
  }
  await here.getByRole('button', { name: 'Add Chai to the basket' }).click()
  await here.getByLabel('Customer').selectOption('ALFKI')
  await here.getByRole('button', { name: 'Place order' }).click()
  await expect(here.getByTestId('stock-1')).toContainText('38 in stock')
  await expect(there.getByTestId('stock-1')).toContainText('38 in stock')
  await there.getByRole('link', { name: 'Orders' }).click()
  await expect(there.locator('[data-order]')).toHaveCount(831)
  await here.context().close()
  await there.context().close()
})

test('an order placed without a network survives a reload and reaches everybody when the network is back', async ({
  browser,
}) => {
  const order = await orderOffline(browser, relay.url, async (there) => {
    await expect(there.getByTestId('stock-2')).toContainText('17 in stock')
  })
  await order.close()
})
