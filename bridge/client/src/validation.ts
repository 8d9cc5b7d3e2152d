/** What `db.validate` says of a query. */

import { KIND_NAMES, type Kind } from './error.ts'
import type { Validated as WireValidated } from './gen/wire.ts'

/** One fault of a query. */
export interface Problem {
  readonly kind: Kind
  readonly message: string
  readonly hint: string
  /** Byte offset in the SQL text, or -1. */
  readonly offset: number
  /** The known name that is nearest to an unknown one, or "". */
  readonly suggestion: string
}

/** A query that was checked and not run. */
export interface Validated {
  /** None when it can run. */
  readonly problems: readonly Problem[]
  /** The SQL that it runs. */
  readonly sql: string
  /** SQLite's plan, a line a step. */
  readonly plan: readonly string[]
  readonly isReadOnly: boolean
  /** How many values it wants. */
  readonly params: number
}

/** The page's form of the Worker's answer. */
export function validatedOf(wire: WireValidated): Validated {
  return {
    ...wire,
    problems: wire.problems.map((problem) => ({ ...problem, kind: KIND_NAMES[problem.kind] ?? 'unknown' })),
  }
}
