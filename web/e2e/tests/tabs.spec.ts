import { expect, test, type BrowserContext, type Page } from '@playwright/test'
import { killRenderer, openProfile, profileFolder, rendererOf, signal } from '../profile.ts'
import { firstSeed, rounds, seeded } from '../random.ts'
import { type PostgresRelay, type Relay, startLab, startLabOnPostgres } from '../rockpool.ts'
import {
  drive,
  DRIVER_POSTGRES,
  DRIVER_ROWS,
  DRIVER_SCHEMA,
  reportOf,
  type TabReport,
  type WriteRecord,
} from '../tab-driver.ts'

/** Leaders that each test kills or closes, one a seed. */
const ROUNDS = rounds(20, 2)
/** Times that a leader is frozen. */
const FREEZES = rounds(5, 1)
/** Milliseconds between a tab's writes: 20 a second. */
const EVERY_MS = 50
/** Writes of each tab that are under way at any time, beside those. */
const IN_FLIGHT = 2
/** Milliseconds within which every promise settles and a follower reads again. */
const SETTLE_MS = 5_000
/** Milliseconds that a leader may work before it dies, at most. */
const WORK_MS = 1_500

let relay: Relay
/** The relay's Postgres, in the tests whose title says so. */
let postgres: PostgresRelay | undefined
test.beforeEach(async () => {
  postgres = test.info().title.endsWith('on Postgres')
    ? await startLabOnPostgres(DRIVER_POSTGRES.sql, DRIVER_POSTGRES.config)
    : undefined
  relay = postgres ?? (await startLab(DRIVER_SCHEMA, DRIVER_ROWS))
})
test.afterEach(async () => {
  await relay.close()
})

/** A tab of the test. */
interface Tab {
  readonly name: string
  readonly page: Page
  readonly pid: number
}

async function openTab(context: BrowserContext, name: string): Promise<Tab> {
  const page = await context.newPage()
  page.on('console', (message) => {
    if (process.env.ROCKPOOL_CONSOLE === '1') console.log(name, message.text())
  })
  await page.goto(relay.url)
  await drive(page, { name: 'shared', tab: name })
  return { name, page, pid: await rendererOf(page) }
}

/** The leading tab and the others. */
async function byRole(tabs: readonly Tab[]): Promise<{ readonly leader: Tab; readonly followers: readonly Tab[] }> {
  const roles = await Promise.all(tabs.map(async ({ page }) => (await reportOf(page)).role))
  const [leader] = tabs.filter((_, at) => roles[at] === 'leader')
  expect(
    roles.filter((role) => role === 'leader'),
    'tabs that lead',
  ).toHaveLength(1)
  if (leader === undefined) throw new Error('no tab leads')
  return { leader, followers: tabs.filter((tab) => tab !== leader) }
}

/** What the relay has: keys of the entries, how many tabs wrote them, and the counter. */
interface Truth {
  readonly keys: readonly string[]
  readonly tabs: number
  readonly counter: number
}

/** Another device, which sees what the relay has. */
async function openObserver(context: BrowserContext): Promise<() => Promise<Truth>> {
  const browser = context.browser()
  if (browser === null) throw new Error('the browser has ended')
  const page = await (await browser.newContext()).newPage()
  await page.goto(relay.url)
  await page.evaluate(async () => {
    const db = await window.rockpool.open({ name: 'observer', relay: { url: window.relayUrl } })
    await Promise.all([db.sync.subscribe('entries').ready, db.sync.subscribe('counters').ready])
  })
  return () =>
    page.evaluate(async () => {
      const db = await window.rockpool.open({ name: 'observer', relay: { url: window.relayUrl } })
      const [row] = await db.query<{ keys: string; tabs: number; counter: number }>(
        'select json_group_array(id) as keys, count(distinct tab) as tabs, (select n from counters where id = 1) as counter from entries',
      )
      if (row === undefined) throw new Error('no row')
      return { ...row, keys: JSON.parse(row.keys) as string[] }
    })
}

