/** Prisma's reads as queries. */

import { and, count, node, value } from '../builder/expr.ts'
import { failure } from '../error.ts'
import {
  type Expr,
  ExprCompare,
  ExprRow,
  ExprRows,
  ExprSub,
  type Order,
  type ResultExpr,
  type Select,
  NullsDefault,
  NullsFirst,
  NullsLast,
} from '../gen/query.ts'
import { noProperty, type Described, type Relation } from './relations.ts'
import { columnOf, filtered, isLoose, lowerWhere, type Loose, type Scope } from './where.ts'

type Begun = ReturnType<Scope['begin']>

/** Lowers the arguments of a read: everything but its cursor, its distinct and a take from the end. */
export function lowerFind(args: Loose, begun: Begun, scope: Scope): Select {
  const { of, alias, select } = begun
  const { take, skip } = args
  let lowered = filtered(select, lowerWhere(args.where, of, alias, scope))
  lowered = {
    ...lowered,
    columns: lowerColumns(args, of, alias, scope),
    orderBy: lowerOrder(args.orderBy, of, alias, scope),
  }
  if (take !== undefined) lowered = { ...lowered, limit: value(whole(take, 'take')) }
  if (skip !== undefined) lowered = { ...lowered, offset: value(whole(skip, 'skip')) }
  return lowered
}

function whole(of: unknown, what: string): number {
  if (typeof of === 'number' && Number.isSafeInteger(of) && of >= 0) return of
  throw failure('invalid_argument', `read ${what}`, `${String(of)} is no number of rows`)
}

/** What rows have: their columns, or what `select` says, and what `include` adds. */
function lowerColumns(args: Loose, of: Described, alias: string, scope: Scope): ResultExpr[] {
  const chosen = args.select ?? args.include
  if (args.select !== undefined && args.include !== undefined)
    throw failure(
      'invalid_argument',
      `read ${of.name}`,
      'select and include exclude each other',
      'select can name relations too',
    )
  const columns: ResultExpr[] = []
  const column = (name: string) => columns.push({ expr: columnOf(alias, name), as: name })
  if (args.select === undefined) of.columns.forEach(column)
  if (chosen !== undefined && !isLoose(chosen))
    throw failure('invalid_argument', `read ${of.name}`, 'select and include take objects')
  for (const [name, wanted] of Object.entries(chosen ?? {})) {
    if (wanted === undefined || wanted === false) continue
    const relation = of.relations.get(name)
    if (name === '_count') columns.push({ expr: counts(wanted, of, alias, scope), as: name })
    else if (relation !== undefined) columns.push({ expr: nested(relation, wanted, alias, scope), as: name })
    else if (args.select !== undefined && of.columns.includes(name)) column(name)
    else throw noProperty(of, name, `read ${of.name}`)
  }
  if (columns.length === 0) throw failure('invalid_argument', `read ${of.name}`, 'select names nothing')
  return columns
}

/** A relation's rows, inside the row. */
function nested(relation: Relation, wanted: unknown, alias: string, scope: Scope): Expr {
  const args = isLoose(wanted) ? wanted : {}
  if (args.cursor !== undefined || args.distinct !== undefined)
    throw failure(
      'invalid_argument',
      `include ${relation.table}`,
      'a nested list has no cursor and no distinct',
      'read it by findMany',
    )
  const next = scope.follow(relation, alias)
  return node(relation.isMany ? ExprRows : ExprRow, { sub: lowerFind(args, next, scope) })
}

