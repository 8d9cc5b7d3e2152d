/** Places in an order: the rows from one on, or behind it. */

import { and, compare, node, or, value } from './expr.ts'
import { type Expr, ExprCompare, NullsDefault, NullsFirst, type Order } from '../gen/query.ts'

/** The rows from a given one on, itself included: `at` holds the order's values in it. */
export function from(orderBy: readonly Order[], at: readonly unknown[]): Expr | undefined {
  const { later, same } = places(orderBy, at)
  return or([...later, and(same)].filter((one) => one !== undefined))
}

/** The rows behind a given one. */
export function behind(orderBy: readonly Order[], at: readonly unknown[]): Expr | undefined {
  return or(places(orderBy, at).later)
}

/** For each term, that it is later and those before it are the same; and that each is the same. */
function places(orderBy: readonly Order[], at: readonly unknown[]): { readonly later: Expr[]; readonly same: Expr[] } {
  const same = orderBy.map(({ expr }, index) => compare(expr, '=', at[index], 'cursor'))
  const later = orderBy.flatMap((order, index) => and([...same.slice(0, index), after(order, at[index])]) ?? [])
  return { later, same }
}

/** What comes strictly after a value in an order, where NULLs have their place. */
function after({ expr, desc, nulls }: Order, at: unknown): Expr {
  const isNullFirst = nulls === NullsFirst || (nulls === NullsDefault && desc)
  if (at === null) return isNullFirst ? compare(expr, 'is not', null, 'cursor') : never
  const beyond = compare(expr, desc ? '<' : '>', at, 'cursor')
  return isNullFirst ? beyond : (or([beyond, compare(expr, 'is', null, 'cursor')]) ?? beyond)
}

/** A condition that no row meets. */
const never: Expr = node(ExprCompare, { name: '=', args: [value(1), value(0)] })
