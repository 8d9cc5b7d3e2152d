/** <CacheSync>: keeps tables in step, and tells what changed. */

import { useCallback, useEffect, useState } from 'react'
import type { Conflict, Database, SocketState, SyncStats } from '@rockpool/client'
import { useClient } from './context.ts'
import { useLatest } from './use-latest.ts'
import { useHealth, useSyncStatus } from './use-watched.ts'
import { asError } from './words.ts'

/** The seed's props, and optional ones. `any` is the seed's own. */
export interface CacheSyncProps {
  tables: string[]
  /** Milliseconds between forced rounds (push, compare with the relay's head), beside the live tail. None by default. */
  syncInterval?: number
  /** Once a round: rows that remote changes altered since the last call, and this client's writes that met others'. */
  onSyncComplete: (stats: { updated: number; conflicts: number }) => void
  /** Once a conflict of these tables. Merges of different columns are counted, not told. */
  onConflict: (conflict: { table: string; localData: any; remoteData: any }, whole?: Conflict) => void
  /** Follows each table as a shape of its name. Default true; false where the app follows its own shapes. */
  follow?: boolean
  /** Shows nothing. Default false. */
  hidden?: boolean
}

/** Where the tables stand, in words. */
function standing(socket: SocketState, isWhole: boolean): string {
  if (socket === 'idle') return 'Not connected'
  if (socket !== 'open') return 'Offline'
  return isWhole ? 'In step' : 'Loading'
}

/** Follows the tables, syncs them in the background, and shows where that stands. */
export function CacheSync({
  tables,
  syncInterval,
  onSyncComplete,
  onConflict,
  follow = true,
  hidden = false,
}: CacheSyncProps) {
  const client = useClient()
  const status = useSyncStatus()
  const health = useHealth()
  const [last, setLast] = useState<SyncStats | null>(null)
  const [problem, setProblem] = useState<unknown>(null)
  const latest = useLatest({ tables, onSyncComplete, onConflict })
  const key = JSON.stringify([...tables].sort())

  useEffect(() => {
    if (client === null || !follow) return
    const subscriptions = (JSON.parse(key) as string[]).map((table) => client.sync.subscribe(table)) // key is made just above
    for (const subscription of subscriptions) subscription.ready.catch(setProblem)
    return () => {
      for (const subscription of subscriptions) subscription.stop().catch(() => {})
    } // a closed database follows nothing
  }, [client, key, follow])

  useEffect(() => {
    if (client === null) return
    const stops = [
      client.sync.on('round', (stats) => {
        setLast(stats)
        latest.current.onSyncComplete(stats)
      }),
      client.conflicts.onConflict((conflict) => {
        if (latest.current.tables.includes(conflict.table))
          latest.current.onConflict(
            { table: conflict.table, localData: conflict.localData, remoteData: conflict.remoteData },
            conflict,
          )
      }),
    ]
    return () => {
      for (const stop of stops) stop()
    }
  }, [client, latest])

  const round = useCallback(async (database: Database<any>) => {
    try {
      await database.sync.now()
      setProblem(null)
    } catch (thrown) {
      setProblem(thrown)
    }
  }, [])

  useEffect(() => {
    if (client === null || syncInterval === undefined || syncInterval <= 0) return
    let isRunning = false
    const timer = setInterval(() => {
      if (isRunning) return // a slow round is not overtaken by the next one
      isRunning = true
      void round(client).finally(() => {
        isRunning = false
      })
    }, syncInterval)
    return () => {
      clearInterval(timer)
    }
  }, [client, syncInterval, round])

  if (hidden) return null
  const shapes = status.shapes.filter((shape) => tables.includes(shape.table))
  const loaded = shapes.reduce((sum, shape) => sum + shape.rowsLoaded, 0),
    total = shapes.reduce((sum, shape) => sum + shape.rowsTotal, 0)
  const isLoading = shapes.some((shape) => !shape.isReady && shape.error === null)
  // A table that is followed and of which nothing is told yet is not in step either.
  const isWhole = follow
    ? tables.every((table) => shapes.some((shape) => shape.table === table && (shape.isReady || shape.error !== null)))
    : !isLoading
  return (
    <section className="rp-sync" aria-label="Synchronisation" data-testid="cache-sync">
      <div className="rp-row">
        <span className={`rp-dot rp-dot-${health.socket}`} aria-hidden="true" />
        <span role="status" data-socket={health.socket} data-pending={status.pending}>
          {standing(health.socket, isWhole)}
          {status.pending > 0 && `, ${status.pending} waiting to be sent`}
          {status.parked > 0 && `, ${status.parked} in conflict`}
        </span>
        <button type="button" disabled={client === null} onClick={() => client && void round(client)}>
          Sync now
        </button>
        <button
          type="button"
          disabled={client === null}
          aria-pressed={status.isPaused}
          onClick={() => {
            ;(status.isPaused ? client?.sync.resume() : client?.sync.pause())?.catch(() => {})
          }}
        >
          {status.isPaused ? 'Resume' : 'Pause'}
        </button>
      </div>
      {isLoading && <progress aria-label="Rows loaded" {...(total > 0 ? { value: loaded, max: total } : {})} />}
      {last !== null && (
        <p className="rp-soft">
          Last round: {last.updated} rows updated, {last.conflicts} conflicts
        </p>
      )}
      {problem !== null && <p className="rp-problem">{asError(problem).message}</p>}
    </section>
  )
}
