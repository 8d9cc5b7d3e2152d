/** Expressions: the leaves and branches of a query's tree. Every value is bound, every name quoted, by the core. */

import { failure, type RockpoolError } from '../error.ts'
import { toSql } from '../values.ts'
import { isMade, noted } from './made.ts'
import {
  type Expr,
  type Select,
  type ExprKind,
  ExprAnd,
  ExprBetween,
  ExprCall,
  ExprColumn,
  ExprCompare,
  ExprIn,
  ExprIsNull,
  ExprNot,
  ExprOr,
  ExprRow,
  ExprRows,
  ExprStar,
  ExprValue,
} from '../gen/query.ts'

declare const result: unique symbol
declare const reads: unique symbol

/** An expression whose result has type T, over the columns C; `never` where they are not known to the compiler. */
export interface Expression<T, C extends string = string> {
  readonly node: Expr
  readonly [result]?: T
  readonly [reads]?: C
}

/** The columns of an expression over a name: a name that is only known at run time is checked there. */
export type Reads<C extends string> = string extends C ? never : C

/** Comparisons that `where` takes. */
export type Operator =
  | '='
  | '!='
  | '<>'
  | '<'
  | '<='
  | '>'
  | '>='
  | 'like'
  | 'not like'
  | 'ilike'
  | 'not ilike'
  | 'in'
  | 'not in'
  | 'between'
  | 'is'
  | 'is not'

/** The operators, for people and for checks at run time. */
export const OPERATORS: readonly Operator[] = [
  '=',
  '!=',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  'like',
  'not like',
  'ilike',
  'not ilike',
  'in',
  'not in',
  'between',
  'is',
  'is not',
]

/** A node with the given fields and nothing else. */
export function node(kind: ExprKind, fields: Partial<Omit<Expr, 'kind'>> = {}): Expr {
  return { kind, table: '', name: '', value: null, args: [], sub: null, distinct: false, ...fields }
}

/** A column: "name" or "table.name". */
export function column(name: string): Expr {
  const dot = name.indexOf('.')
  return dot < 0
    ? node(ExprColumn, { name })
    : node(ExprColumn, { table: name.slice(0, dot), name: name.slice(dot + 1) })
}

/** A bound value. */
export function value(of: unknown, what?: string): Expr {
  return node(ExprValue, { value: toSql(of, what) })
}

/** All of them; a list of one is that one. */
export function and(all: readonly Expr[]): Expr | undefined {
  return branch(ExprAnd, all)
}

/** Any of them. */
export function or(all: readonly Expr[]): Expr | undefined {
  return branch(ExprOr, all)
}

function branch(kind: ExprKind, all: readonly Expr[]): Expr | undefined {
  return all.length < 2 ? all[0] : node(kind, { args: [...all] })
}

/** What does not hold. */
export function not(of: Expr): Expr {
  return node(ExprNot, { args: [of] })
}

/** Whether a value is an expression or a whole query rather than something to bind. */
function operand(of: unknown, what: string): Expr {
  if (isExpression(of)) return of.node
  return value(of, what)
}

function expression<T, C extends string>(of: Expr): Expression<T, C> {
  return noted({ node: of })
}

/** Tells expressions from values. */
export function isExpression(of: unknown): of is Expression<unknown> {
  return isMade(of, 'node')
}

function isQuery(of: unknown): of is { readonly ast: Select } {
  return isMade(of, 'ast')
}

function isOperator(of: string): boolean {
  return (OPERATORS as readonly string[]).includes(of)
}

/** `left op right` as a tree. NULL compares by IS. @throws `invalid_argument` for an unknown operator or a list of the wrong shape. */
export function compare(left: Expr, op: string, right: unknown, what: string): Expr {
  if (!isOperator(op))
    throw bad(what, `there is no operator ${JSON.stringify(op)}`, 'operators are ' + OPERATORS.join(' '))
  if (op.startsWith('not ')) return not(compare(left, op.slice(4), right, what))
  const isSame = op === '=' || op === 'is'
  if (isSame || op === '!=' || op === '<>' || op === 'is not') {
    if (right !== null) return binary(isSame ? '=' : '<>', left, operand(right, what))
    const isNull = node(ExprIsNull, { args: [left] })
    return isSame ? isNull : not(isNull)
  }
  if (op === 'in') return isIn(left, right, what)
  if (op !== 'between') return binary(op, left, operand(right, what))
  if (!Array.isArray(right) || right.length !== 2) throw bad(what, 'between takes [low, high]')
  return node(ExprBetween, { args: [left, operand(right[0], what), operand(right[1], what)] })
}

