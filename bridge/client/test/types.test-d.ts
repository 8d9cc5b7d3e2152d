/**
 * What must and must not compile, on types that rockpool generate wrote and on
 * those of a schema in code. types.test.ts has the compiler read this file twice:
 * as it is, and without its expectations, when each of them must be an error.
 * Nothing here runs.
 */

import {
  avg,
  col,
  count,
  declareSchema,
  defineSchema,
  fn,
  math,
  max,
  min,
  open,
  sql,
  sum,
  type Database,
  type InferTables,
} from '../src/index.ts'
import {
  schema as northwind,
  type Tables,
} from '../../../server/generate/generatetest/northwind/frompostgres/schema.ts'
import type {
  EveryTypeInsert,
  EveryTypeRow,
  Mood,
} from '../../../server/generate/generatetest/types/frompostgres/schema.ts'

const schema = defineSchema({
  todos: {
    key: ['id'],
    columns: {
      id: 'uuid',
      title: 'text',
      done: 'bool',
      due: 'date?',
      points: { type: 'int', strategy: 'delta', default: '0' },
    },
  },
})
type DB = NonNullable<typeof schema.types>
declare const db: Database<DB>
declare const shop: Database<Tables>
declare const untyped: Database
const same = <T>(_value: T): void => {}

export async function compiles(): Promise<void> {
  same<{ id: string; title: string; done: boolean; due: string | null; points: number }[]>(await db.from('todos').all())
  same<{ id: string; done: boolean }[]>(
    await db.from('todos').select('id', 'done').where('done', '=', true).orderBy('points', 'desc').all(),
  )
  same<{ n: number; total: number | null }[]>(
    await db
      .from('todos')
      .select({ n: count(), total: sum('points') })
      .all(),
  )
  same<{ id: string } | undefined>(
    await db
      .from('todos')
      .select('id')
      .where({ due: null, points: { '>': 3 }, title: ['a', 'b'] })
      .first(),
  )
  same<readonly { id: string }[]>(db.from('todos').select('id').live().get().rows)
  same<{ a: number }[]>(await db.sql<{ a: number }>`select 1 as a`)
  same<{ id: string }[]>(await db.run(db.from('todos').select('id')))
  const write = db.transaction(async (tx) => {
    await tx.insert('todos', { id: 'x', title: 'a', done: false })
    same<number>((await tx.update('todos', { id: 'x', title: 'b' })).points)
    same<string | undefined>((await tx.from('todos').first())?.title)
    return 7
  })
  same<number>(await write)
  same<string>((await write.confirmed).status)
  void sql`select ${1}`
}

export async function compilesGenerated(): Promise<void> {
  void open({ name: 'shop', schema: northwind }).then(same<Database<Tables>>)
  const products = shop.from('products')
  same<{ id: number; list: string }[]>(await products.select('id', 'products.price as list').all())
  same<{ name: string; category: string }[]>(
    await products
      .join('categories as c', 'c.id', 'products.category_id')
      .select('products.name', 'c.name as category')
      .where('c.name', 'like', 'B%')
      .where({ 'products.units_in_stock': { '>=': 3 }, discontinued: false })
      .orderBy('category')
      .all(),
  )
  same<{ id: string; company: string | null }[]>(
    await shop.from('orders').leftJoin('shippers', 'shippers.id', 'shipper_id').select('orders.id', 'company').all(),
  )
  const both = await shop.from('orders').join('customers', 'customers.id', 'customer_id').all()
  same<string | undefined>(both[0]?.company)
  const star = await shop
    .from('orders as o')
    .join('customers as c', 'c.id', 'o.customer_id')
    .select('c.*', 'o.number')
    .all()
  same<{ city: string; number: number | null } | undefined>(star[0])
  same<{ supplier_id: number; n: number; dear: string | null; spread: number }[]>(
    await products
      .select('supplier_id')
      .select({ n: count(), dear: max<string>('price'), spread: math(col('price'), '-', col('price')) })
      .groupBy('supplier_id')
      .having(count(), '>', 2)
      .orderBy(avg('units_in_stock'), 'desc')
      .all(),
  )
  same<{ loud: string }[]>(await products.select({ loud: fn<string>('upper', col('name')) }).all())
  const dynamic: string = 'name'
  void products.orderBy(col(dynamic)).where(col(dynamic))
  void products.where('id', 'in', shop.from('order_lines').select('product_id'))
  void shop.from('orders').where('shipped_on', 'is', null).orWhere('number', 'between', [1, 2])
  void shop.transaction(async (tx) => {
    same<number | null>((await tx.insert('orders', order)).number)
    await tx.increment('products', { id: 1, units_in_stock: -1 })
    await tx.delete('order_lines', { order_id: 'a', product_id: 1 })
  })
  same<Mood>('so so')
  same<Pick<EveryTypeRow, 'docb' | 'big' | 'counted'>>({ docb: '{}', big: 1n, counted: null })
  same<Partial<EveryTypeInsert>>({ docb: { a: [1] }, at_zone: new Date(0), exact: 1.5, feeling: 'sad' })
  // Without a schema any name goes, and the core says at run time which there are.
  const [row] = await untyped.from('anything').where('any.column', 'like', 'x').select('a', 'b as c').all()
  same<unknown>(row?.c)
  void declareSchema<Tables>({})
}

