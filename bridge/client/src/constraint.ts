/**
 * Which constraint an error is of, for clients that tell their own names of it:
 * by SQLite's extended code (https://www.sqlite.org/rescode.html), which what
 * the core checks before a write is queued has too.
 */

import type { RockpoolError } from './error.ts'

/** SQLite's extended codes. */
const CHECK = 275
const FOREIGN_KEY = 787
const NOT_NULL = 1299
const PRIMARY_KEY = 1555
/** Of a trigger, and of a foreign key that keeps a row from going. */
const TRIGGER = 1811
const UNIQUE = 2067
const ROWID = 2579

/** A broken constraint. Names are "" where the error does not tell them. */
export type BrokenConstraint =
  /** `index` where it is one on expressions; it then has no columns. */
  | { readonly kind: 'unique'; readonly table: string; readonly columns: readonly string[]; readonly index: string }
  | { readonly kind: 'not null'; readonly columns: readonly string[] }
  | { readonly kind: 'check'; readonly name: string }
  /** `isHeld`: rows of `table` refer to what was to go; else `table` lacks what was referred to. */
  | { readonly kind: 'foreign key'; readonly name: string; readonly table: string; readonly isHeld: boolean }
  | { readonly kind: 'other' }

/** What an error of kind `constraint` is about. */
export function brokenConstraint({ code, table, columns, constraint: name }: RockpoolError): BrokenConstraint {
  switch (code) {
    case PRIMARY_KEY:
    case UNIQUE:
    case ROWID:
      return { kind: 'unique', table, columns, index: name }
    case NOT_NULL:
      return { kind: 'not null', columns }
    case CHECK:
      return { kind: 'check', name }
    case FOREIGN_KEY:
      return { kind: 'foreign key', name, table, isHeld: false }
    case TRIGGER:
      return name === '' ? { kind: 'other' } : { kind: 'foreign key', name, table, isHeld: true }
    default:
      return { kind: 'other' }
  }
}
