/** Keyset cursors. */

import { and, column, compare } from '../builder/expr.ts'
import { behind } from '../builder/keyset.ts'
import { noted } from '../builder/made.ts'
import type { Tables } from '../builder/scope.ts'
import type { SelectBuilder } from '../builder/select.ts'
import { failure } from '../error.ts'
import { type Expr, ExprColumn, NullsFirst, type Order, type Select } from '../gen/query.ts'
import type { Schema } from '../gen/schema.ts'
import { valueKey } from '../key.ts'

/**
 * The rows of a query that come behind a given one of it: the next page. It costs what it shows and not what was shown
 * before, and neither repeats nor misses rows when others are written meanwhile. Of no row: the first page.
 *
 * The query selects what it is ordered by, and its order ends with the key, so that no two rows share a place in it.
 *
 * @throws `invalid_argument` for a query without an order, with an order by what is not selected, or without its key.
 * @example
 * const todos = db.from('todos').orderBy('stars', 'desc').orderBy('id').limit(20)
 * const page = await todos.all()
 * const next = await after(todos, page.at(-1)).all()
 */
export function after<
  DB extends Tables,
  Scope,
  Out extends object,
  Mode extends 'live' | 'once',
  Picked extends boolean,
>(
  query: SelectBuilder<DB, Scope, Out, Mode, Picked>,
  row: Out | undefined,
): SelectBuilder<DB, Scope, Out, Mode, Picked> {
  if (row === undefined) return query
  const { ast } = query
  if (ast.offset !== null) throw bad('it has an offset', 'a cursor stands in its place')
  const isGrouped = ast.groupBy.length > 0
  const test = (schema: Schema | null): Expr | undefined => {
    for (const part of identity(ast, schema))
      if (!ast.orderBy.some(({ expr }) => isSame(ordered(ast, expr), part)))
        throw bad(`its order leaves open which row comes first: ${part.name} is not in it`, 'order by it last')
    const terms = ast.orderBy.map((order) => term(ast, order, schema))
    const at = ast.orderBy.map(({ expr }) => valueIn(row, ast, expr))
    const [first] = terms
    // Says again what the first term says, in a form that an index answers.
    const from =
      first?.nulls === NullsFirst && at[0] !== null
        ? [compare(first.expr, first.desc ? '<=' : '>=', at[0], 'cursor')]
        : []
    return and([...from, behind(terms, at)].filter((one) => one !== undefined))
  }
  const holds = (q: { readonly runner: { schema(): Schema | null } }) => {
    const node = test(q.runner.schema())
    if (node === undefined) throw bad('it has no order', 'order by something, and by the key last')
    return noted({ node })
  }
  return isGrouped ? query.having(holds) : query.where(holds)
}

/** What no two rows share, as far as it is known. */
function identity(ast: Select, schema: Schema | null): readonly Expr[] {
  const isColumn = (expr: Expr) => expr.kind === ExprColumn
  if (ast.groupBy.length > 0) return ast.groupBy.filter(isColumn)
  if (ast.distinct && ast.columns.length > 0) return ast.columns.map(({ expr }) => expr).filter(isColumn)
  const { name, alias } = ast.from
  const table = schema?.tables.find((one) => one.name === name)
  return (table?.key ?? []).map((at) => column(`${alias || name}.${table?.columns[at]?.name ?? ''}`))
}

/** A term of the order, by the tables' columns; where it has no NULLs it says so by having them first. */
function term(ast: Select, { expr, desc, nulls }: Order, schema: Schema | null): Order {
  const of = ordered(ast, expr)
  const table = ast.joins.length === 0 ? schema?.tables.find((one) => one.name === ast.from.name) : undefined
  const isNotNull = of.kind === ExprColumn && table?.columns.find((one) => one.name === of.name)?.notNull === true
  return { expr: of, desc, nulls: isNotNull ? NullsFirst : nulls }
}

/** What an order is by: a name of the result stands for its expression. */
function ordered(ast: Select, expr: Expr): Expr {
  const named =
    expr.kind === ExprColumn && expr.table === '' ? ast.columns.find((one) => one.as === expr.name) : undefined
  return named?.expr ?? expr
}

/** What a row of the result has for a term of the order. */
function valueIn(row: object, ast: Select, expr: Expr): unknown {
  const of = ordered(ast, expr)
  const found = ast.columns.find((one) => isSame(one.expr, of))
  const name = found?.as || found?.expr.name || (of.kind === ExprColumn ? of.name : '')
  const entry = Object.entries(row).find(([property]) => property === name)
  if (entry === undefined)
    throw bad(`the row has no ${name || 'value of an expression that it is ordered by'}`, 'select it')
  return entry[1]
}

/** Whether two are the same, where a column may leave out its table. */
function isSame(a: Expr, b: Expr): boolean {
  if (a.kind === ExprColumn && b.kind === ExprColumn)
    return a.name === b.name && (a.table === b.table || a.table === '' || b.table === '')
  return valueKey(a) === valueKey(b)
}

function bad(message: string, hint: string) {
  return failure('invalid_argument', 'page a query', message, hint)
}
