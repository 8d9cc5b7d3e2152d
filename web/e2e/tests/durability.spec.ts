import { expect, test, type BrowserContext, type Page } from '@playwright/test'
import { killBrowser, killRenderer, openProfile, profileFolder, rendererOf } from '../profile.ts'
import { firstSeed, rounds, seeded } from '../random.ts'
import { startLab, type Relay } from '../rockpool.ts'

/** How often the page's process is killed, and the whole browser. */
const RENDERER_KILLS = rounds(30, 8)
const BROWSER_KILLS = rounds(5, 2)

/** Rows that each transaction writes. */
const PARTS = 3
/** Acknowledgements and milliseconds after them at which a kill may come, at most. */
const ACKS_MAX = 40
const DELAY_MAX = 30

let relay: Relay
test.beforeAll(async () => {
  relay = await startLab(`tables:
  entries:
    key: [id]
    columns:
      id: { type: text, not_null: true }
      n: { type: integer }
`)
})
test.afterAll(async () => {
  await relay.close()
})

/** Which transactions were reported, and who waits for one. */
class Reports {
  readonly acknowledged = new Set<number>()
  #waiting: { count: number; resolve: () => void } | undefined
  #fresh = 0

  report(n: number): void {
    this.acknowledged.add(n)
    this.#fresh++
    if (this.#waiting !== undefined && this.#fresh >= this.#waiting.count) this.#waiting.resolve()
  }

  /** Resolves when so many more have been reported. */
  more(count: number): Promise<void> {
    this.#fresh = 0
    return new Promise((resolve) => {
      this.#waiting = { count, resolve }
    })
  }
}

/** Opens the page with its database, as a person would after a crash. */
async function openPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  await page.goto(relay.url)
  await page.evaluate(async () => {
    const db = await window.rockpool.open({ name: 'kept', relay: { url: window.relayUrl } })
    await db.sync.subscribe('entries').ready
  })
  return page
}

/** Writes transactions one by one, from `first` on, and reports each once it is acknowledged. It ends with the page. */
function write(page: Page, first: number): void {
  page
    .evaluate(
      async ({ first, parts }) => {
        const db = await window.rockpool.open({ name: 'kept', relay: { url: window.relayUrl } })
        for (let n = first; ; n++) {
          const rows = Array.from({ length: parts }, (_, part) => ({
            type: 'insert' as const,
            table: 'entries',
            data: { id: `${n}/${part}`, n },
          }))
          await db.execute(rows)
          await (window as unknown as { acknowledged(n: number): Promise<void> }).acknowledged(n)
        }
      },
      { first, parts: PARTS },
    )
    .catch(() => {}) // it is killed
}

/** Everything that was reported is there, nothing is there in part, and the file is sound. */
async function check(page: Page, reports: Reports): Promise<number> {
  const { groups, integrity } = await page.evaluate(async () => {
    const db = await window.rockpool.open({ name: 'kept', relay: { url: window.relayUrl } })
    return {
      groups: await db.query<{ n: number; parts: number }>('select n, count(*) as parts from entries group by n'),
      integrity: await db.query('pragma integrity_check'),
    }
  })
  const found = new Set(groups.map(({ n }) => n))
  expect(
    [...reports.acknowledged].filter((n) => !found.has(n)),
    'acknowledged and lost',
  ).toEqual([])
  expect(
    groups.filter(({ parts }) => parts !== PARTS),
    'there in part',
  ).toEqual([])
  expect(integrity).toEqual([{ integrity_check: 'ok' }])
  return Math.max(0, ...found)
}

/** Gets ready to kill a page or its browser, so that the kill itself comes at its moment; it returns the context to go on with. */
type Aim = (context: BrowserContext, page: Page, folder: string) => Promise<() => Promise<BrowserContext>>

/** Kills at `kills` seeded moments, with a check after each, and compares with the relay in the end. */
async function killAgainAndAgain(kills: number, seed: number, aim: Aim): Promise<void> {
  const random = seeded(seed)
  const folder = profileFolder()
  const reports = new Reports()
  const watched = async (context: BrowserContext) => {
    await context.exposeBinding('acknowledged', (_, n: number) => {
      reports.report(n)
    })
    return context
  }
  let context = await watched(await openProfile(folder.path))
  try {
    for (let round = 0; round < kills; round++) {
      const page = await openPage(context)
      const last = await check(page, reports)
      const kill = await aim(context, page, folder.path)
      const acks = 1 + random(ACKS_MAX),
        delay = random(DELAY_MAX)
      const due = reports.more(acks)
      write(page, last + 1)
      await due
      await new Promise((resolve) => setTimeout(resolve, delay)) // the seeded moment itself
      const next = await kill()
      if (next !== context) context = await watched(next)
    }
    const page = await openPage(context)
    await check(page, reports)
    const rows = await page.evaluate(async () => {
      const db = await window.rockpool.open({ name: 'kept', relay: { url: window.relayUrl } })
      await db.sync.now()
      return db.query<{ id: string }>('select id from entries order by id')
    })
    const other = await context.browser()?.newContext()
    if (other === undefined) throw new Error('the browser has ended')
    const fresh = await openPage(other as BrowserContext)
    await expect
      .poll(
        () =>
          fresh.evaluate(async () => {
            const db = await window.rockpool.open({ name: 'kept', relay: { url: window.relayUrl } })
            return db.query<{ id: string }>('select id from entries order by id')
          }),
        { message: 'what the relay has' },
      )
      .toEqual(rows)
    console.log(`seed ${seed}: ${kills} kills, ${reports.acknowledged.size} transactions acknowledged, none lost`)
  } catch (error) {
    throw new Error(`with ROCKPOOL_SEED=${seed}`, { cause: error })
  } finally {
    await context.close()
    folder.remove()
  }
}

test('what was acknowledged outlives the death of the page’s process', async () => {
  test.setTimeout(60_000 + RENDERER_KILLS * 15_000)
  await killAgainAndAgain(RENDERER_KILLS, firstSeed(), async (context, page) => {
    const pid = await rendererOf(page)
    return async () => {
      await killRenderer(page, pid)
      await page.close()
      return context
    }
  })
})

test('what was acknowledged outlives the death of the browser', async () => {
  test.setTimeout(60_000 + BROWSER_KILLS * 30_000)
  await killAgainAndAgain(BROWSER_KILLS, firstSeed() + 1, (context, _page, folder) =>
    Promise.resolve(async () => {
      await killBrowser(context, folder)
      return openProfile(folder)
    }),
  )
})
