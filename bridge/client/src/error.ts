/** The one error that Rockpool's promises reject with. */

import { KIND_NAMES, RETRYABLE_KINDS, type Kind } from './gen/fault.ts'
import type { Failure } from './gen/wire.ts'

/** What a failure says, whatever brought it. */
export interface FailureFields {
  readonly kind: Kind
  /** What was being done, as "open database". */
  readonly op: string
  /** What was wrong, without secrets. */
  readonly message: string
  /** What to do now; may be empty. */
  readonly hint?: string
  /** Byte offset of the fault in the SQL text, or -1. */
  readonly offset?: number
  /** SQLite's extended result code, or 0. */
  readonly code?: number
  /** The table at fault with kind `constraint`, or "". */
  readonly table?: string
  /** The columns at fault with kind `constraint`; none where nobody told them. */
  readonly columns?: readonly string[]
  /** The name of the broken constraint, or "". */
  readonly constraint?: string
  /** The queued mutation it concerns, or 0. */
  readonly mid?: number
  /** With kind `outcome_unknown`: repeat the write with this key, and it applies once. */
  readonly idempotencyKey?: string
  readonly cause?: unknown
}

/**
 * A failure with a stable kind to switch on, what was being done, and what to
 * do now.
 *
 * @example
 * try { await db.execute(operations) } catch (error) {
 *   if (error instanceof RockpoolError && error.kind === 'constraint') show(error.hint)
 * }
 */
export class RockpoolError extends Error {
  declare readonly kind: Kind
  declare readonly op: string
  declare readonly hint: string
  declare readonly offset: number
  declare readonly code: number
  declare readonly table: string
  declare readonly columns: readonly string[]
  declare readonly constraint: string
  declare readonly mid: number
  declare readonly idempotencyKey: string
  /** Whether the same call may succeed later unchanged. */
  declare readonly retryable: boolean

  constructor({ message, cause, ...fields }: FailureFields) {
    const text = fields.op === '' ? message : `${fields.op}: ${message || fields.kind}`
    super(fields.hint ? `${text} (${fields.hint})` : text, cause === undefined ? undefined : { cause })
    Object.assign(this, NOT_TOLD, fields)
    this.name = 'RockpoolError'
    this.retryable = RETRYABLE_KINDS.includes(KIND_NAMES.indexOf(fields.kind))
  }
}

/** What an error says where its failure did not. */
const NOT_TOLD = {
  hint: '',
  offset: -1,
  code: 0,
  table: '',
  columns: [],
  constraint: '',
  mid: 0,
  idempotencyKey: '',
}

/** An error of a kind: what was being done, what was wrong, what to do now, and what else is known of it. */
export function failure(
  kind: Kind,
  op: string,
  message: string,
  hint = '',
  more: Partial<FailureFields> = {},
): RockpoolError {
  return new RockpoolError({ kind, op, message, hint, ...more })
}

/** The error of a call whose signal was aborted. */
export function cancelled(op: string, signal: AbortSignal | undefined): RockpoolError {
  return failure('cancelled', op, 'the signal was aborted', '', { cause: signal?.reason })
}

/** The error of a write that was sent and of which no answer tells. */
export function outcomeUnknown(op: string, idempotencyKey: string, cause: unknown): RockpoolError {
  return failure(
    'outcome_unknown',
    op,
    'the write was sent and no answer came',
    'repeat it with the same idempotencyKey: it applies once',
    { cause, idempotencyKey },
  )
}

/** The error of a Failure frame. Unknown numbers, from a newer Worker, become `unknown`. */
export function fromFailure(wire: Failure): RockpoolError {
  return new RockpoolError({ ...wire, kind: KIND_NAMES[wire.kind] ?? 'unknown' })
}

/** An error for anything thrown: ours as it is, others wrapped. */
export function toError(thrown: unknown, op: string): RockpoolError {
  if (thrown instanceof RockpoolError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return failure('internal', op, message, '', { cause: thrown })
}

/** The kind of that stable text, or `unknown` for one that this build does not know. */
export function kindOf(name: string): Kind {
  return KIND_NAMES.find((kind) => kind === name) ?? 'unknown'
}

export { KIND_NAMES, type Kind }
