import { useState } from 'react'
import { CacheSync, ConflictResolver, QueryBuilder, TransactionManager, useDatabase } from '@rockpool/react'
import { Devtools } from '@rockpool/react/devtools'

const tables = ['products', 'orders', 'order_lines']
const operations = [{ type: 'increment' as const, table: 'products', data: { id: 1, units_on_order: 1 } }]

/** Every component on one database, with what each one calls back. */
export function Workbench() {
  const { isConnected, connect, disconnect } = useDatabase()
  const [result, setResult] = useState<unknown>(null)
  const [log, setLog] = useState<readonly string[]>([])
  const say = (what: string, value?: unknown) => {
    const text =
      value === undefined ? what : `${what} ${JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v))}`
    setLog((lines) => [text, ...lines].slice(0, 50))
  }
  return (
    <div className="bench">
      <header>
        <h1>Workbench</h1>
        <p className="soft">
          The database is {isConnected ? 'open' : 'closed'}.{' '}
          <button type="button" className="button" onClick={() => void (isConnected ? disconnect() : connect())}>
            {isConnected ? 'Disconnect' : 'Connect'}
          </button>
        </p>
      </header>
      <section aria-label="Query builder">
        <h2>QueryBuilder</h2>
        <QueryBuilder table="products" onQuery={setResult} onError={(error) => say('query failed:', error.message)} />
        <pre data-testid="query-result">
          {JSON.stringify(result, (_, v) => (typeof v === 'bigint' ? String(v) : v), 1)}
        </pre>
      </section>
      <section aria-label="Transaction manager">
        <h2>TransactionManager</h2>
        <TransactionManager
          operations={operations}
          onSuccess={(results) => say('applied', results)}
          onError={(error) => say('failed:', error.message)}
          onRollback={() => say('rolled back')}
        />
      </section>
      <section aria-label="Cache sync">
        <h2>CacheSync</h2>
        <CacheSync
          tables={tables}
          syncInterval={30_000}
          onSyncComplete={(stats) => say('round', stats)}
          onConflict={(conflict) => say('conflict', conflict)}
        />
      </section>
      <section aria-label="Conflicts">
        <h2>ConflictResolver</h2>
        <ConflictResolver showSettled />
      </section>
      <section className="wide" aria-label="Devtools">
        <h2>Devtools</h2>
        <Devtools open />
      </section>
      <section className="wide" aria-label="What was called">
        <h2>Callbacks</h2>
        <pre aria-live="polite">{log.join('\n')}</pre>
      </section>
    </div>
  )
}
