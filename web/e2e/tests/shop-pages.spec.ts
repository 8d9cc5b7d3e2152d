/** The shop's pages on the embedded relay: what they find and show, by mouse, keyboard and phone, by day and by night. */

import { type Browser, expect, type Page, test } from '@playwright/test'
import { NetworkProxy } from '../proxy.ts'
import { type Relay, startShop } from '../rockpool.ts'

let relay: Relay
test.beforeAll(async () => {
  relay = await startShop()
})
test.afterAll(async () => {
  await relay.close()
})

async function openShop(page: Page, url = relay.url): Promise<void> {
  await page.goto(url)
  await expect(page.locator('[data-product]')).toHaveCount(77)
}

test('the catalogue is searched by product and supplier, and filtered by category', async ({ page }) => {
  await openShop(page)
  const search = page.getByRole('searchbox')
  const names = page.locator('[data-product] h3')
  await search.fill('chai')
  await expect(names).toHaveText(['Chai'])
  await search.fill('TOKYO TRADERS')
  await expect(names).toHaveText(['Ikura', 'Longlife Tofu', 'Mishi Kobe Niku'])
  await page.getByRole('button', { name: 'Seafood' }).click()
  await expect(names).toHaveText(['Ikura'])
  await search.fill('%')
  await expect(page.getByText('Nothing matches.')).toBeVisible()
  await search.fill('')
  await expect(names).toHaveCount(12)
  await page.getByRole('button', { name: 'Everything' }).click()
  await expect(names).toHaveCount(77)
})

test('customers have their numbers of orders, and an order its lines', async ({ page }) => {
  await openShop(page)
  await page.getByRole('link', { name: 'Customers' }).click()
  const rows = page.getByRole('table', { name: 'Customers' }).getByRole('row')
  await expect(rows).toHaveCount(92)
  await expect(rows.filter({ hasText: 'Alfreds' }).getByRole('cell').last()).toHaveText('6')
  await page.getByRole('link', { name: 'Orders' }).click()
  await page.locator('[data-order]').filter({ hasText: '10248' }).click()
  for (const name of ['Queso Cabrales', 'Singaporean Hokkien Fried Mee', 'Mozzarella di Giovanni'])
    await expect(page.getByRole('main')).toContainText(name)
})

/** Presses Tab until the element has the focus. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let presses = 0; presses < 300; presses++) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`the keyboard does not get to ${selector}`)
}

test('an order by the keyboard alone', async ({ page }) => {
  await openShop(page)
  const stock = page.getByTestId('stock-1')
  const before = Number.parseInt((await stock.textContent()) ?? '', 10)
  await tabTo(page, '.skip')
  await page.keyboard.press('Enter')
  await expect(page.locator('#main')).toBeFocused()
  await tabTo(page, '[type=search]')
  await page.keyboard.type('chai')
  await expect(page.locator('[data-product]')).toHaveCount(1)
  await tabTo(page, '[data-product="1"] button')
  await page.keyboard.press('Enter')
  await tabTo(page, '.basket select')
  await page.keyboard.type('Alfreds')
  await tabTo(page, '.basket [type=submit]')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('order-status')).toContainText('kept on this device')
  await expect(stock).toContainText(`${before - 1} in stock`)
  await tabTo(page, '.tabs a[href="#/orders"]')
  await page.keyboard.press('Enter')
  await expect(page.locator('[data-order]')).toHaveCount(831)
})

/** Two devices behind networks of their own, each with the bare page beside the shop, on the shop's database. */
async function devices(browser: Browser, count: number) {
  const open = async () => {
    const proxy = await NetworkProxy.open(relay.url)
    const context = await browser.newContext()
    const shop = await context.newPage()
    await openShop(shop, proxy.url)
    const bare = await context.newPage()
    await bare.goto(`${proxy.url}/lab/`)
    return {
      proxy,
      shop,
      /** Resolves when the row is on the device, and with `isConfirmed` at the relay too. */
      update: (data: Record<string, string | number>, isConfirmed = false) =>
        bare.evaluate(
          async ({ data, isConfirmed }) => {
            const db = await window.rockpool.open({ name: 'shop', relay: { url: window.relayUrl } })
            const write = db.execute([{ type: 'update', table: 'customers', data }])
            await (isConfirmed ? write.confirmed : write)
          },
          { data, isConfirmed },
        ),
      close: async () => {
        await context.close()
        await proxy.close()
      },
    }
  }
  return Promise.all(Array.from({ length: count }, open))
}

test('two addresses of one customer: the shop says that it needs a person, and lets one decide', async ({
  browser,
}) => {
  test.slow() // four pages
  const [mine, theirs] = await devices(browser, 2)
  if (mine === undefined || theirs === undefined) throw new Error('two devices')
  mine.proxy.cut()
  await expect(mine.shop.getByTestId('connection')).toHaveText('Offline')
  await mine.update({ id: 'ANTON', contact: 'Mine' })
  await expect(mine.shop.getByTestId('pending')).toHaveText('1 to send')
  await theirs.update({ id: 'ANTON', contact: 'Theirs' }, true)
  mine.proxy.resume()
  await expect(mine.shop.getByTestId('conflicts')).toHaveText('1 needs you')
  await mine.shop.getByTestId('conflicts').click()
  const row = mine.shop.getByRole('row', { name: /contact/ })
  await expect(row).toContainText('Mine')
  await expect(row).toContainText('Theirs')
  await mine.shop.getByRole('button', { name: 'Keep theirs' }).click()
  await expect(mine.shop.getByTestId('conflicts')).toHaveCount(0)
  await mine.shop.getByRole('link', { name: 'Customers' }).click()
  await expect(mine.shop.getByRole('row').filter({ hasText: 'Antonio Moreno' })).toContainText('Theirs')
  await mine.close()
  await theirs.close()
})

