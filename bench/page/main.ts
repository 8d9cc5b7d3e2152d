/** The page that is measured: run.mjs drives it through `window.bench`. */

import type { Adapter } from '../adapters/adapter.ts'
import { durableEight, durableSerial } from '../workloads/durable.ts'
import { insert } from '../workloads/insert.ts'
import { liveList, liveScan } from '../workloads/live.ts'
import { points } from '../workloads/points.ts'
import { groupBy, readAll, sort } from '../workloads/read.ts'
import { validate } from '../workloads/validate.ts'
import { fill, type Sample, type Size, type Workload } from '../workloads/workload.ts'

const contenders: Readonly<Record<string, () => Promise<Adapter>>> = {
  rockpool: async () => new (await import('../adapters/rockpool.ts')).Rockpool('local'),
  'rockpool-synced': async () => new (await import('../adapters/rockpool.ts')).Rockpool('synced'),
  'sqlite-wasm': async () => new (await import('../adapters/sqlite-wasm.ts')).SqliteWasm(),
}

const workloads: Readonly<Record<string, Workload>> = {
  insert,
  durableSerial,
  durableEight,
  readAll,
  sort,
  groupBy,
  points,
  validate,
  liveList,
  liveScan,
}

/** How long a page is up that a later one finds the database of: browsers and libraries put off what can wait. */
const VISIT_MS = 8_000

const open = new Map<string, Promise<Adapter>>()

async function make(name: string): Promise<Adapter> {
  const adapter = await contenders[name]?.()
  if (adapter === undefined) throw new Error(`there is no contender ${name}`)
  await adapter.open()
  return adapter
}

function adapterOf(name: string): Promise<Adapter> {
  let found = open.get(name)
  if (found === undefined) {
    found = make(name)
    open.set(name, found)
  }
  return found
}

/** What run.mjs calls. */
const bench = {
  /** Makes an outbox without a network (bench/sync). */
  outbox: async (count: number): Promise<Sample> => (await import('./sync.ts')).outbox(count),

  /** A first sync, and the engine alone. */
  firstSync: async (name: string, rows: number): Promise<Sample> => (await import('./sync.ts')).firstSync(name, rows),

  /** Follows what commit.mjs writes. */
  follow: async (url: string): Promise<void> => (await import('./sync.ts')).follow(url),

  /** When a row was seen. */
  seen: async (id: number): Promise<number> => (await import('./sync.ts')).seen(id),

  /** Drains it. */
  drain: async (count: number): Promise<Sample> => (await import('./sync.ts')).drain(count),

  /** Opens a contender and says what it is. */
  async describe(name: string): Promise<{ version: string; durability: string }> {
    const { version, durability } = await adapterOf(name)
    return { version, durability }
  },

  /** Runs a workload once. */
  async run(workload: string, contender: string, size: Size): Promise<Sample> {
    const work = workloads[workload]
    if (work === undefined) throw new Error(`there is no workload ${workload}`)
    const adapter = await adapterOf(contender)
    await work.prepare(adapter, size)
    await new Promise((rested) => setTimeout(rested, size.rest))
    ;(globalThis as { gc?: () => void }).gc?.()
    return work.run(adapter, size)
  },

  /** Fills the large table, stays as long as a short visit, and closes, so that `firstRow` of a later page finds it. */
  async leave(contender: string, size: Size): Promise<void> {
    const adapter = await adapterOf(contender)
    await fill(adapter, size)
    await new Promise((left) => setTimeout(left, VISIT_MS))
    await adapter.close()
    open.delete(contender)
  },

  /** Opens what is stored and reads one row: milliseconds since this page's navigation began, and since this call. */
  async firstRow(contender: string): Promise<Sample> {
    const began = performance.now()
    const adapter = await make(contender)
    const [row] = await adapter.all('SELECT id, name, v, grp FROM t WHERE id = ?', [500])
    const now = performance.now()
    if (row?.id !== 500) throw new Error('the row is not there')
    await adapter.close()
    return { ms: now, opening: now - began }
  },
}

declare global {
  interface Window {
    bench: typeof bench
  }
}
window.bench = bench
