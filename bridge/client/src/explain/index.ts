/** How a query will run, in plain words: an entry of its own, for tools. */

import type { AnyQuery, Tables } from '../builder/scope.ts'
import { identifier, isStatement } from '../builder/sql.ts'
import type { Database, QueryInput } from '../database.ts'
import type { Select } from '../gen/query.ts'
import type { Validated } from '../validation.ts'
import { advise, tablesOf, type Advice } from './advice.ts'
import { stepOf, type Step } from './steps.ts'

export type { Advice } from './advice.ts'

/** Rows of a table from which on reading all of it is worth an index. */
export const ROWS_WORTH_AN_INDEX = 200

/** A step, with what it costs. */
export interface Explained extends Step {
  /** How many rows the table has, for one that is read whole. */
  readonly rows?: number
}

/** What `explain` says. */
export interface Explanation extends Validated {
  readonly steps: readonly Explained[]
  /** Indexes that would help; of SQL text none, as only a built query says what it compares. */
  readonly advice: readonly Advice[]
}

/**
 * Checks a query as `validate` does, and says what its plan means: which tables are read whole and how many rows that is,
 * and which index would help. The query is not run; the rows of tables that it reads whole are counted.
 *
 * @example
 * const { steps, advice } = await explain(db, db.from('orders').where('status', '=', 'open'))
 * // steps[0].text is "Reads every row of orders: 138,398", advice[0].sql the CREATE INDEX
 */
export async function explain<DB extends Tables>(db: Database<DB>, query: QueryInput): Promise<Explanation> {
  const validated = await db.validate(query)
  const select = selectOf(query)
  const schema = db.schema.get()
  const names = select === null ? new Map<string, string>() : tablesOf(select)
  const known = (called: string) => names.get(called) ?? schema?.tables.find((one) => one.name === called)?.name
  const rows = new Map<string, number>()
  const plain = validated.plan.map(stepOf)
  for (const { kind, table } of plain) {
    const name = kind === 'scan' || kind === 'build' ? known(table) : undefined
    if (name !== undefined && !rows.has(name)) rows.set(name, await count(db, name))
  }
  const steps = plain.map((step) => {
    const n = step.kind === 'scan' || step.kind === 'build' ? rows.get(known(step.table) ?? '') : undefined
    return n === undefined ? step : { ...step, rows: n, text: `${step.text}: ${n.toLocaleString('en')}` }
  })
  const isWorth = (table: string) => (rows.get(table) ?? 0) >= ROWS_WORTH_AN_INDEX
  const advice = select === null || schema === null ? [] : advise(select, plain, schema, isWorth)
  return {
    ...validated,
    steps,
    advice: advice.filter((one, at) => advice.findIndex(({ sql }) => sql === one.sql) === at),
  }
}

function selectOf(query: QueryInput): Select | null {
  return 'ast' in query && !isStatement(query) ? (query as AnyQuery).ast : null
}

async function count<DB extends Tables>(db: Database<DB>, table: string): Promise<number> {
  const [row] = await db.query<{ n: number }>(`SELECT count(*) AS n FROM ${identifier(table).sql}`)
  return row?.n ?? 0
}
