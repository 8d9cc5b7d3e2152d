/** Into JSON. */

import { node, type Expression } from '../builder/expr.ts'
import { noted } from '../builder/made.ts'
import { failure } from '../error.ts'
import { ExprJSON, ExprJSONPath, type ExprKind } from '../gen/query.ts'

/** A key of an object, or an index of a list; a negative one counts from the end. */
export type JsonStep = string | number

/**
 * What is at a path: a text, a number, a boolean (1 or 0) or JSON text; NULL where there is none.
 *
 * @example
 * db.from('people').where((q) => q(json<number>(q('doc'), 'address', 'floor'), '>', 3))
 */
export function json<T = unknown>(of: Expression<unknown>, ...path: readonly JsonStep[]): Expression<T | null> {
  return at(ExprJSON, of, path)
}

/** The text of what is at a path, as Postgres's ->> has it; NULL where there is none. */
export function jsonText(of: Expression<unknown>, ...path: readonly JsonStep[]): Expression<string | null> {
  return at(ExprJSONPath, of, path)
}

function at<T>(kind: ExprKind, of: Expression<unknown>, path: readonly JsonStep[]): Expression<T> {
  const name = path.map((step) => (typeof step === 'string' ? key(step) : index(step))).join('')
  return noted({ node: node(kind, { name: '$' + name, args: [of.node] }) })
}

function key(step: string): string {
  if (step.includes('"')) throw failure('invalid_argument', 'build JSON path', `the key ${step} has a quote`)
  return `."${step}"`
}

function index(step: number): string {
  if (!Number.isInteger(step)) throw failure('invalid_argument', 'build JSON path', `${step} is no index`)
  return `[${step}]`
}
