/** A small schema and rows for tests. */

import { decodeSchema, encodeSchema } from '../src/gen/schema.ts'
import { defineSchema } from '../src/schema.ts'
import { FakeStore } from './fake-store.ts'
import './page-tables.ts'

export const schema = defineSchema({
  products: {
    key: ['id'],
    columns: {
      id: 'int',
      name: 'text',
      price: 'float',
      active: 'bool',
      stock: { type: 'int', strategy: 'delta' },
      note: 'text?',
    },
  },
  orders: { key: ['id'], columns: { id: 'int', product_id: 'int', amount: 'int' } },
})

export function shopStore(): FakeStore {
  const row = (id: number, name: string, price: number, active: number) => ({
    id,
    name,
    price,
    active,
    stock: 10,
    note: null,
  })
  return new FakeStore(decodeSchema(encodeSchema(schema.tables)), {
    products: [row(1, 'chai', 18, 1), row(2, 'chang', 19, 0), row(3, 'aniseed', 10, 1)],
  })
}