const startAll = (tabs: readonly Tab[]) =>
  Promise.all(
    tabs.map(({ page }) =>
      page.evaluate(
        ({ every, more }) => {
          window.driver.start(every, more)
        },
        { every: EVERY_MS, more: IN_FLIGHT },
      ),
    ),
  )
const stopAll = (tabs: readonly Tab[]) =>
  Promise.all(
    tabs.map(({ page }) =>
      page.evaluate(() => {
        window.driver.stop()
      }),
    ),
  )

/** Waits until every promise of a tab has settled, and returns what it reports then. */
async function settled(tab: Tab): Promise<TabReport> {
  await expect
    .poll(async () => (await reportOf(tab.page)).writes.filter((write) => write.outcome === '').length, {
      message: `promises of ${tab.name} that pend`,
      timeout: 20_000,
    })
    .toBe(0)
  return reportOf(tab.page)
}

/**
 * Whether a write waited for the leader when it ended, which takes some milliseconds from `at` on. A tab has one in
 * flight always, but for the moment between one that ends and the next.
 */
const wasInFlight = (at: number) => (write: WriteRecord) => write.began <= at + 5 && write.ended >= at

/** What a follower owes its user when the leader has ended at `at`. Returns the keys that are done. */
function checkFollower(name: string, report: TabReport, at: number): string[] {
  const around = report.writes.filter((write) => Math.abs(write.began - at) < 100)
  expect(
    report.writes.filter(wasInFlight(at)).length,
    `writes of ${name} in flight at ${at}, of ${report.writes.length}: ${JSON.stringify(around)}; ${report.states.join(', ')}`,
  ).toBeGreaterThan(0)
  const bad = report.writes.filter(
    (write) => write.outcome !== 'done' && (write.outcome !== 'outcome_unknown' || write.named !== write.key),
  )
  expect(bad, `writes of ${name} that ended neither done nor unknown by their key`).toEqual([])
  const slowest = Math.max(...report.writes.map((write) => write.ended - Math.max(write.began, at)))
  expect(
    slowest,
    `milliseconds until the last write of ${name} settled; it ended at ${at}; ${report.states.join(', ')}`,
  ).toBeLessThan(SETTLE_MS)
  const again = report.reads.find((time) => time > at)
  expect((again ?? Number.POSITIVE_INFINITY) - at, `milliseconds until ${name} read again`).toBeLessThan(SETTLE_MS)
  return report.writes.map((write) => write.key)
}

/** Everything that was written is at the relay, once, and every tab shows it. */
async function checkWhole(
  atRelay: () => Promise<Truth>,
  tabs: readonly Tab[],
  keys: ReadonlySet<string>,
  maybe: ReadonlySet<string>,
): Promise<void> {
  const missing = async () => {
    const there = new Set((await atRelay()).keys)
    return [...keys].filter((key) => !there.has(key))
  }
  await expect.poll(missing, { message: 'acknowledged and not at the relay' }).toEqual([])
  for (const { name, page } of tabs) {
    await expect
      .poll(async () => (await reportOf(page)).writes.filter((write) => write.confirmed === '').length, {
        message: `.confirmed of ${name} that pend`,
      })
      .toBe(0)
    const refused = (await reportOf(page)).writes.filter(
      (write) => write.outcome === 'done' && write.confirmed !== 'applied' && write.confirmed !== 'merged',
    )
    expect(refused, `writes of ${name} that were done and not confirmed`).toEqual([])
  }
  const relayHas = await atRelay()
  expect(
    relayHas.keys.filter((key) => !keys.has(key) && !maybe.has(key)),
    'at the relay and written by nobody',
  ).toEqual([])
  expect(relayHas.counter, 'the counter that every write adds one to').toBe(relayHas.keys.length)
  if (postgres !== undefined) {
    const ids = await postgres.query('SELECT string_agg(id, \' \' ORDER BY id COLLATE "C") FROM entries')
    expect(ids.split(' '), 'in Postgres').toEqual([...relayHas.keys].sort())
    expect(await postgres.query('SELECT n FROM counters'), 'the counter in Postgres').toBe(String(relayHas.counter))
  }
  for (const { name, page } of tabs) {
    await expect
      .poll(async () => (await reportOf(page)).live, { message: `live queries of ${name}` })
      .toEqual([relayHas.keys.length, relayHas.counter, relayHas.tabs, relayHas.counter, relayHas.keys.length])
  }
}

