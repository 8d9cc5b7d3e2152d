/** useLiveQuery: useQuery with a warm start. */

import { useEffect, useSyncExternalStore } from 'react'
import { useConnection, useStore } from '../context.ts'
import { useQuery, type QuerySource, type QueryState, type RowsOf, type UseQueryOptions } from '../use-query.ts'
import { subscribeToNothing } from '../use-readable.ts'
import { toText } from '../words.ts'
import { warmRowsOf } from './warm-rows.ts'

/** A query's state, which may be that of the last visit. */
export interface LiveQueryState<R, T = readonly R[]> extends QueryState<R, T> {
  /** The rows are those of the last visit: the database has not answered yet. */
  readonly isStale: boolean
}

const nothing = () => undefined

/**
 * As useQuery, and its last rows are kept on this device: on the next visit they are on screen with the first paint, before
 * the engine has booted, and `isStale` until the database answers; rows that are the same then stay.
 *
 * None are kept of a database with a key, of one in memory, and of one whose relay asks for a token without that `user` says
 * whose file it is; nor lists beyond WARM_QUERY_MAX, or with bytes or integers beyond ±(2^53 − 1). `signOut` and `reset` erase
 * them.
 *
 * @throws as useQuery.
 */
export function useLiveQuery<Q extends QuerySource, T = readonly RowsOf<Q>[]>(
  source: Q,
  params?: readonly unknown[] | UseQueryOptions<RowsOf<Q>, T>,
  options?: UseQueryOptions<RowsOf<Q>, T>,
): LiveQueryState<RowsOf<Q>, T> {
  const store = useStore()
  const { database } = useConnection()
  const warm = warmRowsOf(store.options)
  const given = (Array.isArray(params) ? options : (params as UseQueryOptions<RowsOf<Q>, T> | undefined)) ?? {}
  const values = Array.isArray(params) ? params : []
  const key = warm === null ? undefined : keyOf(source, values)
  const read = () => (key === undefined ? undefined : warm?.get(key))
  const kept = useSyncExternalStore(subscribeToNothing, read, nothing) as readonly RowsOf<Q>[] | undefined // of this very query
  const placeholder = kept ?? given.placeholder
  const state = useQuery(source, values, placeholder === undefined ? given : { ...given, placeholder })
  useEffect(() => database?.erasing.on(warm?.erase ?? nothing), [database, warm])
  const { status, isPlaceholder, rows } = state
  useEffect(() => {
    if (status === 'ready' && !isPlaceholder && key !== undefined) warm?.keep(key, rows)
  }, [warm, key, status, isPlaceholder, rows])
  return { ...state, isStale: isPlaceholder && rows === kept }
}

/** A query's value as text, or undefined for none. */
function keyOf(source: QuerySource, values: readonly unknown[]): string | undefined {
  if (!source) return undefined
  if (typeof source === 'string') return toText([source, values])
  try {
    return toText('ast' in source ? source.ast : [source.sql, source.params ?? []])
  } catch {
    return undefined // a model's call before the schema is known
  }
}
