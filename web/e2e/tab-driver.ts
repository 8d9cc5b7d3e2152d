/**
 * A tab that is used: it writes steadily, watches live queries and keeps a
 * record of every promise. `installDriver` runs in the page, so it takes
 * nothing from around it.
 */

import type { Page } from '@playwright/test'

/** How one write went. Times are milliseconds since 1970, 0 for not yet. */
export interface WriteRecord {
  readonly key: string
  readonly began: number
  ended: number
  /** "" while it pends, "done", or the error's kind. */
  outcome: string
  /** The key that an error of kind outcome_unknown named. */
  named: string
  /** "" while it pends, then how the server decided, or the error's kind. */
  confirmed: string
}

/** What a driven tab shows of itself. */
export interface TabReport {
  readonly role: string
  readonly database: string
  readonly error: string
  readonly writes: readonly WriteRecord[]
  /** When reads of this tab were answered. */
  readonly reads: readonly number[]
  /** Kinds of errors that reads ended with. */
  readonly failedReads: readonly string[]
  /** When health has first said so, by kind. */
  readonly told: Readonly<Record<string, number>>
  /** Every state of the tab so far: when, its role, its database's state. */
  readonly states: readonly string[]
  /** What each live query shows: a number. */
  readonly live: readonly number[]
}

/** What `window.driver` does. */
export interface Driver {
  /** Writes every `everyMillis`, and keeps `inFlight` more in flight all the time. */
  start(everyMillis: number, inFlight: number): void
  stop(): void
  /** Repeats with their keys the writes whose outcome is unknown; resolves when all of them are done. */
  retry(): Promise<void>
  /** Forgets what was told so far. */
  forgetTold(): void
  report(): TabReport
}

declare global {
  interface Window {
    driver: Driver
  }
}

/** The tables a driven tab needs: every write inserts an entry and adds one to the counter. */
export const DRIVER_SCHEMA = `tables:
  entries:
    key: [id]
    columns:
      id: { type: text, not_null: true }
      tab: { type: text }
  counters:
    key: [id]
    columns:
      id: { type: integer, not_null: true }
      n: { type: integer, conflict: delta }
`
/** The same for Postgres, with the rows below, and the relay's file. */
export const DRIVER_POSTGRES = {
  sql: `CREATE TABLE entries (id text PRIMARY KEY, tab text);
CREATE TABLE counters (id int PRIMARY KEY, n int);
INSERT INTO counters VALUES (1, 0);`,
  config: `auth: { anonymous: true }
tables:
  entries: { read: true, write: true }
  counters: { read: true, write: true, conflict: { columns: { n: delta } } }
`,
}
/** The rows that they begin with. */
export const DRIVER_ROWS = { counters: [{ id: 1, n: 0 }], entries: [] }

/** Opens the database in a page and installs the driver. */
export async function drive(
  page: Page,
  options: { readonly name: string; readonly tab: string; readonly build?: number },
): Promise<void> {
  await page.evaluate(async ({ name, tab, build }) => {
    const db = await window.rockpool.open({ name, build: build ?? 0, relay: { url: window.relayUrl }, timeout: 60_000 })
    await Promise.all([db.sync.subscribe('entries').ready, db.sync.subscribe('counters').ready])

    const writes: WriteRecord[] = []
    const reads: number[] = []
    const failedReads: string[] = []
    const told: Record<string, number> = {}
    let isRunning = false,
      serial = 0,
      timer = 0

    const states: string[] = []
    const note = () => {
      const { role, database } = db.health.get()
      const state = `${role} ${database}`
      if (states.at(-1)?.endsWith(state) !== true) states.push(`${Date.now()} ${state}`)
      const kind = db.health.get().error?.kind
      if (kind !== undefined) told[kind] ??= Date.now()
    }
    db.health.subscribe(note)

    const kindOf = (thrown: unknown) => (thrown instanceof window.rockpool.RockpoolError ? thrown.kind : String(thrown))
    const send = async (key: string, record: WriteRecord) => {
      const write = db.execute(
        [
          { type: 'insert', table: 'entries', data: { id: key, tab } },
          { type: 'increment', table: 'counters', data: { id: 1, n: 1 } },
        ],
        { idempotencyKey: key },
      )
      write.confirmed.then(
        ({ status }) => {
          record.confirmed = status
        },
        (thrown: unknown) => {
          record.confirmed = kindOf(thrown)
        },
      )
      try {
        await write
        record.outcome = 'done'
      } catch (thrown) {
        record.outcome = kindOf(thrown)
        record.named = thrown instanceof window.rockpool.RockpoolError ? thrown.idempotencyKey : ''
      }
      record.ended = Date.now()
    }
    const writeOne = () => {
      const record: WriteRecord = {
        key: `${tab}-${serial++}`,
        began: Date.now(),
        ended: 0,
        outcome: '',
        named: '',
        confirmed: '',
      }
      writes.push(record)
      return send(record.key, record)
    }
    const keepOneInFlight = async () => {
      while (isRunning) {
        await writeOne()
        if (writes.at(-1)?.outcome !== 'done') await new Promise((resolve) => setTimeout(resolve, 20)) // errors may come at once, and the page needs its turns
      }
    }
    const readOn = async () => {
      while (isRunning) {
        try {
          await db.query('select count(*) from entries where tab = ?', [tab])
          reads.push(Date.now())
        } catch (thrown) {
          failedReads.push(kindOf(thrown))
        }
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }

    const live = [
      'select count(*) as n from entries',
      'select n from counters where id = 1',
      'select count(distinct tab) as n from entries',
      'select max(n) as n from counters',
      'select sum(length(id) > 0) as n from entries',
    ].map((text) => {
      const query = db.live({ sql: text })
      query.each(() => {})
      return query
    })

    window.driver = {
      start: (everyMillis, inFlight) => {
        isRunning = true
        timer = window.setInterval(() => {
          void writeOne()
        }, everyMillis)
        for (let i = 0; i < inFlight; i++) void keepOneInFlight()
        void readOn()
      },
      stop: () => {
        isRunning = false
        clearInterval(timer)
      },
      retry: async () => {
        for (const record of writes) while (record.outcome === 'outcome_unknown') await send(record.named, record)
      },
      forgetTold: () => {
        for (const kind of Object.keys(told)) delete told[kind]
      },
      report: () => ({
        role: db.health.get().role,
        database: db.health.get().database,
        error: db.health.get().error?.kind ?? '',
        writes,
        reads,
        failedReads,
        told,
        states,
        live: live.map((query) => Number((query.get().rows[0] as { n?: unknown } | undefined)?.n ?? -1)),
      }),
    }
  }, options)
}

/** What the page's driver reports now. */
export function reportOf(page: Page): Promise<TabReport> {
  return page.evaluate(() => window.driver.report())
}
