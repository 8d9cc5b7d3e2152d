import { check } from '../check.ts'
import { StrictMode, Suspense, useState } from 'react'
import { createRoot } from 'react-dom/client'
import {
  CacheSync,
  ConflictResolver,
  DatabaseErrorBoundary,
  DatabaseProvider,
  QueryBuilder,
  TransactionManager,
  useDatabase,
  useHealth,
  useQuery,
  useSuspenseQuery,
  useTransaction,
} from '@rockpool/react'
import '@rockpool/react/styles.css'

function App() {
  return (
    <DatabaseProvider name="react" relay={{ url: '/sync' }}>
      <DatabaseErrorBoundary fallback={({ error, reset }) => <button onClick={reset}>{error.message}</button>}>
        <State />
        <Suspense fallback={<p>Loading</p>}>
          <Page />
        </Suspense>
      </DatabaseErrorBoundary>
    </DatabaseProvider>
  )
}

function State() {
  const { isConnected, disconnect, connect } = useDatabase()
  const { socket } = useHealth()
  return (
    <p>
      {isConnected ? 'Open' : 'Closed'}, {socket}{' '}
      <button onClick={() => (isConnected ? disconnect() : connect())}>{isConnected ? 'Close' : 'Open'}</button>
    </p>
  )
}

function Counts() {
  const { rows, error, retry } = useQuery('SELECT count(*) AS n FROM todos')
  if (error !== null) return <button onClick={retry}>{error.message}</button>
  return <p>{rows[0]?.n ?? 0} todos</p>
}

function Titles({ list }: { list: string }) {
  const { rows } = useSuspenseQuery('SELECT id, title FROM todos WHERE list_id = ? ORDER BY id', [list])
  return <ol aria-label="Titles">{rows.map((todo) => <li key={todo.id}>{todo.title}</li>)}</ol>
}

function Add() {
  const { run, status } = useTransaction()
  const add = () => run([{ type: 'insert', table: 'todos', data: { id: 'r1', list_id: 'home', title: 'Sweep' } }])
  return <button onClick={add}>Add ({status})</button>
}

function Page() {
  const [found, setFound] = useState(0)
  const [said, setSaid] = useState('nothing yet')
  return (
    <main>
      <CacheSync
        tables={['lists', 'todos']}
        syncInterval={30_000}
        onSyncComplete={({ updated, conflicts }) => setSaid(`${updated} updated, ${conflicts} conflicts`)}
        onConflict={({ table }) => setSaid(`a conflict in ${table}`)}
      />
      <Counts />
      <Titles list="home" />
      <Add />
      <QueryBuilder table="todos" onQuery={(rows) => setFound(rows.length)} onError={(error) => setSaid(error.message)} />
      <p>{found} found</p>
      <TransactionManager
        operations={[{ type: 'increment', table: 'todos', data: { id: 't1', stars: 1 } }]}
        onSuccess={(results) => setSaid(`${results.length} applied`)}
        onError={(error) => setSaid(error.message)}
        onRollback={() => setSaid('rolled back')}
        label="Star the plants"
      />
      <p role="log">{said}</p>
      <ConflictResolver />
    </main>
  )
}

createRoot(document.getElementById('root')!).render(<StrictMode><App /></StrictMode>)

check(0, 'end', 'end')
