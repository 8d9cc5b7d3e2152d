/**
 * Which constraint an error is of, for clients that tell their own names of it.
 * SQLite's own have an extended code (https://www.sqlite.org/rescode.html); what
 * the core checks before a write is queued (wasm/store/check.go) has words alone.
 */

import type { RockpoolError } from './error.ts'

/** SQLite's extended codes. */
const UNIQUE = [1555, 2067, 2579]
const NOT_NULL = 1299
const FOREIGN_KEY = 787

/** A broken constraint. Names are "" where the error does not tell them. */
export type BrokenConstraint =
  /** `columns` as SQLite names them, with their table before a dot; `index` where it is one on expressions. */
  | { readonly kind: 'unique'; readonly columns: readonly string[]; readonly index: string }
  | { readonly kind: 'not null'; readonly columns: readonly string[] }
  | { readonly kind: 'check'; readonly name: string }
  /** `isHeld`: rows of `table` refer to what was to go; else `table` lacks what was referred to. */
  | { readonly kind: 'foreign key'; readonly name: string; readonly table: string; readonly isHeld: boolean }
  | { readonly kind: 'other' }

/** What an error of kind `constraint` is about. */
export function brokenConstraint({ code, message }: RockpoolError): BrokenConstraint {
  const [, name = '', held, there] =
    /foreign key (\S+): (?:rows of (.+?) refer to it|there is no such row in (.+?)(?: \(|$))/.exec(message) ?? []
  if (name !== '' || code === FOREIGN_KEY)
    return { kind: 'foreign key', name, table: held ?? there ?? '', isHeld: held !== undefined }
  const absent = /column (\S+) must not be NULL/.exec(message)?.[1]
  if (absent !== undefined) return { kind: 'not null', columns: [absent] }
  const check = /the check (\S+) fails/.exec(message)?.[1]
  if (check !== undefined) return { kind: 'check', name: check }
  if (UNIQUE.includes(code)) {
    const index = /constraint failed: index '(.+?)'/.exec(message)?.[1]
    return { kind: 'unique', columns: index === undefined ? failed(message) : [], index: index ?? '' }
  }
  return code === NOT_NULL ? { kind: 'not null', columns: failed(message) } : { kind: 'other' }
}

/** "t.a", "t.b" of "constraint failed: t.a, t.b (…)". */
function failed(message: string): string[] {
  const names = /constraint failed: ([^()]+)/.exec(message)?.[1] ?? ''
  return names
    .split(', ')
    .map((one) => one.trim())
    .filter((one) => one !== '')
}

/** A column without its table. */
export function unqualified(column: string): string {
  return column.slice(column.lastIndexOf('.') + 1)
}