function binary(name: string, left: Expr, right: Expr): Expr {
  return node(ExprCompare, { name, args: [left, right] })
}

function isIn(left: Expr, right: unknown, what: string): Expr {
  if (isQuery(right)) return node(ExprIn, { args: [left], sub: right.ast })
  if (!Array.isArray(right)) throw bad(what, 'in takes a list or a query')
  return node(ExprIn, { args: [left, ...right.map((item) => operand(item, what))] })
}

function bad(what: string, message: string, hint = ''): RockpoolError {
  return failure('invalid_argument', 'build where ' + what, message, hint)
}

/** Comparisons of one column in an object: `{ '<': 10, '>=': 2 }`. */
type Tests = { readonly [op in Operator]?: unknown }

function isTests(of: unknown): of is Tests {
  if (of === null || Object.getPrototypeOf(of) !== Object.prototype) return false
  const keys = Object.keys(of as object) // it is a plain one
  return keys.length > 0 && keys.every(isOperator)
}

/** The tree of an object of conditions: every property must hold. */
export function conditions(of: Readonly<Record<string, unknown>>): Expr | undefined {
  const all: Expr[] = []
  for (const [name, test] of Object.entries(of)) {
    if (test === undefined) continue
    const left = column(name)
    if (isTests(test)) for (const [op, right] of Object.entries(test)) all.push(compare(left, op, right, name))
    else all.push(compare(left, Array.isArray(test) ? 'in' : '=', test, name))
  }
  return and(all)
}

function call<T, C extends string>(name: string, args: Expr[]): Expression<T, C> {
  return expression(node(ExprCall, { name, args }))
}

/** A column as an expression. */
export function col<T = unknown, C extends string = string>(name: C): Expression<T, Reads<C>> {
  return expression(column(name))
}
/** A bound value as an expression. */
export function val<T>(of: T): Expression<T, never> {
  return expression(value(of))
}
/** count(*), or the rows in which a column is not NULL. */
export function count<C extends string>(name?: C): Expression<number, Reads<C>> {
  return call('count', [name === undefined ? node(ExprStar) : column(name)])
}
/** The sum of a column; null over no rows. */
export function sum<C extends string>(name: C): Expression<number | null, Reads<C>> {
  return call('sum', [column(name)])
}
/** The mean of a column; null over no rows. */
export function avg<C extends string>(name: C): Expression<number | null, Reads<C>> {
  return call('avg', [column(name)])
}
/** The smallest value of a column; null over no rows. */
export function min<T = number, C extends string = string>(name: C): Expression<T | null, Reads<C>> {
  return call('min', [column(name)])
}
/** The largest value of a column; null over no rows. */
export function max<T = number, C extends string = string>(name: C): Expression<T | null, Reads<C>> {
  return call('max', [column(name)])
}
/** Any function that the core allows, by name. */
export function fn<T = unknown, C extends string = string>(
  name: string,
  ...args: readonly Expression<unknown, C>[]
): Expression<T, Reads<C>> {
  return call(
    name,
    args.map((arg) => arg.node),
  )
}
/** A query whose rows one row holds. */
type Nestable<R> = { readonly ast: Select; all(): Promise<R[]> }

/**
 * All rows of a query that may name the outer one's columns, as one property.
 *
 * @example
 * db.from('orders').select({
 *   id: col('orders.id'),
 *   lines: many(db.from('order_lines').where('order_id', '=', col('orders.id'))),
 * })
 */
export function many<R>(query: Nestable<R>): Expression<R[]> {
  return expression(node(ExprRows, { sub: query.ast }))
}
/** The first row of such a query, or null. */
export function one<R>(query: Nestable<R>): Expression<R | null> {
  return expression(node(ExprRow, { sub: query.ast }))
}
