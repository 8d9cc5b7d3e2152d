/** Queries within expressions. */

import { node, type Expression } from '../builder/expr.ts'
import { isMade, noted } from '../builder/made.ts'
import type { AnyQuery } from '../builder/scope.ts'
import { failure } from '../error.ts'
import { ExprExists, ExprSub, type ExprKind } from '../gen/query.ts'

/**
 * A query has a row. It may name columns of the query around it.
 *
 * @example
 * db.from('lists').where((q) => exists(db.from('todos').where('list_id', '=', q('lists.id'))))
 */
export function exists(query: AnyQuery): Expression<boolean> {
  return within(ExprExists, query)
}

/**
 * The one column of a query's first row, or null.
 *
 * @throws `invalid_argument` unless the query selects one column.
 * @example
 * db.from('lists').select((q) => ({ stars: scalar(follow(q, 'todos').select({ n: sum('stars') })) }))
 */
export function scalar<R extends object>(query: {
  readonly ast: AnyQuery['ast']
  all(): Promise<R[]>
}): Expression<R[keyof R] | null> {
  if (query.ast.columns.length !== 1)
    throw failure('invalid_argument', 'build scalar', 'the query has other than one column', 'select one')
  return within(ExprSub, query)
}

function within<T>(kind: ExprKind, query: AnyQuery): Expression<T> {
  if (!isMade(query, 'ast')) throw failure('invalid_argument', 'build a subquery', 'it is no query of the builder')
  return noted({ node: node(kind, { sub: query.ast }) })
}
