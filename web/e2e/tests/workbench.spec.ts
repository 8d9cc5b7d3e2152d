/** Every component of @rockpool/react on the real Worker: the workbench, beside the shop on the embedded relay. */

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

/** A workbench behind a network of its own, on which nothing may go wrong that nobody catches. */
async function openWorkbench(browser: Browser) {
  const proxy = await NetworkProxy.open(relay.url)
  const page = await (await browser.newContext()).newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/ERR_|WebSocket/.test(message.text())) problems.push(message.text())
  })
  await page.goto(`${proxy.url}/workbench/`)
  await expect(page.getByText('The database is open.')).toBeVisible()
  await inStep(page)
  return {
    page,
    proxy,
    problems,
    callbacks: page.getByRole('region', { name: 'What was called' }).locator('pre'),
    close: async () => {
      await page.context().close()
      await proxy.close()
    },
  }
}

async function inStep(page: Page): Promise<void> {
  const sync = page.getByTestId('cache-sync')
  await expect(sync.getByRole('status')).toHaveText('In step')
  await expect(sync.getByRole('progressbar')).toHaveCount(0)
}

/** Tabs on until the wanted element has the focus. */
async function tabTo(page: Page, isThere: () => Promise<boolean>): Promise<void> {
  for (let presses = 0; presses < 200; presses++) {
    if (await isThere()) return
    await page.keyboard.press('Tab')
  }
  throw new Error('the keyboard does not get there')
}

const isFocused = (page: Page, name: string) => () =>
  page.evaluate((wanted) => (document.activeElement?.textContent ?? '').trim() === wanted, name)

test('a query, by the keyboard: onQuery has its rows', async ({ browser }) => {
  const bench = await openWorkbench(browser)
  const { page } = bench
  const builder = page.getByTestId('query-builder')
  await expect(builder.getByRole('checkbox', { name: 'name' })).toBeVisible()
  await tabTo(page, () => page.evaluate(() => document.activeElement?.parentElement?.textContent === 'name'))
  await page.keyboard.press('Space')
  await builder.getByLabel('Limit').focus()
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.type('2')
  await page.keyboard.press('Enter')
  await expect
    .poll(async () => JSON.parse((await page.getByTestId('query-result').textContent()) ?? ''))
    .toEqual([{ name: 'Chai' }, { name: 'Chang' }])
  await expect(builder.getByRole('status').filter({ hasText: 'SELECT' })).toBeVisible()
  await builder.getByLabel('Limit').fill('many')
  await builder.getByRole('button', { name: 'Run' }).click()
  await expect(bench.callbacks).toContainText('many is no number of rows')
  expect(bench.problems).toEqual([])
  await bench.close()
})

test('a transaction that applies, and one that is rolled back whole', async ({ browser }) => {
  const bench = await openWorkbench(browser)
  const { page } = bench
  const transaction = page.getByTestId('transaction-manager')
  const run = transaction.getByRole('button', { name: 'Run transaction' })
  await tabTo(page, isFocused(page, 'Run transaction'))
  await page.keyboard.press('Enter')
  await expect(transaction.getByRole('status')).toHaveText('Accepted by the server')
  await expect(bench.callbacks).toContainText('"name":"Chai"')
  const ordered = async () => Number(/"units_on_order":(\d+)/.exec((await bench.callbacks.textContent()) ?? '')?.[1])
  const before = await ordered()

  await page.getByRole('combobox', { name: 'Transaction' }).selectOption('oversell')
  await run.click()
  await expect(transaction.getByRole('status')).toHaveText('Failed: nothing was changed')
  await expect(transaction.getByRole('alert')).toContainText('stock_not_negative')
  await expect(bench.callbacks).toContainText('rolled back')
  await expect(bench.callbacks).toContainText('failed:')

  await page.getByRole('combobox', { name: 'Transaction' }).selectOption('order')
  await run.click()
  await expect.poll(ordered).toBe(before + 1) // the first half of the other did not stay
  expect(bench.problems).toEqual([])
  await bench.close()
})

