/** One browser context behind a network of its own, with the lab's page: what a person with a device sees and does. */

import type { Browser, Page } from '@playwright/test'
import type { Confirmation, Conflict, Database, DatabaseOperation, Rollback, SyncStats } from '@rockpool/client'
import { NetworkProxy } from './proxy.ts'

/** What a page was called with, in order. */
export interface Calls {
  readonly conflicts: readonly Plain<Conflict>[]
  readonly rollbacks: readonly Rollback[]
  readonly rounds: readonly SyncStats[]
}

/** A snapshot as it leaves the page: without its methods. */
export type Plain<T> = { readonly [K in keyof T as T[K] extends (...args: never[]) => unknown ? never : K]: T[K] }

/** How a write ended at the source. */
export type Ending =
  | { readonly status: Confirmation['status']; readonly kind?: undefined }
  | { readonly status: 'refused'; readonly kind: string }

declare global {
  interface Window {
    device: {
      db: Database
      calls: { conflicts: Plain<Conflict>[]; rollbacks: Rollback[]; rounds: SyncStats[] }
      /** The rows of the tables under test as a live query shows them, by table. */
      screen: Record<string, readonly object[]>
      endings: Promise<Ending>[]
    }
  }
}

/** A device of the tests: a page, and the network between it and the relay. */
export class Device {
  readonly page: Page
  readonly proxy: NetworkProxy

  private constructor(page: Page, proxy: NetworkProxy) {
    this.page = page
    this.proxy = proxy
  }

  /** Opens a database on a new context, follows the tables, and waits until their rows are on the screen. */
  static async open(browser: Browser, relay: string, tables: readonly string[]): Promise<Device> {
    const proxy = await NetworkProxy.open(relay)
    const page = await (await browser.newContext()).newPage()
    await page.goto(proxy.url)
    await page.evaluate(
      async (names) => {
        const db = await window.rockpool.open({ name: 'lab', relay: { url: window.relayUrl } })
        const device: Window['device'] = {
          db,
          calls: { conflicts: [], rollbacks: [], rounds: [] },
          screen: {},
          endings: [],
        }
        window.device = device
        db.conflicts.onConflict((conflict) => {
          device.calls.conflicts.push(structuredClone({ ...conflict, resolve: undefined, dismiss: undefined }))
        })
        db.outbox.onRollback((rollback) => {
          device.calls.rollbacks.push(structuredClone(rollback))
        })
        db.sync.on('round', (stats) => {
          device.calls.rounds.push(stats)
        })
        await Promise.all(names.map((name) => db.sync.subscribe(name).ready))
        await Promise.all(
          names.map((name) => {
            const live = db.live(db.from(name).select('*'))
            live.each((rows) => {
              device.screen[name] = rows
            })
            return live.ready
          }),
        )
      },
      [...tables],
    )
    return new Device(page, proxy)
  }

  /** Takes the network away and waits until the page knows. */
  async goOffline(): Promise<void> {
    this.proxy.cut()
    await this.page.waitForFunction(() => window.device.db.health.get().socket !== 'open')
  }

  /** Gives the network back, and waits until everything that waited is settled and the relay's head is here. */
  async goOnline(): Promise<void> {
    this.proxy.resume()
    await this.page.evaluate(() => window.device.db.sync.now())
  }

  /** A forced round: afterwards this device has seen all that was committed before it. */
  async sync(): Promise<void> {
    await this.page.evaluate(() => window.device.db.sync.now())
  }

  /** Writes one transaction; returns its number among this device's writes. Resolves when it is durable here. */
  async write(...operations: readonly DatabaseOperation[]): Promise<number> {
    return this.page.evaluate(
      async (list) => {
        const write = window.device.db.execute(list)
        const ending = write.confirmed.then(
          ({ status }) => ({ status }),
          (error: unknown) => ({
            status: 'refused' as const,
            kind: error instanceof window.rockpool.RockpoolError ? error.kind : String(error),
          }),
        )
        await write
        return window.device.endings.push(ending) - 1
      },
      [...operations],
    )
  }

  /** How a write ended at the source. */
  async ending(write: number): Promise<Ending> {
    return this.page.evaluate(
      async (at) => (await window.device.endings[at]) ?? { status: 'refused' as const, kind: 'no such write' },
      write,
    )
  }

  /** A row of a table as it is on the screen, or null. */
  async row(table: string, id: string): Promise<object | null> {
    return this.page.evaluate(
      ([name, key]) => window.device.screen[name]?.find((row) => 'id' in row && row.id === key) ?? null,
      [table, id] as const,
    )
  }

  /** What the page was called with so far. */
  async calls(): Promise<Calls> {
    return this.page.evaluate(() => window.device.calls)
  }

  /** What the rounds since the last call added up to. */
  async counts(): Promise<SyncStats> {
    return this.page.evaluate(() => {
      const sum = { updated: 0, conflicts: 0 }
      for (const round of window.device.calls.rounds.splice(0)) {
        sum.updated += round.updated
        sum.conflicts += round.conflicts
      }
      return sum
    })
  }

  /** The kept conflicts, as db.conflicts.list() has them. */
  async conflicts(): Promise<readonly Plain<Conflict>[]> {
    return this.page.evaluate(async () =>
      (await window.device.db.conflicts.list()).map((one) =>
        structuredClone({ ...one, resolve: undefined, dismiss: undefined }),
      ),
    )
  }

  /** Settles a conflict as a person would. */
  async resolve(id: number, choice: 'mine' | 'theirs' | Readonly<Record<string, unknown>>): Promise<void> {
    await this.page.evaluate(
      async ([at, how]) => {
        const conflict = (await window.device.db.conflicts.list()).find((one) => one.id === at)
        if (conflict === undefined) throw new Error(`there is no conflict ${at}`)
        await conflict.resolve(how)
      },
      [id, choice] as const,
    )
  }

  async close(): Promise<void> {
    await this.page.context().close()
    await this.proxy.close()
  }
}
