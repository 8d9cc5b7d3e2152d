import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, expect, test, type Page } from '@playwright/test'
import config from '../playwright.config.ts'
import { openProfile, profileFolder } from '../profile.ts'
import { startLab, type Relay } from '../rockpool.ts'

let relay: Relay
test.beforeAll(async () => {
  relay = await startLab(`tables:
  notes:
    key: [id]
    columns:
      id: { type: integer, not_null: true }
      body: { type: text }
`)
})
test.afterAll(async () => {
  await relay.close()
})

interface Refusal {
  readonly kind: string
  readonly hint: string
}

/** Opens a database as the test says, and answers how that failed; one that opens is queried. */
function opening(page: Page, storage: 'opfs' | 'memory'): Promise<Refusal | { readonly rows: readonly object[] }> {
  return page.evaluate(async (storage) => {
    try {
      const db = await window.rockpool.open({ name: 'refused', storage })
      const rows = await db.query('SELECT 1 AS n')
      await db.close()
      return { rows }
    } catch (error) {
      const { kind, hint } = error as InstanceType<typeof window.rockpool.RockpoolError>
      return { kind, hint }
    }
  }, storage)
}

test('an insecure page is told to use https, and may work in memory', async () => {
  const { args = [], ...options } = config.use?.launchOptions ?? {}
  const browser = await chromium.launch({
    ...options,
    args: [...args, '--host-resolver-rules=MAP plain.test 127.0.0.1'],
  })
  const page = await browser.newPage()
  await page.goto(relay.url.replace('127.0.0.1', 'plain.test'))
  const refusal = await opening(page, 'opfs')
  expect(refusal).toMatchObject({ kind: 'storage_unavailable' })
  expect(refusal).toHaveProperty('hint', expect.stringContaining('https'))
  expect(await opening(page, 'memory')).toEqual({ rows: [{ n: 1 }] })
  await browser.close()
})

test('a site whose data is blocked is told so, and may work in memory', async () => {
  const profile = profileFolder()
  mkdirSync(join(profile.path, 'Default'))
  const blocked = { profile: { default_content_setting_values: { cookies: 2 } } }
  writeFileSync(join(profile.path, 'Default/Preferences'), JSON.stringify(blocked))
  const context = await openProfile(profile.path)
  const page = await context.newPage()
  await page.goto(relay.url)
  expect(await opening(page, 'opfs')).toMatchObject({
    kind: 'storage_unavailable',
    hint: expect.stringContaining("storage: 'memory'") as unknown,
  })
  expect(await opening(page, 'memory')).toEqual({ rows: [{ n: 1 }] })
  await context.close()
  profile.remove()
})

// Chromium tells a full disk in different ways: a profile's files throw, a private window's answer a number.
for (const where of ['a profile', 'a private window'] as const)
  test(`a full disk refuses a write, keeps what was acknowledged, and ends with more room: ${where}`, async ({
    browser,
  }) => {
    const profile = profileFolder()
    const context = where === 'a profile' ? await openProfile(profile.path) : await browser.newContext()
    const page = await context.newPage()
    await page.goto(relay.url)
    const session = await context.newCDPSession(page)
    const setQuota = (bytes?: number) =>
      session.send('Storage.overrideQuotaForOrigin', {
        origin: relay.url,
        ...(bytes === undefined ? {} : { quotaSize: bytes }),
      })
    await page.evaluate(async () => {
      const db = await window.rockpool.open({ name: 'full' })
      Object.assign(window, { db })
      await db.query('CREATE TABLE mine(id INTEGER PRIMARY KEY, body TEXT)')
    })
    const { usage } = await session.send('Storage.getUsageAndQuota', { origin: relay.url })
    await setQuota(usage + (8 << 20))
    const filled = await page.evaluate(async () => {
      const { db } = window as unknown as { db: Awaited<ReturnType<typeof window.rockpool.open>> }
      let acknowledged = 0
      for (let row = 1; row <= 100; row++) {
        try {
          await db.query('INSERT INTO mine VALUES (?, ?)', [row, 'x'.repeat(1 << 20)])
          acknowledged = row
        } catch (error) {
          const { kind, hint } = error as InstanceType<typeof window.rockpool.RockpoolError>
          const [kept] = await db.query<{ n: number; top: number }>('SELECT count(*) AS n, max(id) AS top FROM mine')
          return { acknowledged, kept, kind, hint }
        }
      }
      return { acknowledged }
    })
    expect(filled).toMatchObject({ kind: 'quota_exceeded', hint: expect.stringContaining('storage') as unknown })
    expect(filled.acknowledged).toBeGreaterThan(0)
    expect(filled.kept).toEqual({ n: filled.acknowledged, top: filled.acknowledged })
    await setQuota()
    const after = await page.evaluate(async () => {
      const { db } = window as unknown as { db: Awaited<ReturnType<typeof window.rockpool.open>> }
      await db.query('INSERT INTO mine VALUES (?, ?)', [1000, 'there is room again'])
      const [{ n } = { n: 0 }] = await db.query<{ n: number }>('SELECT count(*) AS n FROM mine')
      const check = await db.query('PRAGMA integrity_check')
      await db.close()
      return { n, check }
    })
    expect(after).toEqual({ n: filled.acknowledged + 1, check: [{ integrity_check: 'ok' }] })
    await context.close()
    profile.remove()
  })
