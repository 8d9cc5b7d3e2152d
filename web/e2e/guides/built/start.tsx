import { check } from '../check.ts'
import { createRoot } from 'react-dom/client'
import { CacheSync, DatabaseErrorBoundary, DatabaseProvider, useDatabase, useQuery } from '@rockpool/react'
import '@rockpool/react/styles.css'

function Todos() {
  const { executeTransaction } = useDatabase()
  const { rows, isPending } = useQuery('SELECT id, title, stars FROM todos WHERE done = 0 ORDER BY stars DESC, id')
  if (isPending) return <p>Loading</p>
  return (
    <ul>
      {rows.map((todo) => (
        <li key={todo.id}>
          {todo.title} ({todo.stars}){' '}
          <button
            type="button"
            aria-label={`Star ${todo.title}`}
            onClick={() => executeTransaction([{ type: 'increment', table: 'todos', data: { id: todo.id, stars: 1 } }])}
          >
            ★
          </button>
        </li>
      ))}
    </ul>
  )
}

function App() {
  return (
    <DatabaseProvider name="start" relay={{ url: '/sync' }}>
      <DatabaseErrorBoundary>
        <CacheSync tables={['lists', 'todos']} onSyncComplete={() => {}} onConflict={() => {}} />
        <Todos />
      </DatabaseErrorBoundary>
    </DatabaseProvider>
  )
}

createRoot(document.getElementById('root')!).render(<App />)

check(0, 'end', 'end')
