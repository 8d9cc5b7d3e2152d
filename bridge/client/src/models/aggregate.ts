/** Prisma's count, aggregate and groupBy as queries. */

import { and, compare, count, node } from '../builder/expr.ts'
import { failure } from '../error.ts'
import { type Expr, ExprCall, type Order, type ResultExpr, type Select, NullsDefault } from '../gen/query.ts'
import { lowerFind } from './find.ts'
import { noProperty, type Described } from './relations.ts'
import { columnOf, filtered, isLoose, lowerWhere, type Loose, type Scope } from './where.ts'

const FUNCTIONS: Readonly<Record<string, string>> = {
  _sum: 'sum',
  _avg: 'avg',
  _min: 'min',
  _max: 'max',
  _count: 'count',
}

/** Lowers `aggregate`. With a take or skip only those rows count. */
export function lowerAggregate(args: Loose, of: Described, scope: Scope): Select {
  if (args.take === undefined && args.skip === undefined) {
    const { alias, select } = scope.begin(of.name)
    const lowered = filtered(select, lowerWhere(args.where, of, alias, scope))
    return { ...lowered, columns: aggregates(args, of, alias) }
  }
  throw failure(
    'invalid_argument',
    `aggregate ${of.name}`,
    'aggregate takes no take and no skip',
    'read the rows by findMany',
  )
}

/** Lowers `groupBy`. */
export function lowerGroups(args: Loose, of: Described, scope: Scope): Select {
  const begun = scope.begin(of.name)
  const by = list(args.by)
  for (const name of by) if (!of.columns.includes(name)) throw noProperty(of, name, `group ${of.name}`)
  if (by.length === 0) throw failure('invalid_argument', `group ${of.name}`, 'by names no column')
  const { where, take, skip } = args
  const select = lowerFind({ where, take, skip }, begun, scope)
  const groups = by.map((name) => columnOf(begun.alias, name))
  return {
    ...select,
    columns: [
      ...by.map((name, at) => ({ expr: groups[at] ?? columnOf(begun.alias, name), as: name })),
      ...aggregates(args, of, begun.alias),
    ],
    groupBy: groups,
    having: args.having === undefined ? null : (and(having(args.having, of, begun.alias)) ?? null),
    orderBy: order(args.orderBy, of, begun.alias),
  }
}

function list(by: unknown): string[] {
  return (Array.isArray(by) ? by : [by]).filter((name) => typeof name === 'string')
}

/** The columns `_sum.price` and so on: `unflatten` makes objects of them. */
function aggregates(args: Loose, of: Described, alias: string): ResultExpr[] {
  const columns: ResultExpr[] = []
  for (const name of Object.keys(FUNCTIONS)) {
    const wanted = args[name]
    if (wanted === undefined || wanted === false) continue
    if (wanted === true) columns.push({ expr: aggregate(name, '_all', of, alias), as: name })
    else if (isLoose(wanted))
      for (const [column, isWanted] of Object.entries(wanted))
        if (isWanted === true) columns.push({ expr: aggregate(name, column, of, alias), as: `${name}.${column}` })
  }
  return columns
}

function aggregate(name: string, column: string, of: Described, alias: string): Expr {
  if (name === '_count' && column === '_all') return count().node
  if (!of.columns.includes(column)) throw noProperty(of, column, `aggregate ${of.name}`)
  return node(ExprCall, { name: FUNCTIONS[name] ?? '', args: [columnOf(alias, column)] })
}

/** `having: { price: { _avg: { gt: 10 } }, country: 'DE' }`. */
function having(of: unknown, table: Described, alias: string): Expr[] {
  if (!isLoose(of)) throw failure('invalid_argument', `group ${table.name}`, 'having takes an object')
  return Object.entries(of).flatMap(([column, tests]) => {
    if (!table.columns.includes(column)) throw noProperty(table, column, `group ${table.name}`)
    const entries = isLoose(tests) ? Object.entries(tests) : [['equals', tests] as const]
    return entries.flatMap(([name, test]) => {
      const left = name in FUNCTIONS ? aggregate(name, column, table, alias) : columnOf(alias, column)
      const compared = name in FUNCTIONS ? (isLoose(test) ? test : { equals: test }) : { [name]: test }
      return Object.entries(compared).map(([op, to]) => testOf(left, op, to, table))
    })
  })
}

const OPERATORS: Readonly<Record<string, string>> = { equals: '=', not: '<>', lt: '<', lte: '<=', gt: '>', gte: '>=' }

function testOf(left: Expr, name: string, to: unknown, of: Described): Expr {
  const op = OPERATORS[name]
  if (op === undefined)
    throw failure(
      'invalid_argument',
      `group ${of.name}`,
      `having has no test ${JSON.stringify(name)}`,
      'tests are ' + Object.keys(OPERATORS).join(', '),
    )
  return compare(left, op, to, of.name)
}

/** Groups order by their columns, or by `{ _sum: { price: 'desc' } }`. */
function order(orderBy: unknown, of: Described, alias: string): Order[] {
  if (orderBy === undefined) return []
  const terms: readonly unknown[] = Array.isArray(orderBy) ? orderBy : [orderBy]
  const sorted = (expr: Expr, how: unknown): Order => {
    if (how !== 'asc' && how !== 'desc')
      throw failure('invalid_argument', `group ${of.name}`, `${JSON.stringify(how)} is no order`, "use 'asc' or 'desc'")
    return { expr, desc: how === 'desc', nulls: NullsDefault }
  }
  return terms.flatMap((term) =>
    Object.entries(isLoose(term) ? term : {}).flatMap(([name, how]) => {
      if (!(name in FUNCTIONS)) {
        if (!of.columns.includes(name)) throw noProperty(of, name, `group ${of.name}`)
        return [sorted(columnOf(alias, name), how)]
      }
      if (!isLoose(how)) return [sorted(aggregate(name, '_all', of, alias), how)]
      return Object.entries(how).map(([column, direction]) => sorted(aggregate(name, column, of, alias), direction))
    }),
  )
}

/** Makes `{ _sum: { price } }` of `_sum.price`. */
export function unflatten(row: Loose): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const [name, of] of Object.entries(row)) {
    const dot = name.startsWith('_') ? name.indexOf('.') : -1
    const group = name.slice(0, dot)
    if (dot < 0 || !(group in FUNCTIONS)) {
      out[name] = of
      continue
    }
    const inner = { ...(out[group] as object | undefined), [name.slice(dot + 1)]: of }
    out[group] = inner
  }
  return out
}