test('the last units are sold twice: the order that is not accepted is shown, and can be given up', async ({
  browser,
}) => {
  test.slow() // as above
  const [first, second] = await devices(browser, 2)
  if (first === undefined || second === undefined) throw new Error('two devices')
  for (const { shop, proxy } of [first, second]) {
    proxy.cut()
    await expect(shop.getByTestId('connection')).toHaveText('Offline')
    await expect(shop.getByTestId('stock-21')).toContainText('3 in stock')
    for (let unit = 0; unit < 3; unit++)
      await shop
        .getByRole('button', { name: 'Add Sir Rodney’s Scones' })
        .or(shop.getByRole('button', { name: "Add Sir Rodney's Scones" }))
        .click()
    await shop.getByLabel('Customer').selectOption('BERGS')
    await shop.getByRole('button', { name: 'Place order' }).click()
    await expect(shop.getByTestId('order-status')).toContainText('kept on this device')
  }
  first.proxy.resume()
  await expect(first.shop.getByTestId('pending')).toHaveCount(0)
  second.proxy.resume()
  await expect(second.shop.getByTestId('refused')).toHaveText('1 not accepted')
  await expect(second.shop.getByTestId('stock-21')).toContainText('Sold out')
  await second.shop.reload()
  await second.shop.getByTestId('refused').click()
  const refused = second.shop.getByRole('region', { name: 'Not accepted' }).getByRole('article')
  await expect(refused).toContainText(/Order of Berglunds snabbköp, 1 line.*stock_not_negative/)
  await refused.getByRole('button', { name: 'Give up' }).click()
  await expect(second.shop.getByTestId('refused')).toHaveCount(0)
  await expect(refused).toHaveCount(0)
  await expect(first.shop.getByTestId('refused')).toHaveCount(0)
  await first.close()
  await second.close()
})

/** WCAG's AA for text: 4.5 to 1, for large text 3 to 1. */
async function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })
    if (canvas === null) throw new Error('no canvas')
    /** The colour that paints over `under` leave. */
    const mix = (colours: readonly string[]): number[] => {
      canvas.clearRect(0, 0, 1, 1)
      for (const colour of colours) {
        canvas.fillStyle = colour
        canvas.fillRect(0, 0, 1, 1)
      }
      return [...canvas.getImageData(0, 0, 1, 1).data]
    }
    const luminance = (colour: readonly number[]) => {
      const [r = 0, g = 0, b = 0] = colour.map((part) =>
        part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
      )
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const faint = new Set<string>()
    for (const element of document.querySelectorAll<HTMLElement>('body *')) {
      const text = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim())
      if (!text || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue
      if (element.closest('.visually-hidden, .skip, :disabled')) continue
      const under: string[] = []
      for (let at: HTMLElement | null = element; at !== null; at = at.parentElement)
        under.unshift(getComputedStyle(at).backgroundColor)
      const style = getComputedStyle(element)
      const back = mix(['white', ...under])
      const fore = mix([`rgb(${back.slice(0, 3).join(' ')})`, style.color])
      const [light, dark] = [luminance(fore), luminance(back)].sort((a, b) => b - a) as [number, number]
      const size = Number.parseFloat(style.fontSize)
      const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5
      const ratio = (light + 0.05) / (dark + 0.05)
      if (ratio < needed) faint.add(`${element.tagName}.${element.className}: ${ratio.toFixed(2)}`)
    }
    return [...faint]
  })
}

for (const width of [390, 1280])
  for (const scheme of ['light', 'dark'] as const)
    test(`every page fits the screen and can be read, ${width} pixels, ${scheme}`, async ({ browser }, info) => {
      test.slow() // every page
      const page = await (
        await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, reducedMotion: 'reduce' })
      ).newPage()
      await openShop(page)
      const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
      expect(paper).toBe(scheme === 'light' ? 'rgb(246, 243, 236)' : 'rgb(15, 23, 22)')
      for (const [name, heading] of [
        ['', 'Catalogue'],
        ['orders', 'Orders'],
        ['customers', 'Customers'],
        ['conflicts', 'Needs you'],
      ]) {
        await page.goto(`${relay.url}/#/${name}`)
        await expect(page.getByRole('heading', { level: 1 })).toHaveText(heading ?? '')
        expect(await page.evaluate(() => document.documentElement.scrollWidth), heading).toBeLessThanOrEqual(width)
        expect(await faintTexts(page), heading).toEqual([])
        await page.screenshot({ path: info.outputPath(`shop-${heading}-${width}-${scheme}.png`) })
      }
      await page.context().close()
    })

test('it is an app that can be installed', async ({ page }) => {
  await openShop(page)
  const link = await page.locator('link[rel=manifest]').getAttribute('href')
  const manifest = (await (await page.request.get(new URL(link ?? '', relay.url).href)).json()) as {
    name: string
    start_url: string
    display: string
    icons: readonly { src: string; type: string }[]
  }
  expect(manifest).toMatchObject({ name: 'Northwind Counter', display: 'standalone' })
  for (const icon of manifest.icons)
    expect((await page.request.get(new URL(icon.src, relay.url).href)).headers()['content-type']).toContain(icon.type)
  const scope = await page.evaluate(async () => (await navigator.serviceWorker.ready).scope)
  expect(new URL(manifest.start_url, relay.url).href.startsWith(scope)).toBe(true)
})
