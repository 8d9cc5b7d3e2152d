import { expect, test, type BrowserContext, type Page } from '@playwright/test'
import { openProfile, profileFolder } from '../profile.ts'
import { rounds } from '../random.ts'
import { startLab, startLabWithFailpoints, type Relay } from '../rockpool.ts'
import { drive, DRIVER_ROWS, DRIVER_SCHEMA, reportOf } from '../tab-driver.ts'

/** Milliseconds within which every promise settles and reads are answered again. */
const SETTLE_MS = 5_000

/** Runs with a relay, and a profile on disk: without one, files are the browser's memory, behind slow messages. */
async function withRelay(
  start: typeof startLab,
  run: (context: BrowserContext, relay: Relay) => Promise<void>,
): Promise<void> {
  const relay = await start(DRIVER_SCHEMA, DRIVER_ROWS)
  const folder = profileFolder()
  const context = await openProfile(folder.path)
  try {
    await run(context, relay)
  } finally {
    await context.close()
    folder.remove()
    await relay.close()
  }
}

async function openTab(context: BrowserContext, relay: Relay, tab: string, build = 0): Promise<Page> {
  const page = await context.newPage()
  await page.goto(relay.url)
  await drive(page, { name: 'shared', tab, build })
  return page
}

/** The Worker that a page runs. */
function workerOf(page: Page) {
  const [worker] = page.workers().filter((one) => one.url().includes('/entry-'))
  if (worker === undefined) throw new Error('the page runs no Worker')
  return worker
}

/** Ends the Worker of two busy tabs `times` times; each time every promise settles, and in the end each write is there once. */
async function workerEnds(
  browserContext: BrowserContext,
  relay: Relay,
  times: number,
  end: (leader: Page) => Promise<void>,
): Promise<void> {
  const leader = await openTab(browserContext, relay, 'leader')
  const follower = await openTab(browserContext, relay, 'follower')
  const pages = [leader, follower]
  expect((await reportOf(leader)).role).toBe('leader')
  for (let time = 0; time < times; time++) {
    const before = Date.now()
    for (const page of pages)
      await page.evaluate(() => {
        window.driver.start(50, 4)
      })
    for (const page of pages)
      await expect
        .poll(
          async () =>
            (await reportOf(page)).writes.filter((write) => write.began >= before && write.outcome === 'done').length,
        )
        .toBeGreaterThan(10)
    const worker = workerOf(leader)
    const gone = new Promise<void>((resolve) => {
      worker.once('close', () => {
        resolve()
      })
    })
    const at = Date.now()
    await end(leader)
    await gone
    for (const page of pages)
      await expect
        .poll(async () => (await reportOf(page)).reads.filter((read) => read > at + 100).length, {
          message: 'reads after the death',
        })
        .toBeGreaterThan(3)
    for (const page of pages)
      await page.evaluate(() => {
        window.driver.stop()
      })
    for (const page of pages) {
      await expect
        .poll(async () => (await reportOf(page)).writes.filter((write) => write.outcome === '').length, {
          message: 'promises that pend',
        })
        .toBe(0)
      const { writes, reads, states } = await reportOf(page)
      const recent = writes.filter((write) => write.began >= before)
      expect(
        recent.filter((write) => write.began < at && write.ended >= at).length,
        'writes in flight',
      ).toBeGreaterThan(0)
      expect(
        recent.filter(
          (write) => write.outcome !== 'done' && (write.outcome !== 'outcome_unknown' || write.named !== write.key),
        ),
      ).toEqual([])
      expect(
        Math.max(...recent.map((write) => write.ended - Math.max(write.began, at))),
        `the slowest write, in milliseconds: ${states.join(', ')}`,
      ).toBeLessThan(SETTLE_MS)
      expect(
        (reads.find((read) => read > at + 100) ?? Number.POSITIVE_INFINITY) - at,
        'milliseconds until it read again',
      ).toBeLessThan(SETTLE_MS)
      await page.evaluate(() => window.driver.retry())
    }
  }
  const all = (await Promise.all(pages.map(async (page) => (await reportOf(page)).writes.length))).reduce(
    (sum, count) => sum + count,
  )
  for (const page of pages) {
    expect((await reportOf(page)).role).toBe(page === leader ? 'leader' : 'follower')
    await expect
      .poll(async () => (await reportOf(page)).writes.filter((write) => write.confirmed !== 'applied').length, {
        message: 'writes that are not confirmed',
      })
      .toBe(0)
    await expect
      .poll(async () => (await reportOf(page)).live, { message: 'live queries' })
      .toEqual([all, all, 2, all, all])
  }
}

