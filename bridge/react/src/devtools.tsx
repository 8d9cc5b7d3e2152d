/** <Devtools>: what the database is doing, in a corner of the page. */

import { useEffect, useState } from 'react'
import type { Stats } from '@rockpool/client'
import { useClient } from './context.ts'
import { useHealth, useOutbox, useSyncStatus } from './use-watched.ts'

export interface DevtoolsProps {
  /** Milliseconds between readings of the figures. Default 1000. */
  readonly interval?: number
  readonly open?: boolean
}

const LANES = ['interactive', 'live', 'bulk'] as const

/** Health, lanes, caches, the outbox and the slowest statements. */
export function Devtools({ interval = 1_000, open = false }: DevtoolsProps) {
  const client = useClient()
  const health = useHealth(),
    sync = useSyncStatus(),
    outbox = useOutbox()
  const [isOpen, setOpen] = useState(open)
  const [stats, setStats] = useState<Stats | null>(null)
  useEffect(() => {
    if (client === null || !isOpen) return
    let isCurrent = true
    const read = () => {
      client.stats().then(
        (next) => {
          if (isCurrent) setStats(next)
        },
        () => {},
      )
    } // health shows why
    read()
    const timer = setInterval(read, interval)
    return () => {
      isCurrent = false
      clearInterval(timer)
    }
  }, [client, isOpen, interval])
  return (
    <details
      className="rp-devtools"
      open={isOpen}
      onToggle={(event) => {
        setOpen(event.currentTarget.open)
      }}
      data-testid="devtools"
    >
      <summary>
        Database: {health.database}, {health.role}; relay: {health.socket}; {sync.pending} pending
      </summary>
      {stats !== null && (
        <dl>
          <dt>Connections</dt>
          <dd>
            {stats.pool.writers} writer, {stats.pool.readers} readers, {stats.pool.busy} busy
          </dd>
          {stats.pool.lanes.map((lane) => (
            <div key={lane.lane}>
              <dt>Lane {LANES[lane.lane]}</dt>
              <dd>
                {lane.waiting} of {lane.limit} waiting, {lane.done} done, {lane.refused} refused, longest wait{' '}
                {(lane.waitMax / 1000).toFixed(1)} ms
              </dd>
            </div>
          ))}
          <dt>Statements</dt>
          <dd>
            {stats.statements.entries} kept, {stats.statements.hits} hits, {stats.statements.misses} misses
          </dd>
          <dt>Live queries</dt>
          <dd>{stats.live}</dd>
          <dt>Storage</dt>
          <dd>
            {(stats.fileBytes / 1024).toFixed(0)} KiB, WAL {(stats.walBytes / 1024).toFixed(0)} KiB, {stats.flushes}{' '}
            flushes
          </dd>
          <dt>Heap</dt>
          <dd>
            {(stats.heapBytes / 1048576).toFixed(1)} of {(stats.heapLimit / 1048576).toFixed(0)} MiB
          </dd>
        </dl>
      )}
      <ol aria-label="Outbox">
        {outbox.slice(-10).map((entry) => (
          <li key={entry.mid} data-state={entry.state}>
            {entry.mid}: {entry.state}, {entry.operations.length} operations {entry.detail}
          </li>
        ))}
      </ol>
      {stats !== null && (
        <ol aria-label="Slowest statements">
          {stats.slowest.map((one) => (
            <li key={one.sql}>
              <code>{one.sql}</code> {(one.max / 1000).toFixed(1)} ms at most, {one.runs} runs
            </li>
          ))}
        </ol>
      )}
    </details>
  )
}
