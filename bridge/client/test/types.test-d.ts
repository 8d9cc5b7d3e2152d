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
  max,
  min,
  open,
  sql,
  sum,
  type Database,
  type InferTables,
} from '../src/index.ts'
import {
  after,
  and,
  countOf,
  exists,
  follow,
  include,
  json,
  math,
  not,
  or,
  raw,
  related,
  scalar,
  some,
  when,
} from '../src/expr/index.ts'
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

type Led<Row, Relations> = { row: Row; insert: Row; update: Row; relations: Relations }
interface Person {
  id: number
  name: string
  boss_id: number | null
  doc: string | null
}
interface Sale {
  id: number
  person_id: number | null
  paid: boolean
  total: number
}
type Staff = {
  people: Led<Person, { boss: 'people'; sales: 'sales[]' }>
  sales: Led<Sale, { person: 'people' }>
}
declare const staff: Database<Staff>

export async function compilesExpressions(): Promise<void> {
  const people = staff.from('people')
  const sales = staff.from('sales')
  same<Person[]>(await people.where((q) => or(q('id', '>', 1), not(q('name', 'like', 'A%')), and())).all())
  void people.where((q) => q('boss_id', '=', q('people.id'))).where((q) => q(fn<string>('lower', q('name')), '=', 'a'))
  void people.where((q) => q(json<number>(q('doc'), 'floor'), '>', 3)).where((q) => raw`${q('name')} glob ${'A*'}`)
  void people.where((q) => exists(sales.where((s) => s('person_id', '=', q('people.id')))))
  void people.where((q) => some(q, 'sales', (sale) => and(sale('paid', '=', true), sale('sales.total', '>', 3))))
  void people.where((q) => some(q, 'people.boss as b', { 'b.name': { like: 'A%' } }))
  void people.orderBy('boss_id', 'desc nulls last').orderBy((q) => fn('lower', q('name')))
  void sales.groupBy((q) => q('paid')).having((q) => q(count(), '>', 2))
  same<{ id: number; name: string }[]>(
    await sales
      .join('people as p', (q) => and(q('p.id', '=', q('person_id')), q('paid', '=', true)))
      .select('sales.id', 'name')
      .all(),
  )
  same<{ total: number; name: string | null }[]>(
    await sales
      .leftJoin((q) => related(q, 'person'))
      .select('total', 'person.name')
      .all(),
  )
  same<{ total: number | null; name: string }[]>(
    await sales.rightJoin('people', 'people.id', 'person_id').select('total', 'name').all(),
  )
  same<{ total: number | null; name: string | null }[]>(
    await sales
      .fullJoin((q) => related(q, 'person as p'))
      .select('total', 'p.name')
      .all(),
  )
  same<
    { name: string; boss: Person | null; sales: { total: number }[]; n: number; sum: number | null; is: 'a' | 'b' }[]
  >(
    await people
      .select('name')
      .select((q) => ({
        boss: include(q, 'boss'),
        sales: include(q, 'sales', (rows) => rows.select('total').orderBy('total').limit(2)),
        n: countOf(q, 'sales', { paid: true }),
        sum: scalar(follow(q, 'sales').select({ total: sum('total') })),
        is: when(q('id', '=', 1), 'a' as const, 'b' as const),
      }))
      .all(),
  )
  const page = await people.orderBy('id').limit(2).all()
  same<Person[]>(await after(people.orderBy('id').limit(2), page.at(-1)).all())
  // Without relations any name may be one, and what it leads to is not known.
  void shop.from('orders').where((q) => some(q, 'customer'))
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

export async function refusesExpressions(): Promise<void> {
  const people = staff.from('people')
  const sales = staff.from('sales')
  // @ts-expect-error there is no such column
  people.where((q) => q('nam', '=', 'a'))
  // @ts-expect-error nor within another condition
  people.where((q) => or(q('id', '=', 1), q('nam', '=', 'a')))
  // @ts-expect-error a number is not compared to text
  people.where((q) => q('id', '=', 'a'))
  // @ts-expect-error nor to a column of text
  people.where((q) => q('id', '=', q('name')))
  // @ts-expect-error nor is what a function makes of it
  people.where((q) => q(fn<string>('lower', q('name')), '=', 1))
  // @ts-expect-error a number is not like a pattern
  people.where((q) => not(q('id', 'like', '1%')))
  // @ts-expect-error a text is no condition
  people.where((q) => q('name'))
  // @ts-expect-error nor is it one of several
  people.where((q) => or(q('name')))
  // @ts-expect-error there is no such relation
  people.where((q) => some(q, 'sale'))
  // @ts-expect-error there is no such column of what it leads to
  people.where((q) => some(q, 'sales', (sale) => sale('name', '=', 'a')))
  // @ts-expect-error nor in its conditions
  people.where((q) => some(q, 'sales', { name: 'a' }))
  // @ts-expect-error a boolean is compared to a boolean
  people.where((q) => some(q, 'sales', { paid: 'yes' }))
  // @ts-expect-error the table to join is not there
  sales.join('persons', (q) => q('total', '=', 1))
  // @ts-expect-error there is no such column to join on
  sales.join('people', (q) => q('people.nam', '=', 'a'))
  // @ts-expect-error there is no such relation to join
  sales.join((q) => related(q, 'people'))
  // @ts-expect-error rows without a partner have nulls, on the left
  same<{ total: number }[]>(await sales.rightJoin('people', 'people.id', 'person_id').select('total').all())
  // @ts-expect-error and on both sides
  same<{ name: string }[]>(await sales.fullJoin('people', 'people.id', 'person_id').select('name').all())
  // @ts-expect-error there is no such direction
  people.orderBy('name', 'desc nulls')
  // @ts-expect-error a count is a number
  sales.groupBy('paid').having((q) => q(count(), '>', 'two'))
  // @ts-expect-error the list has what was selected
  void (await people.select((q) => ({ sales: include(q, 'sales', (s) => s.select('total')) })).first())?.sales[0]?.paid
  // @ts-expect-error one row is no list
  void (await people.select((q) => ({ boss: include(q, 'boss') })).first())?.boss?.[0]
  // @ts-expect-error a cursor is a row of the query
  after(people.select('id').orderBy('id'), { name: 'a' })
}
