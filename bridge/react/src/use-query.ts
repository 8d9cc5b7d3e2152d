/** useQuery and useSuspenseQuery: rows that follow the database. */

import { use, useMemo, useSyncExternalStore } from 'react'
import {
  toError,
  type LiveQuery,
  type LiveSnapshot,
  type QueryInput,
  type RockpoolError,
  type RowOf,
} from '@rockpool/client'
import { useConnection, useStore } from './context.ts'
import { withRetry } from './retries.ts'
import { toText } from './words.ts'

/** What a query may be: built, a template's statement, text with parameters; null for none. */
export type QuerySource = QueryInput | string | null | undefined | false

/** The rows of a source. */
export type RowsOf<Q> = Q extends QueryInput ? RowOf<Q> : Record<string, any>

/** A query's state. Rows of the last good state stay while there is an error. */
export interface QueryState<R> {
  readonly rows: readonly R[]
  readonly status: 'disabled' | 'pending' | 'ready' | 'error'
  readonly isPending: boolean
  readonly error: RockpoolError | null
  /** Runs it again after an error. */
  readonly retry: () => void
}

/** Options of useQuery. */
export interface UseQueryOptions {
  /** False reads nothing. Default true. */
  readonly enabled?: boolean
  /** Throws an error that comes before the first rows to the boundary. Default false. */
  readonly throwOnError?: boolean
}

const EMPTY: readonly never[] = []
const NOTHING: LiveSnapshot<never> = { status: 'pending', rows: EMPTY, error: null }
const getNothing = (): LiveSnapshot<never> => NOTHING
const subscribeToNothing = (): (() => void) => () => {}
const doNothing = (): void => {}

/** What cannot even be asked for (a parameter that is no value, too many queries), in the shape of a live query. */
function failed(error: RockpoolError): LiveQuery<object> {
  const snapshot: LiveSnapshot<object> = { status: 'error', rows: EMPTY, error, hasRows: false }
  return {
    get: () => snapshot,
    subscribe: subscribeToNothing,
    each: () => doNothing,
    ready: Promise.resolve(),
    retry: doNothing,
  }
}

/** The live query of a source. Keyed by value: another object of the same query finds the same entry. */
function useLive(
  source: QuerySource,
  params: readonly unknown[] | undefined,
  isEnabled: boolean,
): LiveQuery<object> | null {
  const { database, state, error } = useConnection()
  if (state === 'failed' && error !== null) throw error
  const paramsKey = toText(params)
  // biome-ignore lint/correctness/useExhaustiveDependencies: params count by value, through paramsKey
  return useMemo(() => {
    if (database === null || !isEnabled || source === null || source === undefined || source === false) return null
    try {
      return database.live(
        typeof source === 'string' ? { sql: source, params: params ?? [] } : source,
      ) as LiveQuery<object> // the rows' type is restored by the hook
    } catch (thrown) {
      return failed(toError(thrown, 'watch a query'))
    }
  }, [database, source, paramsKey, isEnabled])
}

function useSnapshot(live: LiveQuery<object> | null): LiveSnapshot<object> {
  return useSyncExternalStore<LiveSnapshot<object>>(
    live?.subscribe ?? subscribeToNothing,
    live?.get ?? getNothing,
    getNothing,
  )
}

/**
 * Follows a query: re-renders when its rows change, with unchanged rows as the
 * same objects. On servers and before the connection it is pending and empty.
 *
 * @throws to the boundary: a connection that failed for good.
 * @example
 * const { rows, isPending } = useQuery(sql`select * from todos where done = ${done}`)
 */
export function useQuery<Q extends QuerySource>(
  source: Q,
  params?: readonly unknown[] | UseQueryOptions,
  options?: UseQueryOptions,
): QueryState<RowsOf<Q>> {
  const values = Array.isArray(params) ? (params as readonly unknown[]) : undefined
  const { enabled = true, throwOnError = false } =
    (values === undefined ? (params as UseQueryOptions | undefined) : options) ?? {}
  const live = useLive(source, values, enabled)
  const snapshot = useSnapshot(live)
  if (throwOnError && snapshot.status === 'error' && !snapshot.hasRows)
    throw withRetry(snapshot.error, () => {
      live?.retry()
    })
  const isOff = !enabled || source === null || source === undefined || source === false
  return useMemo(
    () => ({
      rows: snapshot.rows as readonly RowsOf<Q>[], // the query's own rows
      status: isOff ? 'disabled' : snapshot.status,
      isPending: !isOff && snapshot.status === 'pending',
      error: snapshot.error,
      retry: live?.retry.bind(live) ?? doNothing,
    }),
    [snapshot, isOff, live],
  )
}

/**
 * As useQuery, but suspends until the first rows are there; the promise lives
 * in the store. An error before that goes to the boundary, one after it is in
 * the result. On servers the rows are empty.
 */
export function useSuspenseQuery<Q extends Exclude<QuerySource, null | undefined | false>>(
  source: Q,
  params?: readonly unknown[],
): QueryState<RowsOf<Q>> {
  const store = useStore()
  const isServer = typeof window === 'undefined'
  if (!isServer) store.begin() // the provider's effect has not run when its whole tree suspends
  const live = useLive(source, params, true)
  const snapshot = useSnapshot(live)
  if (!isServer && live === null) use(opening(store))
  if (!isServer && live !== null && snapshot.status === 'pending') use(live.ready)
  if (snapshot.status === 'error' && !snapshot.hasRows)
    throw withRetry(snapshot.error, () => {
      live?.retry()
    })
  return useMemo(
    () => ({
      rows: snapshot.rows as readonly RowsOf<Q>[], // as above
      status: snapshot.status,
      isPending: false,
      error: snapshot.error,
      retry: live?.retry.bind(live) ?? doNothing,
    }),
    [snapshot, live],
  )
}

const openings = new WeakMap<object, Promise<void>>()

/** Resolves when the store has a database or a verdict: one promise a store, so that renders wait on the same one. */
function opening(store: ReturnType<typeof useStore>): Promise<void> {
  let promise = openings.get(store)
  if (promise === undefined) {
    promise = store
      .database()
      .then(doNothing, doNothing)
      .finally(() => {
        openings.delete(store)
      })
    openings.set(store, promise)
  }
  return promise
}
