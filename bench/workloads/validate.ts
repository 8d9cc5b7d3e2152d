import { check, fill, quantile, type Workload } from './workload.ts'

/**
 * Queries that are checked while they are typed, each another text, so that
 * neither a plan nor a statement is there already; every third has a wrong name.
 */
export const validate: Workload = {
  prepare: fill,
  async run(adapter, { calls }) {
    const took: number[] = []
    for (let at = 0; at < calls; at++) {
      const isWrong = at % 3 === 2
      const column = isWrong ? 'nmae' : 'name'
      const began = performance.now()
      const problems = await adapter.validate?.(
        `SELECT id, ${column} AS n${at} FROM t WHERE grp = ? AND v > ${at} ORDER BY ${column}`,
      )
      took.push(performance.now() - began)
      check('problems', problems, isWrong ? 1 : 0)
    }
    return { p50: quantile(took, 0.5), p99: quantile(took, 0.99) }
  },
}