test('the Worker ends without a word, and another goes on from what is stored', async () => {
  await withRelay(startLab, async (context, relay) => {
    await workerEnds(context, relay, rounds(5, 2), async (leader) => {
      // As the browser ends one that it has no memory for: no event reaches the page.
      await workerOf(leader).evaluate(() => {
        self.close()
      })
    })
  })
})

test('Go panics, and another Worker goes on from what is stored', async () => {
  await withRelay(startLabWithFailpoints, async (context, relay) => {
    await workerEnds(context, relay, rounds(5, 2), async (leader) => {
      await workerOf(leader).evaluate(() => {
        Object.assign(globalThis, { rockpoolPanic: true })
      })
    })
  })
})

test('of two builds the newer takes over, and the older is told to reload', async () => {
  await withRelay(startLab, async (context, relay) => {
    const old = await openTab(context, relay, 'old', 1)
    const alsoOld = await openTab(context, relay, 'alsoOld', 1)
    for (const page of [old, alsoOld])
      await page.evaluate(() => {
        window.driver.start(50, 2)
      })
    for (const page of [old, alsoOld])
      await expect
        .poll(async () => (await reportOf(page)).writes.filter((write) => write.outcome === 'done').length)
        .toBeGreaterThan(5)

    const fresh = await openTab(context, relay, 'fresh', 2)
    await fresh.evaluate(() => {
      window.driver.start(50, 2)
    })
    await expect.poll(async () => (await reportOf(fresh)).role).toBe('leader')
    let done = 0
    for (const page of [old, alsoOld]) {
      await expect.poll(async () => (await reportOf(page)).error).toBe('reload_needed')
      await page.evaluate(() => {
        window.driver.stop()
      })
      await expect
        .poll(async () => (await reportOf(page)).writes.filter((write) => write.outcome === '').length)
        .toBe(0)
      const { writes, database, role } = await reportOf(page)
      expect([database, role]).toEqual(['closed', 'none'])
      expect(writes.filter((write) => !['done', 'outcome_unknown', 'reload_needed'].includes(write.outcome))).toEqual(
        [],
      )
      done += writes.filter((write) => write.outcome === 'done').length
    }
    // A tab of the old build that opens now is told the same.
    const late = await context.newPage()
    await late.goto(relay.url)
    const refused = await late.evaluate(() =>
      window.rockpool.open({ name: 'shared', build: 1, relay: { url: window.relayUrl } }).then(
        () => null,
        (error: { kind: string; hint: string }) => ({ kind: error.kind, hint: error.hint }),
      ),
    )
    expect(refused).toEqual({ kind: 'reload_needed', hint: 'reload this page' })

    await fresh.evaluate(() => {
      window.driver.stop()
    })
    await expect.poll(async () => (await reportOf(fresh)).writes.filter((write) => write.outcome === '').length).toBe(0)
    const rows = await fresh.evaluate(async () => {
      const db = await window.rockpool.open({ name: 'shared', build: 2, relay: { url: window.relayUrl } })
      return (
        await db.query<{ n: number; entries: number }>(
          'select n, (select count(*) from entries) as entries from counters where id = 1',
        )
      )[0]
    })
    expect(rows?.n, 'the counter').toBe(rows?.entries)
    expect(rows?.entries ?? 0, 'what the old tabs wrote is there').toBeGreaterThanOrEqual(done)

    // Reloaded, the old page is of the new build.
    await old.reload()
    await drive(old, { name: 'shared', tab: 'reloaded', build: 2 })
    await expect.poll(async () => (await reportOf(old)).role).toBe('follower')
  })
})
