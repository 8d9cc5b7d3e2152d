/** Arithmetic, and the rarer aggregates. */

import { column, node, type Expression, type Reads } from '../builder/expr.ts'
import { noted } from '../builder/made.ts'
import { ExprArith, ExprCall } from '../gen/query.ts'

/** The number of different values of a column. */
export function countDistinct<C extends string>(name: C): Expression<number, Reads<C>> {
  return noted({ node: node(ExprCall, { name: 'count', args: [column(name)], distinct: true }) })
}

/** Arithmetic and `||`. */
export function math<L extends string, R extends string>(
  left: Expression<unknown, L>,
  op: '+' | '-' | '*' | '/' | '%' | '||',
  right: Expression<unknown, R>,
): Expression<number, L | R> {
  return noted({ node: node(ExprArith, { name: op, args: [left.node, right.node] }) })
}
