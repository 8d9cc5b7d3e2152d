/** useQuery and useSuspenseQuery: rows that follow the database. */

import { use, useEffect, useMemo, useRef } from 'react'
import {
  toError,
  type LiveQuery,
  type LiveSnapshot,
  type QueryInput,
  type RockpoolError,
  type RowOf,
} from '@rockpool/client'
import { isSame } from '@rockpool/client/identity'
import { useConnection, useStore } from './context.ts'
import { withRetry } from './retries.ts'
import { subscribeToNothing, useReadable } from './use-readable.ts'
import { toText } from './words.ts'

/** What a query may be: built, a template's statement, text with parameters; null for none. */
export type QuerySource = QueryInput | string | null | undefined | false

/** The rows of a source. */
export type RowsOf<Q> = Q extends QueryInput ? RowOf<Q> : Record<string, any>

/** A query's state. Rows of the last good state stay while there is an error. */
export interface QueryState<R, T = readonly R[]> {
  readonly rows: readonly R[]
  /** What `select` makes of the rows, and the same until they change; the rows without it. */
  readonly data: T
  /** The rows are the placeholder's, or another query's of before. */
  readonly isPlaceholder: boolean
  readonly status: 'disabled' | 'pending' | 'ready' | 'error'
  readonly isPending: boolean
  readonly error: RockpoolError | null
  /** Runs it again after an error. */
  readonly retry: () => void
}

/** Options of useQuery and useSuspenseQuery. */
export interface SelectOptions<R, T> {
  /** What `data` is. It is called again when the rows or the function change; lists and plain objects that are as before stay the same ones. */
  readonly select?: (rows: readonly R[]) => T
}

/** Options of useQuery. */
export interface UseQueryOptions<R = any, T = readonly R[]> extends SelectOptions<R, T> {
  /** False reads nothing. Default true. */
  readonly enabled?: boolean
  /** Throws an error that comes before the first rows to the boundary. Default false. */
  readonly throwOnError?: boolean
  /** Shown until the first rows are there. */
  readonly placeholder?: readonly R[]
  /** When the query becomes another one, shows the last rows of before until the first of its own are there; never those of another database or user. Default false. */
  readonly keepPreviousData?: boolean
}

const EMPTY: readonly never[] = []
const NOTHING: LiveSnapshot<never> = { status: 'pending', rows: EMPTY, error: null }
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

/** The state of a query as a hook returns it: the same object until it changes. */
function useResult<R, T>(
  snapshot: LiveSnapshot<object>,
  live: LiveQuery<object> | null,
  isOff: boolean,
  { select, placeholder, keepPreviousData = false }: UseQueryOptions<R, T>,
): QueryState<R, T> {
  const store = useStore()
  const before = useRef<{ readonly of: object; readonly rows: readonly object[] } | null>(null)
  useEffect(() => {
    if (snapshot.status === 'ready' || (snapshot.status === 'error' && snapshot.hasRows))
      before.current = { of: store, rows: snapshot.rows }
  }, [snapshot, store])
  const isPending = !isOff && snapshot.status === 'pending'
  const last = keepPreviousData && before.current?.of === store ? before.current.rows : null
  const standIn = isPending ? (last ?? placeholder) : undefined
  const rows = (standIn ?? snapshot.rows) as readonly R[] // the query's own rows
  const made = useMemo(() => (select === undefined ? rows : select(rows)) as T, [rows, select]) // T is the rows' type without it
  const shown = useRef(made)
  const data = useMemo(
    () => (select !== undefined && isSame(shown.current, made) ? shown.current : made),
    [made, select],
  )
  useEffect(() => {
    shown.current = data
  }, [data])
  return useMemo(
    () => ({
      rows,
      data,
      isPlaceholder: standIn !== undefined,
      status: isOff ? 'disabled' : standIn === undefined ? snapshot.status : 'ready',
      isPending: isPending && standIn === undefined,
      error: snapshot.error,
      retry: live?.retry.bind(live) ?? doNothing,
    }),
    [snapshot, rows, data, standIn, isPending, isOff, live],
  )
}

/** Parameters may be left out before options. */
function argumentsOf<O>(
  params: readonly unknown[] | O | undefined,
  options: O | undefined,
): [readonly unknown[] | undefined, Partial<O>] {
  return Array.isArray(params) ? [params, options ?? {}] : [undefined, (params as O | undefined) ?? {}]
}

/** An error before the first rows is the boundary's. */
function throwBeforeRows(snapshot: LiveSnapshot<object>, live: LiveQuery<object> | null): void {
  if (snapshot.status === 'error' && !snapshot.hasRows)
    throw withRetry(snapshot.error, () => {
      live?.retry()
    })
}

/**
 * Follows a query: re-renders when its rows change, with unchanged rows as the
 * same objects. On servers and before the connection it is pending and empty.
 *
 * @throws to the boundary: a connection that failed for good.
 * @example
 * const { rows, isPending } = useQuery(sql`select * from todos where done = ${done}`)
 */
export function useQuery<Q extends QuerySource, T = readonly RowsOf<Q>[]>(
  source: Q,
  params?: readonly unknown[] | UseQueryOptions<RowsOf<Q>, T>,
  options?: UseQueryOptions<RowsOf<Q>, T>,
): QueryState<RowsOf<Q>, T> {
  const [values, given] = argumentsOf(params, options)
  const { enabled = true, throwOnError = false } = given
  const live = useLive(source, values, enabled)
  const snapshot = useReadable<LiveSnapshot<object>>(live, NOTHING)
  if (throwOnError) throwBeforeRows(snapshot, live)
  const isOff = !enabled || source === null || source === undefined || source === false
  return useResult(snapshot, live, isOff, given)
}

/**
 * As useQuery, but suspends until the first rows are there; the promise lives
 * in the store. An error before that goes to the boundary, one after it is in
 * the result. On servers the rows are empty.
 */
export function useSuspenseQuery<Q extends Exclude<QuerySource, null | undefined | false>, T = readonly RowsOf<Q>[]>(
  source: Q,
  params?: readonly unknown[] | SelectOptions<RowsOf<Q>, T>,
  options?: SelectOptions<RowsOf<Q>, T>,
): QueryState<RowsOf<Q>, T> {
  const [values, given] = argumentsOf(params, options)
  const store = useStore()
  const isServer = typeof window === 'undefined'
  if (!isServer) store.begin() // the provider's effect has not run when its whole tree suspends
  const live = useLive(source, values, true)
  const snapshot = useReadable<LiveSnapshot<object>>(live, NOTHING)
  if (!isServer && live === null) use(waiting(store, opening(store)))
  if (!isServer && live !== null && snapshot.status === 'pending') use(waiting(store, live.ready))
  throwBeforeRows(snapshot, live)
  return useResult(snapshot, live, false, given)
}

const waits = new WeakSet<Promise<void>>()

/** Keeps the connection while a render waits: its provider may be in the tree that is suspended, and then holds nothing. */
function waiting(store: ReturnType<typeof useStore>, promise: Promise<void>): Promise<void> {
  if (!waits.has(promise)) {
    waits.add(promise)
    const release = store.hold()
    promise.then(release, release)
  }
  return promise
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
