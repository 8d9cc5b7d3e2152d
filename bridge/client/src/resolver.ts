/**
 * resolveConflicts: an app's own functions decide about conflicts that wait for
 * a person. A module of its own: who does not import it does not load it.
 */

import type { Row } from './chunk.ts'
import type { Conflict, ConflictChoice } from './conflicts.ts'
import type { Tables, UntypedTables } from './builder/scope.ts'
import type { Database } from './database.ts'
import { failure, toError, type RockpoolError } from './error.ts'

/**
 * Decides about one conflict. `remoteData` is the row as it stands now, or null.
 * Null or undefined leaves it to a person. The signal is aborted when the answer
 * would come too late, or nobody wants it any more.
 */
export type Resolver = (
  conflict: Conflict,
  signal: AbortSignal,
) => ConflictChoice | null | undefined | Promise<ConflictChoice | null | undefined>

/** Options of {@link resolveConflicts}. */
export interface ResolveOptions {
  /** Milliseconds that a resolver may take. Default 10,000. */
  readonly timeout?: number
  /** A resolver threw, took too long, or its answer was refused: the conflict waits for a person. */
  readonly onError?: (error: RockpoolError, conflict: Conflict) => void
}

/** How often one conflict is decided anew because its row has changed meanwhile. */
export const ROUNDS_MAX = 5

const TIMEOUT_DEFAULT = 10_000
const OP = 'resolve conflict'

/**
 * Has the functions, by table, decide about this database's open conflicts, those
 * of before included, one after the other. Of an origin's tabs one does it, and
 * another goes on when that one closes. What a reload interrupts is decided
 * again: a function may be asked twice, and its answer counts once. An answer is
 * a new write; when the row changed while the function was thinking, it is asked
 * again with the new one.
 *
 * @returns The way to stop; it resolves when nothing is under way any more.
 * @example
 * ```ts
 * const stop = resolveConflicts(db, {
 *   contracts: ({ localData, remoteData }) => ({ terms: `${remoteData?.terms}, ${localData?.terms}` }),
 * })
 * ```
 */
export function resolveConflicts<DB extends Tables>(
  db: Database<DB>,
  resolvers: { readonly [table: string]: Resolver },
  { timeout = TIMEOUT_DEFAULT, onError }: ResolveOptions = {},
): () => Promise<void> {
  const ending = new AbortController()
  const { signal } = ending
  const left = new Set<number>() // to a person, until the next start
  let wake = () => {}
  const stopWatching = db.conflicts.subscribe(() => {
    wake()
  })
  signal.addEventListener('abort', () => {
    wake()
  })

  async function work(): Promise<void> {
    await db.conflicts.list()
    while (!signal.aborted) {
      const next = db.conflicts.changes
        .get()
        .find((one) => one.isOpen && !left.has(one.id) && Object.hasOwn(resolvers, one.table))
      if (next !== undefined) await settle(next)
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  }

  async function settle(conflict: Conflict): Promise<void> {
    try {
      if (await decide(conflict)) return
    } catch (thrown) {
      const error = toError(thrown, OP)
      if (signal.aborted || error.kind === 'closed') return ending.abort()
      if (error.kind === 'not_found') return // somebody was quicker
      onError?.(error, conflict)
    }
    left.add(conflict.id)
  }

  /** Whether it was decided. */
  async function decide(conflict: Conflict): Promise<boolean> {
    for (let round = 1; ; round++) {
      const seen = await rowNow(db, conflict)
      const choice = await answer({ ...conflict, remoteData: seen })
      if (choice === null || choice === undefined) return false
      try {
        await conflict.resolve(choice, seen)
        return true
      } catch (thrown) {
        if (toError(thrown, OP).kind !== 'conflict' || round === ROUNDS_MAX) throw thrown
      }
    }
  }

  async function answer(conflict: Conflict): Promise<ConflictChoice | null | undefined> {
    const resolver = resolvers[conflict.table]
    const late = new AbortController()
    const either = AbortSignal.any([signal, late.signal])
    const timer = setTimeout(() => {
      late.abort(
        failure('timeout', OP, `the resolver of ${conflict.table} took longer than ${timeout} ms`, 'raise its timeout'),
      )
    }, timeout)
    try {
      return await Promise.race([
        resolver?.(conflict, either),
        new Promise<never>((_, reject) => {
          either.addEventListener('abort', () => {
            reject(toError(either.reason, OP))
          })
        }),
      ])
    } finally {
      clearTimeout(timer)
    }
  }

  const running = db.ready
    .then(() => navigator.locks.request(`rockpool-resolver:${db.clientId}`, { signal }, work))
    .catch((thrown: unknown) => {
      if (!signal.aborted && toError(thrown, OP).kind !== 'closed') throw thrown
    })
  // Whoever stops it hears of what went wrong; nobody has to.
  running.catch(() => {})
  return () => {
    stopWatching()
    ending.abort(failure('cancelled', OP, 'the resolver was stopped'))
    return running
  }
}

/** The row of a conflict as it stands in this database, or null. */
async function rowNow<DB extends Tables>(db: Database<DB>, { table, key }: Conflict): Promise<Row | null> {
  const untyped = db as unknown as Database<UntypedTables> // a conflict's table is known at run time only
  return ((await untyped.from(table).select('*').where(key).all())[0] as Row | undefined) ?? null
}
