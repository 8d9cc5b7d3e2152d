/**
 * Keeps the identity of rows from one state of a live query to the next: a
 * row that did not change is the same object, so memoised views skip it.
 */

import type { Row } from './chunk.ts'

/** What changed from one state to the next. */
export interface Patch<R> {
  readonly added: readonly R[]
  readonly removed: readonly R[]
  /** Rows of the same key with other content. */
  readonly changed: readonly { readonly before: R; readonly after: R }[]
}

/** Rows with kept identity and the patch; `rows` is `before` itself when nothing changed. */
export interface Reconciled<R> {
  readonly rows: readonly R[]
  readonly patch: Patch<R>
}

/**
 * Reconciles two states. `key` names the columns that identify a row; without
 * them the first column does. Rows of equal keys are matched in order.
 */
export function reconcile<R extends object>(before: readonly R[], after: R[], key: readonly string[]): Reconciled<R> {
  const length = Math.min(before.length, after.length)
  let start = 0
  for (; start < length; start++) {
    const old = before[start],
      now = after[start]
    if (old === undefined || now === undefined || !isSame(old, now)) break
    after[start] = old
  }
  if (start === before.length && start === after.length) return { rows: before, patch: NO_CHANGE }

  const byKey = new Map<unknown, R[]>()
  for (let at = start; at < before.length; at++) {
    const row = before[at]
    if (row === undefined) continue
    const id = keyOf(row, key)
    const same = byKey.get(id)
    if (same === undefined) byKey.set(id, [row])
    else same.push(row)
  }
  const added: R[] = [],
    changed: { before: R; after: R }[] = []
  for (let at = start; at < after.length; at++) {
    const row = after[at]
    if (row === undefined) continue
    const old = byKey.get(keyOf(row, key))?.shift()
    if (old === undefined) added.push(row)
    else if (isSame(old, row)) after[at] = old
    else changed.push({ before: old, after: row })
  }
  const removed: R[] = []
  for (const rows of byKey.values()) removed.push(...rows)
  return { rows: after, patch: { added, removed, changed } }
}

/**
 * The state that `kept` tells of (wire.LiveState): rows of the last one, as the
 * same objects, and those of `fresh`, which may be the last one's with other content.
 */
export function patched<R extends object>(
  before: readonly R[],
  fresh: R[],
  key: readonly string[],
  kept: readonly number[],
): Reconciled<R> {
  const rows = (): R[] => {
    let next = 0
    return kept.flatMap((from, at) => {
      const count = kept[at + 1] ?? 0
      if (at % 2 > 0) return []
      if (from > 0) return before.slice(from - 1, from - 1 + count)
      next += count
      return fresh.slice(next - count, next)
    })
  }
  const rest = new Set(before)
  for (const row of rows()) rest.delete(row)
  const { patch } = reconcile([...rest], fresh, key)
  return { rows: rows(), patch }
}

/** A patch that changes nothing. */
export const NO_CHANGE = { added: [], removed: [], changed: [] } as const

/** One value that identifies a row; a string for keys of several columns. */
function keyOf(row: object, key: readonly string[]): unknown {
  const values = row as Row // rows are plain objects that RowSink made
  if (key.length === 0) {
    for (const name in values) return values[name]
    return undefined
  }
  if (key.length === 1) return values[key[0] ?? '']
  return key.map((name) => String(values[name])).join('\u0000')
}

/** Whether two values hold the same: rows, lists, plain objects and blobs by content, other things where they are one. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (a instanceof Uint8Array && b instanceof Uint8Array) return isSameBytes(a, b)
  if (!isPlain(a) || !isPlain(b) || Array.isArray(a) !== Array.isArray(b)) return false
  let more = 0
  for (const name in a) {
    if (a[name] !== b[name] && !isSame(a[name], b[name])) return false
    more++
  }
  for (const name in b) {
    if (!(name in a)) return false
    more--
  }
  return more === 0
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return Array.isArray(value) || (value instanceof Object && Object.getPrototypeOf(value) === Object.prototype)
}

/** Whether two blobs hold the same. */
export function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}
