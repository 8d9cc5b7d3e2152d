import { expect, test, type Page } from '@playwright/test'
import { startLab, type Relay } from '../rockpool.ts'

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

/** Milliseconds for which a long step holds the Worker, so that nothing else is answered. */
const HELD_MS = 500
/** Milliseconds after an abort within which it answers again. */
const FREE_MS = 2_000

/** Aborts a step that would take minutes, and tells how the Worker did before and after. */
function abortInside(page: Page, sql: string) {
  return page.evaluate(
    async ({ sql, heldMs }) => {
      const db = await window.rockpool.open({ name: 'long', relay: { url: window.relayUrl } })
      await db.query('CREATE TABLE IF NOT EXISTS mine(n)')
      const stop = new AbortController()
      const long = db.query(sql, [], { signal: stop.signal }).then(
        () => 'it ended',
        (error: { kind: string }) => error.kind,
      )
      const other = db.query<{ n: number }>('SELECT count(*) AS n FROM mine')
      const before = await Promise.race([
        Promise.race([long, other]).then(() => 'answered'),
        new Promise((resolve) => setTimeout(resolve, heldMs, 'held')), // the length of the hold itself
      ])
      const at = performance.now()
      stop.abort()
      const kind = await long
      const rows = await other
      const after = performance.now() - at
      const role = db.health.get().role
      return { before, kind, rows, after, role }
    },
    { sql, heldMs: HELD_MS },
  )
}

const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000000000)'

test('an abort ends a read and a write inside one long step, of the leading tab and of another', async ({
  context,
}) => {
  const leader = await context.newPage()
  const follower = await context.newPage()
  for (const [page, role] of [
    [leader, 'leader'],
    [follower, 'follower'],
  ] as const) {
    await page.goto(relay.url)
    for (const sql of [`${ENDLESS} SELECT count(*) FROM n`, `${ENDLESS} INSERT INTO mine SELECT count(*) FROM n`]) {
      const { before, kind, rows, after, role: was } = await abortInside(page, sql)
      expect.soft([was, before, kind, rows], sql).toEqual([role, 'held', 'cancelled', [{ n: 0 }]])
      expect.soft(after, `milliseconds until the Worker answered again, after ${sql}`).toBeLessThan(FREE_MS)
    }
  }
})
