import type { Adapter, ListQuery, PlainRow } from '../adapters/adapter.ts'
import { check, fill, quantile, type Sample, type Size, type Workload } from './workload.ts'

/** Rows of the list. */
const ROWS = 50

/** 1,000 of 100,000 rows match, and an index has them in order. */
const indexed: ListQuery = { column: 'grp', op: '=', value: 7, order: 'v', limit: ROWS }

/** Half of all rows match, and no index helps: who runs it again reads and sorts them. */
const scanned: ListQuery = { column: 'grp', op: '<', value: 50, order: 'name', limit: ROWS }

/**
 * A list of 50 rows is followed; single rows are updated one after the other,
 * half of them in the list. Milliseconds from the page's call to the callback
 * that has the row; `write` is a durable update beside the list, `beside` counts
 * the callbacks for those.
 */
function live(list: ListQuery): Workload {
  return {
    async prepare(adapter, size) {
      await fill(adapter, size)
      await adapter.index('by_grp', ['grp', 'v'])
    },
    async run(adapter: Adapter, { calls }: Size): Promise<Sample> {
      const updates = Math.max(10, calls / 5)
      let rows: readonly PlainRow[] = []
      let wake: () => void = () => {}
      let callbacks = 0
      const stop = await adapter.follow(list, (now) => {
        rows = now
        callbacks++
        wake()
      })
      while (rows.length < ROWS) await new Promise<void>((woken) => (wake = woken))
      const latencies: number[] = []
      const writes: number[] = []
      let beside = 0
      for (let at = 0; at < updates; at++) {
        const isIn = at % 2 === 0
        const id = isIn ? Number(rows[(at * 7) % ROWS]?.id) : 99 + 100 * (at % 40) // group 99 is in neither list
        const before = callbacks
        const weight = at + Math.random()
        const began = performance.now()
        const written = adapter.update(
          id,
          list.order === 'v' ? 'name' : 'v',
          list.order === 'v' ? `name ${weight}` : weight,
        )
        if (isIn) {
          const isShown = () => rows.some((row) => row.id === id && (row.v === weight || row.name === `name ${weight}`))
          while (!isShown()) await new Promise<void>((woken) => (wake = woken))
          latencies.push(performance.now() - began)
        }
        await written
        if (!isIn) {
          writes.push(performance.now() - began)
          await new Promise((turn) => setTimeout(turn, 5)) // a callback that is on its way comes
          beside += callbacks - before
        }
      }
      stop()
      check('updates seen', latencies.length, Math.ceil(updates / 2))
      return {
        p50: quantile(latencies, 0.5),
        p95: quantile(latencies, 0.95),
        max: quantile(latencies, 1),
        write: quantile(writes, 0.5),
        beside,
      }
    },
  }
}

/** The list by an index. */
export const liveList = live(indexed)

/** The list without one. */
export const liveScan = live(scanned)
