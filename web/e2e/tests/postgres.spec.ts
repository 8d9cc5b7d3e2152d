import { expect, test } from '@playwright/test'
import { firstLight } from '../first-light.ts'
import { orderOffline } from '../offline-order.ts'
import { type PostgresRelay, startShopOnPostgres } from '../rockpool.ts'

let relay: PostgresRelay
test.beforeAll(async () => {
  relay = await startShopOnPostgres()
})
test.afterAll(async () => {
  await relay.close()
})

test('Northwind comes from Postgres into OPFS and onto the screen, equal to the relay’s, and is there after a reload', async ({
  browser,
}) => {
  await firstLight(browser, relay)
})

test('what another program writes to Postgres is on the screen without a reload', async ({ browser }) => {
  const page = await (await browser.newContext()).newPage()
  await page.goto(relay.url)
  await expect(page.getByTestId('stock-3')).toContainText('13 in stock')
  await relay.query('UPDATE products SET units_in_stock = 11 WHERE id = 3')
  await expect(page.getByTestId('stock-3')).toContainText('11 in stock')
  await page.context().close()
})

test('an order placed without a network survives a reload, then is in Postgres and on another device', async ({
  browser,
}) => {
  const { there, close } = await orderOffline(browser, relay.url, async () => {
    expect(await relay.query('SELECT units_in_stock FROM products WHERE id = 2')).toBe('17')
  })
  await there.getByRole('link', { name: 'Orders' }).click()
  await expect(there.locator('[data-order]')).toHaveCount(831)
  expect(
    await relay.query(`SELECT p.units_in_stock, l.quantity, o.customer_id, (SELECT count(*) FROM orders)
      FROM orders o JOIN order_lines l ON l.order_id = o.id JOIN products p ON p.id = l.product_id
      WHERE p.id = 2 AND o.number = (SELECT max(number) FROM orders)`),
  ).toBe('16|1|ANATR|831')
  // Applied once, by one client's one transaction.
  expect(await relay.query('SELECT count(*), count(DISTINCT client_id), max(mid) FROM rockpool.tx')).toBe('1|1|1')
  await close()
})