const order = {
  id: 'x',
  customer_id: 'ALFKI',
  ordered_on: '2026-01-02',
  ship_name: 'a',
  ship_city: 'b',
  ship_country: 'c',
}

export async function refuses(): Promise<void> {
  // @ts-expect-error there is no such table
  db.from('nothing')
  // @ts-expect-error there is no such column
  db.from('todos').select('id').where('nothing', '=', 1)
  // @ts-expect-error a boolean is compared to a boolean
  db.from('todos').where('done', '=', 'yes')
  // @ts-expect-error there is no such operator
  db.from('todos').where('points', '~', 1)
  // @ts-expect-error in takes a list
  db.from('todos').where('points', 'in', 1)
  // @ts-expect-error it was not selected
  ;(await db.from('todos').select('id').all())[0]?.title
  // @ts-expect-error there is no such type
  defineSchema({ t: { key: ['a'], columns: { a: 'varchar' } } })
  // @ts-expect-error rows are typed
  same<InferTables<{ t: { key: ['a']; columns: { a: 'int' } } }>['t']['row']>({ a: 'x' })
  // @ts-expect-error a column that an insert needs
  void db.transaction((tx) => tx.insert('todos', { id: 'x', done: true }))
}

export async function refusesGenerated(): Promise<void> {
  const products = shop.from('products')
  // @ts-expect-error there is no such table
  shop.from('product')
  // @ts-expect-error there is no such table
  products.join('supplier', 'supplier.id', 'supplier_id')
  // @ts-expect-error there is no such column to select
  products.select('id', 'nam')
  // @ts-expect-error there is no such column to rename
  products.select('nam as title')
  // @ts-expect-error the table is not in the query
  products.select('categories.name')
  // @ts-expect-error there is no such column of the table
  products.where('products.nam', '=', 'a')
  // @ts-expect-error there is no such column to sort by
  products.orderBy('nam')
  // @ts-expect-error there is no such column to group by
  products.groupBy('nam')
  // @ts-expect-error there is no such column in conditions
  products.where({ nam: 'a' })
  // @ts-expect-error a number is not compared to text
  products.where('units_in_stock', '>', 'many')
  // @ts-expect-error nor in conditions
  products.where({ units_in_stock: 'many' })
  // @ts-expect-error nor behind an operator in conditions
  products.where({ units_in_stock: { '>': 'many' } })
  // @ts-expect-error nor in a list
  products.where('units_in_stock', 'in', ['many'])
  // @ts-expect-error nor by its table's name
  products.where('products.units_in_stock', '=', 'many')
  // @ts-expect-error a number is not like a pattern
  products.where('units_in_stock', 'like', '1%')
  // @ts-expect-error truth has no order
  products.where('discontinued', '<', true)
  // @ts-expect-error a pattern is text
  products.where('name', 'like', 1)
  // @ts-expect-error between takes two
  products.where('id', 'between', [1])
  // @ts-expect-error there is no such column to join on
  products.join('suppliers', 'suppliers.id', 'supplier')
  // @ts-expect-error there is no such column to sum
  products.select({ total: sum('stock') })
  // @ts-expect-error nor within a function
  products.select({ loud: fn<string>('upper', col('nam')) }).orderBy(min('nam'))
  // @ts-expect-error nor to sort by
  products.orderBy(max('nam'))
  // @ts-expect-error a count is a number
  products.select('supplier_id').groupBy('supplier_id').having(count(), '>', 'two')
  // @ts-expect-error select dropped the column that is read
  ;(await products.select('id').first())?.name
  // @ts-expect-error also for those who watch
  products.select('id').live().get().rows[0]?.name
  // @ts-expect-error and behind its old name
  ;(await products.select('name as title').all())[0]?.name
  // @ts-expect-error and by db.run
  ;(await shop.run(products.select('id')))[0]?.name
  // @ts-expect-error rows without a partner have nulls
  same<{ company: string }[]>(await shop.from('orders').leftJoin('shippers', 'shippers.id', 'shipper_id').all())
  // @ts-expect-error a transaction has no live queries
  void shop.transaction(async (tx) => tx.from('products').live().get())
  // @ts-expect-error an insert without its key
  void shop.transaction((tx) => tx.insert('categories', { name: 'a', description: 'b' }))
  // @ts-expect-error a column of another table
  void shop.transaction((tx) => tx.insert('orders', { ...order, title: 'a' }))
  // @ts-expect-error an update without its key
  void shop.transaction((tx) => tx.update('orders', { note: 'a' }))
  // @ts-expect-error a text that is no label
  same<EveryTypeInsert['feeling']>('angry')
}
