import { expect, test } from '@playwright/test'
import puppeteer, { type Page } from 'puppeteer-core'
import { NetworkProxy } from '../proxy.ts'
import { startShop, startShopOnPostgres } from '../rockpool.ts'

/** The system's Firefox, which speaks WebDriver BiDi; Playwright drives builds of its own only. */
const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr'

/** Waits until an element's text holds `wanted`. */
function expectText(page: Page, selector: string, wanted: string): Promise<void> {
  return expect
    .poll(() => page.evaluate((one) => document.querySelector(one)?.textContent ?? '', selector), { message: selector })
    .toContain(wanted)
}

function expectCount(page: Page, selector: string, count: number): Promise<void> {
  return expect
    .poll(() => page.evaluate((one) => document.querySelectorAll(one).length, selector), { message: selector })
    .toBe(count)
}

function launch(extraPrefsFirefox: Record<string, unknown> = {}) {
  return puppeteer.launch({
    browser: 'firefox',
    executablePath: FIREFOX,
    headless: true,
    extraPrefsFirefox,
    // Root has no user namespaces to sandbox in, so the content sandbox is off, as Chromium's is.
    env: { ...process.env, MOZ_DISABLE_CONTENT_SANDBOX: '1' },
  })
}

test('Firefox: an order placed without a network survives a reload, then is in Postgres and on another device', async () => {
  test.setTimeout(180_000)
  const relay = await startShopOnPostgres()
  const proxy = await NetworkProxy.open(relay.url)
  const firefox = await launch()
  try {
    const there = await (await firefox.createBrowserContext()).newPage()
    await there.goto(relay.url)
    await expectText(there, '[data-testid=stock-1]', '39 in stock')
    const page = await firefox.newPage()
    await page.goto(proxy.url)
    await expectCount(page, '[data-product]', 77)
    await expectText(page, '[data-testid=stock-1]', '39 in stock')
    const files = await page.evaluate(async () => {
      const names: string[] = []
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('rockpool')
      for await (const name of (folder as unknown as { keys(): AsyncIterable<string> }).keys()) names.push(name)
      await navigator.serviceWorker.ready
      return names
    })
    expect(files).toContain('shop')

    proxy.cut()
    await expectText(page, '[data-testid=connection]', 'Offline')
    await page.click('aria/Add Chai to the basket')
    await page.select('aria/Customer', 'ALFKI')
    await page.click('aria/Place order')
    await expectText(page, '[data-testid=order-status]', 'kept on this device')
    await page.reload()
    await expectText(page, '[data-testid=stock-1]', '38 in stock')
    await expectText(page, '[data-testid=pending]', '1')

    proxy.resume()
    await expectText(page, '[data-testid=connection]', 'Live')
    await expectCount(page, '[data-testid=pending]', 0)
    await expectText(page, '[data-testid=stock-1]', '38 in stock')
    await expectText(there, '[data-testid=stock-1]', '38 in stock')
    expect(
      await relay.query(`SELECT p.units_in_stock, l.quantity, o.customer_id, (SELECT count(*) FROM orders)
        FROM orders o JOIN order_lines l ON l.order_id = o.id JOIN products p ON p.id = l.product_id
        WHERE p.id = 1 AND o.number = (SELECT max(number) FROM orders)`),
    ).toBe('38|1|ALFKI|831')
  } finally {
    await firefox.close()
    await proxy.close()
    await relay.close()
  }
})

test('Firefox: a private window, which has no storage that lasts, is told so, and may work in memory', async () => {
  test.setTimeout(120_000)
  const relay = await startShop()
  const firefox = await launch({ 'browser.privatebrowsing.autostart': true })
  try {
    const page = await firefox.newPage()
    await page.goto(`${relay.url}/lab/`)
    const opened = await page.evaluate(async () => {
      const open = async (storage: 'opfs' | 'memory') => {
        try {
          const db = await window.rockpool.open({ name: 'private', storage })
          const rows = await db.query('SELECT 1 AS n')
          await db.close()
          return { rows }
        } catch (error) {
          const { kind, hint } = error as InstanceType<typeof window.rockpool.RockpoolError>
          return { kind, hint }
        }
      }
      return { opfs: await open('opfs'), memory: await open('memory') }
    })
    expect(opened).toEqual({
      opfs: { kind: 'storage_unavailable', hint: expect.stringContaining("storage: 'memory'") as unknown },
      memory: { rows: [{ n: 1 }] },
    })
  } finally {
    await firefox.close()
    await relay.close()
  }
})