test('without a network: the outbox shows what waits; with it a round is counted, a conflict is shown and settled', async ({
  browser,
}) => {
  const mine = await openWorkbench(browser)
  const theirs = await openWorkbench(browser)
  const change = async ({ page }: typeof mine, contact: string) => {
    await page.getByRole('combobox', { name: 'Transaction' }).selectOption('contact')
    await page.getByLabel('Contact', { exact: true }).fill(contact)
    await page.getByRole('button', { name: 'Run transaction' }).click()
  }
  mine.proxy.cut()
  const status = mine.page.getByTestId('cache-sync').getByRole('status')
  await expect(status).toContainText('Offline')
  await change(mine, 'Mine')
  await expect(mine.page.getByTestId('transaction-manager').getByRole('status')).toHaveText('Kept on this device')
  await expect(status).toContainText('1 waiting to be sent')
  await expect(mine.page.getByRole('list', { name: 'Outbox' }).getByRole('listitem').last()).toContainText('durable')
  await change(theirs, 'Theirs')
  await expect(theirs.page.getByTestId('transaction-manager').getByRole('status')).toHaveText('Accepted by the server')

  mine.proxy.resume()
  const conflicts = mine.page.getByTestId('conflict-resolver')
  await expect(conflicts.getByRole('heading', { name: 'customers ALFKI' })).toBeVisible()
  await expect(conflicts.getByRole('row', { name: /contact/ })).toContainText('Mine')
  await expect(conflicts.getByRole('row', { name: /contact/ })).toContainText('Theirs')
  await expect(mine.callbacks).toContainText('conflict {"table":"customers","localData":')
  expect(await mine.callbacks.textContent()).toMatch(/"localData":\{[^}]*"Mine".*"remoteData":\{[^}]*"Theirs"/)

  await tabTo(mine.page, isFocused(mine.page, 'Keep mine'))
  await mine.page.keyboard.press('Enter')
  await expect(conflicts.getByRole('button', { name: 'Keep mine' })).toHaveCount(0)
  await expect(status).toHaveText('In step')
  await mine.page.getByRole('button', { name: 'Sync now' }).click()
  await expect(mine.callbacks).toContainText(/round \{"updated":\d+,"conflicts":1\}/)
  await theirs.page.getByRole('button', { name: 'Sync now' }).click()
  await expect(theirs.page.getByTestId('cache-sync')).toContainText('Last round:')
  const lab = await theirs.page.context().newPage() // another tab of their origin, on the same database
  await lab.goto(`${theirs.proxy.url}/lab/`)
  await expect
    .poll(() =>
      lab.evaluate(async () => {
        const db = await window.rockpool.open({ name: 'shop', relay: { url: window.relayUrl } })
        return db.query("SELECT contact FROM customers WHERE id = 'ALFKI'")
      }),
    )
    .toEqual([{ contact: 'Mine' }])
  expect([...mine.problems, ...theirs.problems]).toEqual([])
  await mine.close()
  await theirs.close()
})

test('health and lanes are shown; the database is closed and opened again by its button', async ({ browser }) => {
  const bench = await openWorkbench(browser)
  const { page } = bench
  const devtools = page.getByTestId('devtools')
  await expect(devtools).toContainText('Database: open, leader; relay: open')
  for (const lane of ['interactive', 'live', 'bulk']) await expect(devtools).toContainText(`Lane ${lane}`)
  await expect(devtools).toContainText('1 writer')
  await tabTo(page, isFocused(page, 'Disconnect'))
  await page.keyboard.press('Enter')
  await expect(page.getByText('The database is closed.')).toBeVisible()
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  await expect(page.getByText('The database is open.')).toBeVisible()
  await inStep(page)
  const transaction = page.getByTestId('transaction-manager')
  await transaction.getByRole('button', { name: 'Run transaction' }).click()
  await expect(transaction.getByRole('status')).toHaveText(/Accepted by the server|Failed/)
  await expect(transaction.getByRole('alert')).toHaveText([]) // what a failure says is in the report
  await expect(transaction.getByRole('status')).toHaveText('Accepted by the server')
  expect(bench.problems).toEqual([])
  await bench.close()
})

for (const width of [390, 1280])
  for (const scheme of ['light', 'dark'] as const)
    test(`nothing is wider than the screen, ${width} pixels, ${scheme}`, async ({ browser }, info) => {
      const page = await (await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme })).newPage()
      await page.goto(`${relay.url}/workbench/`)
      await inStep(page)
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
      await page.screenshot({ path: info.outputPath(`workbench-${width}-${scheme}.png`), fullPage: true })
      await page.context().close()
    })
