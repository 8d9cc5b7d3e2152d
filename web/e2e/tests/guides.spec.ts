import { readFileSync } from 'node:fs'
import { expect, test, type Page } from '@playwright/test'
import type { Checked } from '../guides/check.ts'
import { startGuide, type Relay } from '../rockpool.ts'

// Each guide's program runs from its top to its end on a database of its own.

const start = readFileSync(new URL('../../../docs/start.md', import.meta.url), 'utf8')
const schema = block('yaml')
const rows = JSON.parse(block('json')) as Record<string, readonly object[]>

function block(language: string): string {
  const text = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(start)?.[1]
  if (text === undefined) throw new Error(`docs/start.md has no ${language} block`)
  return text
}

let relay: Relay
const problems: string[] = []
test.beforeEach(async ({ page }) => {
  relay = await startGuide(schema, rows)
  problems.length = 0
  page.on('pageerror', (error) => problems.push(String(error)))
})
test.afterEach(async () => {
  await relay.close()
  expect(problems).toEqual([])
})

async function open(page: Page, guide: string): Promise<void> {
  await page.goto(`${relay.url}/?guide=${guide}`)
}

for (const guide of ['queries', 'models', 'writes', 'sync', 'errors', 'clients', 'generate', 'supabase']) {
  test(`docs/${guide}.md says what is so`, async ({ page }) => {
    await open(page, guide)
    const ended = () => window.checked?.at(-1)?.expected === 'end'
    await page.waitForFunction(ended, undefined, { timeout: 30_000 }).catch(async () => {
      const last = await page.evaluate(() => window.checked?.at(-1))
      throw new Error(`docs/${guide}.md stopped after line ${last?.line}: ${problems.join('; ') || 'it hangs'}`)
    })
    const checked: readonly Checked[] = await page.evaluate(() => window.checked)
    expect(checked.length).toBeGreaterThan(4)
    for (const { line, got, expected } of checked) expect(got, `docs/${guide}.md, line ${line}`).toEqual(expected)
  })
}

test('docs/start.md: the app shows its rows, and a star is on both screens', async ({ page, context }) => {
  await open(page, 'start')
  const other = await context.newPage()
  await open(other, 'start')
  await expect(page.getByRole('listitem')).toHaveText([/Write to Ada \(5\)/, /Water the plants \(2\)/])
  await page.getByRole('button', { name: 'Star Write to Ada' }).click()
  await expect(page.getByText('Write to Ada (6)')).toBeVisible()
  await expect(other.getByText('Write to Ada (6)')).toBeVisible()
})

test('docs/react.md: every hook and component does what is said', async ({ page }) => {
  await open(page, 'react')
  await expect(page.getByRole('list', { name: 'Titles' }).getByRole('listitem')).toHaveText([
    'Water the plants',
    'Buy bread',
  ])
  await expect(page.getByText('Open, open')).toBeVisible()
  await expect(page.getByText('3 todos')).toBeVisible()
  await page.getByRole('button', { name: 'Add (idle)' }).click()
  await expect(page.getByRole('button', { name: 'Add (accepted)' })).toBeVisible()
  await expect(page.getByText('4 todos')).toBeVisible()
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await expect(page.getByText('4 found')).toBeVisible()
  await expect(page.getByLabel('Timing')).toHaveText(/^4 rows in \d+\.\d ms$/)
  await expect(page.getByRole('list', { name: 'How it runs' })).toHaveText(/Reads every row of todos: \d/)
  await page.getByRole('button', { name: 'Star the plants' }).click()
  await expect(page.getByRole('log')).toHaveText('1 applied')
  await page.getByRole('button', { name: 'Sync now' }).click()
  await expect(page.getByRole('log')).toHaveText(/updated, 0 conflicts/)
  await page.getByRole('button', { name: 'Close' }).click()
  await expect(page.getByText('Closed')).toBeVisible()
  await page.getByRole('button', { name: 'Open' }).click()
  await expect(page.getByText('4 todos')).toBeVisible()
  // The next visit has no Worker to ask: what it shows is what was kept.
  await expect(page.getByLabel('Stars', { exact: true })).toHaveText(/^[1-9]\d* stars$/)
  const stars = await page.getByLabel('Stars', { exact: true }).textContent()
  await page.route(/worker|core|engine/, () => {})
  await page.reload()
  await expect(page.getByLabel('Stars', { exact: true })).toHaveText(stars ?? '')
  await expect(page.getByLabel('Stars', { exact: true })).toHaveAttribute('aria-busy', 'true')
})
