/** Conditions of conditions. */

import { isExpression, node, value, type Expression } from '../builder/expr.ts'
import { noted } from '../builder/made.ts'
import { ExprAnd, ExprCase, type ExprKind, ExprNot, ExprOr } from '../gen/query.ts'

/** A condition; what was left out (`flag && q(…)`) is none. */
export type Condition = Expression<boolean | null> | false | null | undefined

/** All of them hold. Of no conditions: true. */
export function and(...all: readonly Condition[]): Expression<boolean> {
  return of(ExprAnd, all)
}

/** One of them holds, or more. Of no conditions: false. */
export function or(...all: readonly Condition[]): Expression<boolean> {
  return of(ExprOr, all)
}

function of(kind: ExprKind, all: readonly Condition[]): Expression<boolean> {
  return noted({ node: node(kind, { args: all.flatMap((one) => (one ? [one.node] : [])) }) })
}

/** It does not hold. What is NULL stays NULL, and keeps no row. */
export function not(condition: Expression<boolean | null>): Expression<boolean> {
  return noted({ node: node(ExprNot, { args: [condition.node] }) })
}

/**
 * One value or another: CASE WHEN condition THEN … ELSE … END. Nest it for more.
 *
 * @example
 * db.from('todos').select((q) => ({ state: when(q('done', '=', true), 'done', 'open') }))
 */
export function when<A, B = null>(
  condition: Expression<boolean | null>,
  then: A | Expression<A>,
  otherwise: B | Expression<B> | null = null,
): Expression<A | B> {
  return noted({ node: node(ExprCase, { args: [condition.node, operand(then), operand(otherwise)] }) })
}

function operand(of: unknown) {
  return isExpression(of) ? of.node : value(of)
}