/** `_count`: how many rows each list has. */
function counts(wanted: unknown, of: Described, alias: string, scope: Scope): Expr {
  const lists = isLoose(wanted) && isLoose(wanted.select) ? wanted.select : undefined
  const names =
    lists === undefined ? [...of.relations].filter(([, one]) => one.isMany).map(([name]) => name) : Object.keys(lists)
  const self = scope.begin(of.name)
  const columns = names.map((name) => {
    const relation = of.relations.get(name)
    if (relation === undefined) throw noProperty(of, name, `count ${of.name}`)
    const next = scope.follow(relation, self.alias)
    const test = lists?.[name]
    const where = isLoose(test) ? lowerWhere(test.where, next.of, next.alias, scope) : undefined
    return {
      expr: node(ExprSub, { sub: filtered({ ...next.select, columns: [{ expr: count().node, as: 'n' }] }, where) }),
      as: name,
    }
  })
  return node(ExprRow, { sub: filtered({ ...self.select, columns }, sameRow(of, self.alias, alias)) })
}

function sameRow(of: Described, left: string, right: string): Expr | undefined {
  return and(
    of.key.map((name) => node(ExprCompare, { name: '=', args: [columnOf(left, name), columnOf(right, name)] })),
  )
}

/** Lowers `orderBy`: `{ name: 'asc' }`, `{ name: { sort, nulls } }`, `{ customer: { name } }`, `{ lines: { _count } }`, or a list of them. */
export function lowerOrder(orderBy: unknown, of: Described, alias: string, scope: Scope): Order[] {
  if (orderBy === undefined) return []
  const list: readonly unknown[] = Array.isArray(orderBy) ? orderBy : [orderBy]
  return list.flatMap((one) => {
    if (!isLoose(one)) throw failure('invalid_argument', `order ${of.name}`, 'orderBy takes objects')
    return Object.entries(one).flatMap(([name, how]) => {
      if (how === undefined) return []
      if (of.columns.includes(name)) return [sorted(columnOf(alias, name), how, `${of.name}.${name}`)]
      const relation = of.relations.get(name)
      if (relation === undefined) throw noProperty(of, name, `order ${of.name}`)
      const next = scope.follow(relation, alias)
      if (relation.isMany) {
        if (!isLoose(how) || how._count === undefined)
          throw failure('invalid_argument', `order ${of.name}`, `${name} is a list`, 'a list orders by { _count }')
        const counted = { ...next.select, columns: [{ expr: count().node, as: 'n' }] }
        return [sorted(node(ExprSub, { sub: counted }), how._count, name)]
      }
      // A row's order by another's columns: each is a scalar of that row.
      return lowerOrder(how, next.of, next.alias, scope).map((order) => ({
        ...order,
        expr: node(ExprSub, { sub: { ...next.select, columns: [{ expr: order.expr, as: 'x' }], limit: value(1) } }),
      }))
    })
  })
}

function sorted(expr: Expr, how: unknown, what: string): Order {
  const { sort, nulls } = isLoose(how) ? how : { sort: how, nulls: undefined }
  if ((sort !== 'asc' && sort !== 'desc') || (nulls !== undefined && nulls !== 'first' && nulls !== 'last'))
    throw failure(
      'invalid_argument',
      `order by ${what}`,
      `${JSON.stringify(how)} is no order`,
      "use 'asc', 'desc' or { sort, nulls: 'first' | 'last' }",
    )
  return {
    expr,
    desc: sort === 'desc',
    nulls: nulls === 'first' ? NullsFirst : nulls === 'last' ? NullsLast : NullsDefault,
  }
}

/** Turns every order around: for a take from the end. */
export function reversed(orderBy: readonly Order[]): Order[] {
  return orderBy.map((order) => ({
    ...order,
    desc: !order.desc,
    nulls: order.nulls === NullsDefault ? NullsDefault : order.nulls === NullsFirst ? NullsLast : NullsFirst,
  }))
}

/** An order that no two rows share: what was asked, then the key. */
export function total(orderBy: readonly Order[], of: Described, alias: string): Order[] {
  const named = orderBy.map(({ expr }) => expr.name)
  const rest = of.key.filter((name) => !named.includes(name))
  return [
    ...orderBy,
    ...rest.map((name) => ({ expr: columnOf(alias, name), desc: false, nulls: NullsDefault as Order['nulls'] })),
  ]
}
