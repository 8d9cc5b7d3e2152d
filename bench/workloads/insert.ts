import { longestTurn } from './turns.ts'
import { check, rowsOf, type Workload } from './workload.ts'

/** The large table in one transaction, from rows that are on the page: once for its time, once more with the page's turns watched. */
export const insert: Workload = {
  prepare: (adapter) => adapter.fresh(),
  async run(adapter, { rows }) {
    const values = rowsOf(rows)
    const began = performance.now()
    await adapter.insertMany(values)
    const ms = performance.now() - began
    const [found] = await adapter.all('SELECT count(*) AS n, sum(grp) AS groups, max(name) AS name FROM t', [])
    check('rows', found?.n, rows)
    await adapter.fresh()
    const longestTask = await longestTurn(() => adapter.insertMany(values))
    return { ms, longestTask }
  },
}
