import type { Adapter } from '../adapters/adapter.ts'
import { longestTurn } from './turns.ts'
import { check, fill, type Size, type Workload } from './workload.ts'

/** Reads a query into plain objects: once for its time, once more with the page's turns watched. */
function read(sql: string, want: (size: Size) => number): Workload {
  const once = async (adapter: Adapter, size: Size) => {
    const rows = await adapter.all(sql, [])
    check('rows', rows.length, want(size))
  }
  return {
    prepare: fill,
    async run(adapter, size) {
      const began = performance.now()
      await once(adapter, size)
      const ms = performance.now() - began
      const longestTask = await longestTurn(() => once(adapter, size))
      return { ms, longestTask }
    },
  }
}

/** The whole large table. */
export const readAll = read('SELECT id, name, v, grp FROM t', ({ rows }) => rows)

/** The whole large table in another order than any index has. */
export const sort = read('SELECT id, name, v, grp FROM t ORDER BY name DESC', ({ rows }) => rows)

/** A hundred groups of the large table. */
export const groupBy = read(
  'SELECT grp, count(*) AS n, sum(v) AS total, max(name) AS last FROM t GROUP BY grp',
  () => 100,
)
