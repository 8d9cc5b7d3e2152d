/** SQL text of the developer's own, with values bound. */

import { isExpression, node, value, type Expression } from '../builder/expr.ts'
import { noted } from '../builder/made.ts'
import { isStatement } from '../builder/sql.ts'
import { failure } from '../error.ts'
import { type Expr, ExprRaw } from '../gen/query.ts'

/**
 * An expression in SQL, for what the builder has no word for: values are bound, expressions and `identifier(…)` are put in.
 * The text is the database's own and means there what it means there.
 *
 * @throws `invalid_argument` for a text that is no template, and so may come from outside.
 * @example
 * db.from('todos').where((q) => raw`${q('title')} glob ${'W*'}`)
 */
export function raw<T = boolean>(strings: TemplateStringsArray, ...values: readonly unknown[]): Expression<T> {
  if (!Array.isArray(strings) || !Array.isArray(strings.raw))
    throw failure('invalid_argument', 'build raw SQL', 'it is no template', 'write raw`…`, with values in it')
  let name = strings[0] ?? ''
  const args: Expr[] = []
  values.forEach((one, at) => {
    if (isStatement(one)) {
      name += one.sql
      args.push(...one.params.map((param) => value(param)))
    } else {
      name += '?'
      args.push(isExpression(one) ? one.node : value(one, `value ${at + 1} of the template`))
    }
    name += strings[at + 1] ?? ''
  })
  return noted({ node: node(ExprRaw, { name, args }) })
}
