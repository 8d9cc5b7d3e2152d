import { useConflicts, useHealth, useSyncStatus } from '@rockpool/react'

const socketText = {
  idle: 'Not connected',
  connecting: 'Connecting…',
  open: 'Live',
  backoff: 'Offline',
  closed: 'Offline',
  refused: 'Refused by the relay',
} as const

/** Where the data stands: the connection, what waits to be sent, what needs a person. */
export function StatusBar() {
  const health = useHealth()
  const sync = useSyncStatus()
  const open = useConflicts().filter((c) => c.isOpen).length
  const live = health.socket === 'open'
  const tone = live ? 'is-live' : health.socket === 'refused' ? 'is-off' : 'is-waiting'
  return (
    <div style={{ display: 'flex', gap: '0.4rem', flexWrap: 'wrap' }} role="status" aria-label="Connection">
      {open > 0 && (
        <a className="pill is-note" href="#/conflicts" data-testid="conflicts">
          {open} need{open === 1 ? 's' : ''} you
        </a>
      )}
      {sync.failed > 0 && (
        <a className="pill is-note" href="#/conflicts" data-testid="refused">
          {sync.failed} not accepted
        </a>
      )}
      {sync.pending > 0 && (
        <span className="pill is-waiting" data-testid="pending">
          <span className="num">{sync.pending}</span> to send
        </span>
      )}
      <span className={`pill ${tone}`} data-testid="connection" title={health.error?.message}>
        {socketText[health.socket]}
      </span>
    </div>
  )
}
