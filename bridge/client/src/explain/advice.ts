/** The index that would help a built query. */

import { identifier } from '../builder/sql.ts'
import {
  type Expr,
  ExprAnd,
  ExprBetween,
  ExprColumn,
  ExprCompare,
  ExprIn,
  ExprIsNull,
  type Select,
} from '../gen/query.ts'
import type { Schema, Table } from '../gen/schema.ts'
import type { Step } from './steps.ts'

/** An index that a query would use. */
export interface Advice {
  readonly table: string
  readonly columns: readonly string[]
  /** The statement that makes it, on this device. */
  readonly sql: string
}

/** A table of a query, under what the query calls it. */
interface Named {
  readonly called: string
  readonly table: Table
}

/** The tables of a query and of those within it, by what they are called. */
export function tablesOf(select: Select, into = new Map<string, string>()): Map<string, string> {
  for (const { name, alias } of [select.from, ...select.joins.map((join) => join.table)]) into.set(alias || name, name)
  for (const sub of subqueries(select)) tablesOf(sub, into)
  return into
}

/** Indexes for what the plan reads whole, or makes an index of each time. */
export function advise(
  select: Select,
  steps: readonly Step[],
  schema: Schema,
  isWorth: (table: string) => boolean,
): Advice[] {
  const refs = [select.from, ...select.joins.map((join) => join.table)]
  const tables = refs.flatMap(({ name, alias }): Named[] => {
    const table = schema.tables.find((one) => one.name === name)
    return table === undefined ? [] : [{ called: alias || name, table }]
  })
  const conditions = [select.where, ...select.joins.map((join) => join.on)].flatMap((one) =>
    one ? conjuncts(one) : [],
  )
  const own = tables.flatMap((one) => {
    const step = steps.find(({ table, kind }) => table === one.called && (kind === 'scan' || kind === 'build'))
    if (step === undefined || !isWorth(one.table.name)) return []
    const columns = wanted(one, tables, conditions, select, steps)
    return columns.length === 0 ? [] : [adviceOf(one.table.name, columns)]
  })
  return [...own, ...subqueries(select).flatMap((sub) => advise(sub, steps, schema, isWorth))]
}

function adviceOf(table: string, columns: readonly string[]): Advice {
  const name = [table, 'by', ...columns].join('_')
  const quoted = (of: string) => identifier(of).sql
  return { table, columns, sql: `CREATE INDEX ${quoted(name)} ON ${quoted(table)} (${columns.map(quoted).join(', ')})` }
}

/** The columns by which rows are the same, then one by which they are in a range, or those by which they are sorted. */
function wanted(
  of: Named,
  all: readonly Named[],
  conditions: readonly Expr[],
  select: Select,
  steps: readonly Step[],
): string[] {
  const own = (expr: Expr | undefined): string[] => {
    const name = expr === undefined ? undefined : columnOf(expr, of, all)
    return name === undefined ? [] : [name]
  }
  const equal: string[] = []
  const range: string[] = []
  for (const test of conditions) {
    const [left, right] = test.args
    if (test.kind === ExprIsNull || test.kind === ExprIn) equal.push(...own(left))
    else if (test.kind === ExprBetween) range.push(...own(left))
    else if (test.kind === ExprCompare) {
      const sides = [...own(left), ...own(right)]
      if (sides.length !== 1) continue // two columns of one row help nothing
      if (test.name === '=') equal.push(...sides)
      else if (/^[<>]=?$/.test(test.name)) range.push(...sides)
    }
  }
  const sorted = steps.some(({ kind }) => kind === 'sort') ? order(of, all, select) : []
  return [...new Set([...equal, ...(range.length > 0 ? range.slice(0, 1) : sorted)])]
}

/** The columns of an order that an index has: one way, and without NULLs, which SQLite keeps elsewhere than Postgres. */
function order(of: Named, all: readonly Named[], { orderBy }: Select): string[] {
  const names = orderBy.map(({ expr }) => columnOf(expr, of, all))
  const isHad = names.every((name) =>
    of.table.columns.some((one) => one.name === name && one.notNull && one.enum.length === 0),
  )
  return isHad && orderBy.every(({ desc }) => desc === orderBy[0]?.desc)
    ? names.filter((name) => name !== undefined)
    : []
}

/** The name of a column, if it is one of that table. */
function columnOf(expr: Expr, of: Named, all: readonly Named[]): string | undefined {
  if (expr.kind !== ExprColumn) return undefined
  const has = (one: Named) => one.table.columns.some(({ name }) => name === expr.name)
  const table = all.find((one) => (expr.table === '' ? has(one) : one.called === expr.table))
  return table === of && has(of) ? expr.name : undefined
}

function conjuncts(of: Expr): Expr[] {
  return of.kind === ExprAnd ? of.args.flatMap(conjuncts) : [of]
}

/** The queries within a query's expressions. */
function subqueries(select: Select): Select[] {
  const within = (expr: Expr | null): Select[] =>
    expr === null ? [] : [...(expr.sub === null ? [] : [expr.sub]), ...expr.args.flatMap(within)]
  return [
    ...select.columns.flatMap(({ expr }) => within(expr)),
    ...select.joins.flatMap((join) => within(join.on)),
    ...within(select.where),
    ...within(select.having),
    ...select.orderBy.flatMap(({ expr }) => within(expr)),
  ]
}