/** Ends the leader of three busy tabs once a seed, and checks what the others saw. */
async function leadersEnd(context: BrowserContext, end: (leader: Tab) => Promise<void>): Promise<void> {
  const keys = new Set<string>(),
    maybe = new Set<string>()
  let tabs: Tab[] = []
  const atRelay = await openObserver(context)
  for (let round = 0; round < ROUNDS; round++) {
    const seed = firstSeed() + round
    const random = seeded(seed)
    while (tabs.length < 3) tabs.push(await openTab(context, `s${seed}t${tabs.length}`))
    expect(new Set(tabs.map((tab) => tab.pid)).size, 'processes of three tabs').toBe(3)
    const { leader, followers } = await byRole(tabs)
    const before = Date.now()
    await startAll(tabs)
    await new Promise((resolve) => setTimeout(resolve, 300 + random(WORK_MS))) // the seeded moment itself
    for (const write of (await reportOf(leader.page)).writes)
      if (write.outcome === 'done') keys.add(write.key)
      else maybe.add(write.key)
    const at = Date.now()
    await end(leader)
    tabs = tabs.filter((tab) => tab !== leader)
    await expect
      .poll(
        async () =>
          (
            await Promise.all(
              followers.map(async ({ page }) => (await reportOf(page)).reads.filter((time) => time > at).length),
            )
          ).every((count) => count > 3),
        { message: 'followers that read again' },
      )
      .toBe(true)
    await stopAll(followers)
    const settledIn: number[] = []
    let unknown = 0
    for (const follower of followers) {
      const report = await settled(follower)
      const recent = { ...report, writes: report.writes.filter((write) => write.began >= before) }
      for (const key of checkFollower(follower.name, recent, at)) keys.add(key)
      unknown += recent.writes.filter((write) => write.outcome === 'outcome_unknown').length
      settledIn.push(...recent.writes.filter(wasInFlight(at)).map((write) => write.ended - at))
      await follower.page.evaluate(() => window.driver.retry())
    }
    // What the old leader wrote after its report was read may be there or not.
    for (const key of (await atRelay()).keys) if (key.startsWith(leader.name + '-') && !keys.has(key)) maybe.add(key)
    await checkWhole(atRelay, tabs, keys, maybe)
    await byRole(tabs)
    if (process.env.ROCKPOOL_CONSOLE === '1')
      for (const { name, page } of tabs)
        console.log(
          name,
          at,
          (await reportOf(page)).states.filter((state) => Number(state.split(' ')[0]) > at).join(', '),
        )
    console.log(
      `seed ${seed}: ${settledIn.length} writes in flight settled within ${Math.max(...settledIn)} ms, ${unknown} of them unknown; ${keys.size} keys so far`,
    )
  }
}

async function withProfile(run: (context: BrowserContext) => Promise<void>): Promise<void> {
  test.setTimeout(60_000 + ROUNDS * 60_000)
  const folder = profileFolder()
  const context = await openProfile(folder.path)
  try {
    await run(context)
  } finally {
    await context.close()
    folder.remove()
  }
}

const kill = (leader: Tab) => killRenderer(leader.page, leader.pid)
const close = (leader: Tab) => leader.page.close()
const withoutSharedWorker = (context: BrowserContext) =>
  context.addInitScript(() => {
    Reflect.deleteProperty(window, 'SharedWorker')
  })

