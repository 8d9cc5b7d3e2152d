import { expect, test } from '@playwright/test'
import { orderOffline } from '../offline-order.ts'
import { startShop, type Relay } from '../rockpool.ts'

let relay: Relay
test.beforeAll(async () => {
  relay = await startShop()
})
test.afterAll(async () => {
  await relay.close()
})

test('Northwind comes from the relay into OPFS and onto the screen, and is there after a reload', async ({
  browser,
}) => {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(relay.url)
  await expect(page.locator('[data-product]')).toHaveCount(77)
  await page.getByRole('link', { name: 'Orders' }).click()
  await expect(page.locator('[data-order]')).toHaveCount(830)
  await page.reload()
  await expect(page.locator('[data-order]')).toHaveCount(830)
  await context.close()
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
