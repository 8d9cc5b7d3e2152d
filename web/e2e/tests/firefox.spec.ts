import { expect, test } from '@playwright/test'
import puppeteer, { type Page } from 'puppeteer-core'
import { NetworkProxy } from '../proxy.ts'
import { startShop } from '../rockpool.ts'

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

test('Firefox: an order placed without a network survives a reload and reaches the relay when it is back', async () => {
  test.setTimeout(180_000)
  const relay = await startShop()
  const proxy = await NetworkProxy.open(relay.url)
  // Root has no user namespaces to sandbox in, so the content sandbox is off, as Chromium's is.
  const firefox = await puppeteer.launch({
    browser: 'firefox',
    executablePath: FIREFOX,
    headless: true,
    env: { ...process.env, MOZ_DISABLE_CONTENT_SANDBOX: '1' },
  })
  try {
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
    const digest = (await (await fetch(`${relay.url}/digest?table=orders`)).json()) as {
      tables: { orders: { rows: number } }
    }
    expect(digest.tables.orders.rows, 'orders at the relay').toBe(831)
  } finally {
    await firefox.close()
    await proxy.close()
    await relay.close()
  }
})