test('the leader’s process is killed', () => withProfile((context) => leadersEnd(context, kill)))
test('the leader’s process is killed, on Postgres', () => withProfile((context) => leadersEnd(context, kill)))
test('the leader is closed', () => withProfile((context) => leadersEnd(context, close)))
test('the leader’s process is killed, without SharedWorker', () =>
  withProfile(async (context) => {
    await withoutSharedWorker(context)
    await leadersEnd(context, kill)
  }))
test('the leader is closed, without SharedWorker', () =>
  withProfile(async (context) => {
    await withoutSharedWorker(context)
    await leadersEnd(context, close)
  }))

// A stopped process keeps the lock and the files, so nobody can take over: the
// others say so, keep what their users do, and go on when it does.
test('a leader that is frozen is told of, and everything goes on when it thaws', () =>
  withProfile(async (context) => {
    const keys = new Set<string>()
    const tabs: Tab[] = []
    for (const name of ['t0', 't1', 't2']) tabs.push(await openTab(context, name))
    const atRelay = await openObserver(context)
    for (let round = 0; round < FREEZES; round++) {
      const seed = firstSeed() + round
      const random = seeded(seed)
      const { leader, followers } = await byRole(tabs)
      await startAll(tabs)
      await new Promise((resolve) => setTimeout(resolve, 300 + random(WORK_MS))) // the seeded moment itself
      const at = Date.now()
      signal(leader.pid, 'SIGSTOP')
      try {
        for (const { name, page } of followers) {
          await expect
            .poll(async () => (await reportOf(page)).error, { message: `what ${name} says`, timeout: 10_000 })
            .toBe('leader_frozen')
          const { told } = await reportOf(page)
          expect((told.leader_frozen ?? 0) - at, `milliseconds until ${name} said so`).toBeLessThan(SETTLE_MS)
        }
        // Still frozen: what is written now waits, nobody else leads, and what was in flight has settled.
        await new Promise((resolve) => setTimeout(resolve, random(WORK_MS))) // the seeded length of the freeze
        for (const { name, page } of followers) {
          const { role, writes } = await reportOf(page)
          expect(role).toBe('follower')
          expect(
            writes.filter((write) => write.outcome === '' && write.began < at),
            `promises of ${name} from before`,
          ).toEqual([])
          expect(writes.filter((write) => write.outcome === '').length, `writes of ${name} that wait`).toBeGreaterThan(
            0,
          )
          const late = writes.filter((write) => write.began < at && write.ended > at + SETTLE_MS)
          expect(late, `writes of ${name} that took longer`).toEqual([])
        }
        const held = await followers[0]?.page.evaluate(
          async () => (await navigator.locks.query()).held?.filter((lock) => lock.name === 'rockpool:shared').length,
        )
        expect(held, 'owners of the files').toBe(1)
      } finally {
        signal(leader.pid, 'SIGCONT')
      }
      const thawed = Date.now()
      for (const { name, page } of followers)
        await expect
          .poll(async () => (await reportOf(page)).reads.some((time) => time > thawed), {
            message: `reads of ${name} after the thaw`,
          })
          .toBe(true)
      await stopAll(tabs)
      let unknown = 0
      for (const tab of tabs) {
        const report = await settled(tab)
        const bad = report.writes.filter(
          (write) => write.outcome !== 'done' && (write.outcome !== 'outcome_unknown' || write.named !== write.key),
        )
        expect(bad, `writes of ${tab.name} that ended neither done nor unknown by their key`).toEqual([])
        unknown += report.writes.filter((write) => write.outcome === 'outcome_unknown').length
        for (const write of report.writes) keys.add(write.key)
        await tab.page.evaluate(() => window.driver.retry())
      }
      await checkWhole(atRelay, tabs, keys, new Set())
      expect((await byRole(tabs)).leader, 'the leader after the thaw').toBe(leader)
      console.log(
        `seed ${seed}: frozen for ${thawed - at} ms, ${unknown} writes unknown and repeated; ${keys.size} keys so far`,
      )
      for (const { page } of tabs)
        await page.evaluate(() => {
          window.driver.forgetTold()
        })
    }
  }))
