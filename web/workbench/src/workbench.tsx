import { useState } from 'react'
import { CacheSync, ConflictResolver, QueryBuilder, TransactionManager, useDatabase } from '@rockpool/react'
import { Devtools } from '@rockpool/react/devtools'

const tables = ['products', 'customers', 'orders', 'order_lines']

/** What the transaction manager is given: one that applies, one that a check refuses, one that may meet another's edit. */
const transactions = {
  order: (_contact: string) => [{ type: 'increment' as const, table: 'products', data: { id: 1, units_on_order: 1 } }],
  oversell: (_contact: string) => [
    { type: 'increment' as const, table: 'products', data: { id: 1, units_on_order: 1 } },
    { type: 'increment' as const, table: 'products', data: { id: 2, units_in_stock: -1_000_000 } },
  ],
  contact: (contact: string) => [{ type: 'update' as const, table: 'customers', data: { id: 'ALFKI', contact } }],
}
type Choice = keyof typeof transactions

/** Every component on one database, with what each one calls back. */
export function Workbench() {
  const { isConnected, connect, disconnect } = useDatabase()
  const [result, setResult] = useState<unknown>(null)
  const [choice, setChoice] = useState<Choice>('order')
  const [contact, setContact] = useState('Maria Anders')
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
        {result === null ? (
          <p className="soft">Run the query to see its rows.</p>
        ) : (
          <pre data-testid="query-result">
            {JSON.stringify(result, (_, v) => (typeof v === 'bigint' ? String(v) : v), 1)}
          </pre>
        )}
      </section>
      <section aria-label="Transaction manager">
        <h2>TransactionManager</h2>
        <div className="choices">
          <label>
            Transaction
            <select value={choice} onChange={({ target }) => setChoice(target.value as Choice)}>
              <option value="order">Order one more Chai</option>
              <option value="oversell">Sell more Chang than there is</option>
              <option value="contact">Change the contact of ALFKI</option>
            </select>
          </label>
          {choice === 'contact' && (
            <label>
              Contact
              <input value={contact} onChange={({ target }) => setContact(target.value)} />
            </label>
          )}
        </div>
        <TransactionManager
          operations={transactions[choice](contact)}
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
