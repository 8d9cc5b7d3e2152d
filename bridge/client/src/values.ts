/** What applications may bind, and the one SQL value that each becomes. */

import type { SqlValue } from './codec.ts'
import { failure } from './error.ts'

/** A JSON value; it is bound as its text. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** What may be bound to a parameter or written to a column. */
export type Bindable = SqlValue | boolean | Date | ArrayBuffer | Json

/**
 * Turns a bindable into a SQL value: booleans become 1 and 0, dates the stored
 * form of timestamptz (microseconds, +00:00), arrays and plain objects JSON
 * text. @throws `invalid_argument` for undefined, functions, symbols and dates
 * that are none.
 */
export function toSql(value: unknown, what = 'a parameter'): SqlValue {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value !== 'object')
    throw failure('invalid_argument', 'bind ' + what, `${typeof value} is no SQL value`, 'pass null for NULL')
  if (value === null || value instanceof Uint8Array) return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw failure('invalid_argument', 'bind ' + what, 'the date is invalid')
    return value.toISOString().replace('Z', '000+00:00')
  }
  return JSON.stringify(value)
}

/** SQL text and its values, as a Worker takes them. */
export interface Bound {
  readonly sql: string
  readonly args: readonly SqlValue[]
}

/** Binds values to a text, or those of a statement to its own. @throws as toSql. */
export function bound(
  text: string | { readonly sql: string; readonly params?: readonly unknown[] },
  values: readonly unknown[] = [],
): Bound {
  const { sql, params = [] } = typeof text === 'string' ? { sql: text, params: values } : text
  return { sql, args: params.map((value, at) => toSql(value, `parameter ${at + 1}`)) }
}
