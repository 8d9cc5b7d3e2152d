declare function getToken(): Promise<string>
import { check } from '../check.ts'
import { DatabaseProvider, useDatabase, useQuery } from '@rockpool/react'

function App() {
  return (
    <DatabaseProvider name="shop" relay={{ url: 'wss://relay.example/sync', token: getToken }}>
      <Products />
    </DatabaseProvider>
  )
}

function Products() {
  const { executeTransaction } = useDatabase()
  const { rows } = useQuery('SELECT id, name, units_in_stock FROM products WHERE units_in_stock > ? ORDER BY name', [0])
  return rows.map((p) => (
    <button key={p.id} onClick={() => executeTransaction([{ type: 'increment', table: 'products', data: { id: p.id, units_in_stock: -1 } }])}>
      {p.name}: {p.units_in_stock}
    </button>
  ))
}

check(0, 'end', 'end')
