/** What the builder says beyond single tests, on the real core. */

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  after,
  and,
  countOf,
  every,
  exists,
  follow,
  include,
  json,
  jsonText,
  none,
  not,
  or,
  raw,
  related,
  scalar,
  some,
  when,
} from '../src/expr/index.ts'
import { count, declareSchema, fn, identifier, open, RockpoolError, sum } from '../src/index.ts'
import { nodeEnvironment } from './node-core.ts'

interface Person {
  id: number
  name: string
  boss_id: number | null
  doc: string | null
}
interface Order {
  id: number
  person_id: number | null
  paid: boolean
  total: number
  note: string | null
}
interface Line {
  order_id: number
  product: string
  quantity: number
}
type Table<Row, Relations> = { row: Row; insert: Partial<Row>; update: Partial<Row>; relations: Relations }
type Tables = {
  people: Table<Person, { boss: 'people'; people_by_boss_id: 'people[]'; orders: 'orders[]' }>
  orders: Table<Order, { person: 'people'; lines: 'lines[]' }>
  lines: Table<Line, { order: 'orders' }>
}

const foreign = (column: string, table: string) => [{ columns: [column], table, references: ['id'] }]
const schema = declareSchema<Tables>({
  people: {
    key: ['id'],
    columns: { id: 'int', name: 'text', boss_id: 'int?', doc: 'jsonb?' },
    foreign: foreign('boss_id', 'people'),
    localOnly: true,
  },
  orders: {
    key: ['id'],
    columns: { id: 'int', person_id: 'int?', paid: 'bool', total: 'int', note: 'text?' },
    foreign: foreign('person_id', 'people'),
    localOnly: true,
  },
  lines: {
    key: ['order_id', 'product'],
    columns: { order_id: 'int', product: 'text', quantity: 'int' },
    foreign: foreign('order_id', 'orders'),
    localOnly: true,
  },
})

const db = await open({ name: 'expr', storage: 'memory', schema, environment: nodeEnvironment() })
beforeAll(async () => {
  await db.transaction(async (tx) => {
    const doc = JSON.stringify({ city: 'Oslo', floor: 3, tags: ['a', 'b'] })
    await tx.insert('people', { id: 1, name: 'Ada', boss_id: null, doc })
    await tx.insert('people', { id: 2, name: 'Bo', boss_id: 1, doc: '{"city":"Rome"}' })
    await tx.insert('people', { id: 3, name: 'Cy', boss_id: 2, doc: null })
    const order = (id: number, person_id: number | null, paid: boolean, total: number, note: string | null) =>
      tx.insert('orders', { id, person_id, paid, total, note })
    await order(10, 1, true, 30, null)
    await order(11, 1, false, 5, 'soon')
    await order(12, 2, true, 30, 'now')
    await order(13, null, true, 7, null)
    await tx.insert('lines', { order_id: 10, product: 'tea', quantity: 1 })
    await tx.insert('lines', { order_id: 10, product: 'pot', quantity: 4 })
    await tx.insert('lines', { order_id: 12, product: 'tea', quantity: 9 })
  })
})
afterAll(() => db.close())

const people = () => db.from('people').select('name').orderBy('id')
const names = async (query: { all(): Promise<{ name: string }[]> }) =>
  (await query.all()).map(({ name }) => name).join(' ')
const ids = async (query: { all(): Promise<{ id: number | null }[]> }) => (await query.all()).map(({ id }) => id)

describe('conditions', () => {
  test.each([
    [
      'or of and',
      people().where((q) => or(q('name', '=', 'Cy'), and(q('id', '<', 3), q('boss_id', 'is not', null)))),
      'Bo Cy',
    ],
    ['not', people().where((q) => not(q('name', 'like', 'A%'))), 'Bo Cy'],
    ['what was left out is none', people().where((q) => and(q('id', '>', 1), false, undefined, null)), 'Bo Cy'],
    ['or of none keeps nothing', people().where(() => or()), ''],
    ['and of none keeps all', people().where(() => and()), 'Ada Bo Cy'],
    [
      'beside another where',
      people()
        .where('id', '>', 1)
        .where((q) => or(q('name', '=', 'Ada'), q('name', '=', 'Bo'))),
      'Bo',
    ],
    [
      'orWhere',
      people()
        .where('id', '=', 1)
        .orWhere((q) => q('id', '=', 3)),
      'Ada Cy',
    ],
    ['two columns', people().where((q) => q('boss_id', '<', q('id'))), 'Bo Cy'],
    ['an expression on the left', people().where((q) => q(fn<string>('lower', q('name')), '=', 'bo')), 'Bo'],
    ['in with expressions', people().where((q) => q('id', 'in', [q('boss_id'), 1])), 'Ada'],
    ['raw, bound', people().where((q) => raw`${q('name')} glob ${'B*'} or ${identifier('id')} = ${3}`), 'Bo Cy'],
    ['a case', people().where((q) => q(when(q('id', '=', 2), 'x', 'y'), '=', 'x')), 'Bo'],
    ['JSON', people().where((q) => q(json<string>(q('doc'), 'city'), '=', 'Oslo')), 'Ada'],
    ['JSON, deeper', people().where((q) => q(json<string>(q('doc'), 'tags', -1), '=', 'b')), 'Ada'],
    ['JSON, null', people().where((q) => q(jsonText(q('doc'), 'floor'), 'is', null)), 'Bo Cy'],
  ])('%s', async (_name, query, want) => {
    expect(await names(query)).toBe(want)
  })

  test('NULLs go where the direction says', async () => {
    const by = (direction: 'asc' | 'asc nulls first' | 'desc nulls last') =>
      db.from('people').orderBy('boss_id', direction)
    expect(await ids(by('asc'))).toEqual([2, 3, 1])
    expect(await ids(by('asc nulls first'))).toEqual([1, 2, 3])
    expect(await ids(by('desc nulls last'))).toEqual([3, 2, 1])
  })

  test('expressions in select, group, having and order', async () => {
    const query = db
      .from('orders')
      .select((q) => ({ state: when(q('paid', '=', true), 'paid', 'open') }))
      .select({ n: count(), total: sum('total') })
      .groupBy((q) => when(q('paid', '=', true), 'paid', 'open'))
      .having((q) => or(q(sum('total'), '>', 6), q(count(), '>', 2)))
      .orderBy((q) => q('paid'))
    expect(await query.all()).toEqual([{ state: 'paid', n: 3, total: 67 }])
  })
})

describe('relations', () => {
  test.each([
    ['some', people().where((q) => some(q, 'orders', { paid: false })), 'Ada'],
    ['some, of any', people().where((q) => some(q, 'orders')), 'Ada Bo'],
    ['none', people().where((q) => none(q, 'orders')), 'Cy'],
    ['none, for which', people().where((q) => none(q, 'orders', { paid: false })), 'Bo Cy'],
    ['every, also of none', people().where((q) => every(q, 'orders', (order) => order('paid', '=', true))), 'Bo Cy'],
    ['one row', people().where((q) => some(q, 'boss', { name: 'Ada' })), 'Bo'],
    [
      'of the same table, two deep',
      people().where((q) => some(q, 'boss', (boss) => some(boss, 'boss as chief', { name: 'Ada' }))),
      'Cy',
    ],
    [
      'through another',
      people().where((q) => some(q, 'orders', (order) => some(order, 'lines', { quantity: { '>': 5 } }))),
      'Bo',
    ],
    [
      'beside the outer row',
      people().where((q) => some(q, 'orders', (order) => order('total', '>', q('people.id')))),
      'Ada Bo',
    ],
    ['counted', people().where((q) => q(countOf(q, 'orders'), '>', 1)), 'Ada'],
    [
      'exists',
      people().where((q) => exists(db.from('orders').where((o) => o('person_id', '=', q('people.id'))))),
      'Ada Bo',
    ],
  ])('%s', async (_name, query, want) => {
    expect(await names(query)).toBe(want)
  })

  test('joins by name, and their rows', async () => {
    const query = db
      .from('orders')
      .join((q) => related(q, 'person'))
      .select('orders.id', 'person.name')
      .orderBy('orders.id')
    expect(await query.all()).toEqual([
      { id: 10, name: 'Ada' },
      { id: 11, name: 'Ada' },
      { id: 12, name: 'Bo' },
    ])
    const left = db
      .from('orders')
      .leftJoin((q) => related(q, 'person as p'))
      .select('p.name')
      .where('total', '=', 7)
    expect(await left.all()).toEqual([{ name: null }])
    const again = db
      .from('lines')
      .join((q) => related(q, 'order'))
      .join((q) => related(q, 'order.person'))
      .select('person.name', 'quantity')
      .where('product', '=', 'pot')
    expect(await again.all()).toEqual([{ name: 'Ada', quantity: 4 }])
  })

  test('right and full joins, and a test of their own', async () => {
    const on = db
      .from('orders')
      .rightJoin('people', (q) => and(q('people.id', '=', q('person_id')), q('paid', '=', true)))
    expect(await on.select('orders.id as order', 'people.name').orderBy('people.id').all()).toEqual([
      { order: 10, name: 'Ada' },
      { order: 12, name: 'Bo' },
      { order: null, name: 'Cy' },
    ])
    const full = db.from('orders').fullJoin('people', 'people.id', 'person_id').select('orders.id', 'people.name')
    expect((await full.orderBy('orders.id').all()).map(({ id, name }) => `${id} ${name}`)).toEqual([
      '10 Ada',
      '11 Ada',
      '12 Bo',
      '13 null',
      'null Cy',
    ])
  })

  test('includes at any depth, each with its own filter, order and limit, in one statement', async () => {
    const query = people().select((q) => ({
      boss: include(q, 'boss', (boss) => boss.select('name')),
      orders: include(q, 'orders', (orders) =>
        orders
          .select('total')
          .select((order) => ({
            lines: include(order, 'lines', (lines) => lines.select('product').orderBy('quantity', 'desc').limit(1)),
          }))
          .orderBy('total', 'desc'),
      ),
      spent: scalar(follow(q, 'orders').select({ n: sum('total') })),
      paid: countOf(q, 'orders', { paid: true }),
    }))
    expect(await query.all()).toEqual([
      {
        name: 'Ada',
        boss: null,
        orders: [
          { total: 30, lines: [{ product: 'pot' }] },
          { total: 5, lines: [] },
        ],
        spent: 35,
        paid: 1,
      },
      { name: 'Bo', boss: { name: 'Ada' }, orders: [{ total: 30, lines: [{ product: 'tea' }] }], spent: 30, paid: 1 },
      { name: 'Cy', boss: { name: 'Bo' }, orders: [], spent: null, paid: 0 },
    ])
  })

  test('a name that is none, one that two have, and one that is taken say what to do', async () => {
    expect(() => people().where((q) => some(q, 'order' as 'orders'))).toThrow(/no relation "order".*boss, .*orders/)
    const both = db.from('people').join('people as p', 'p.id', 'people.boss_id')
    expect(() => both.where((q) => some(q, 'orders' as 'p.orders'))).toThrow(/more than one table has it.*p\.orders/)
    expect(await both.where((q) => some(q, 'p.orders')).count()).toBe(2)
    expect(() => people().where((q) => some(q, 'boss', (boss) => some(boss, 'boss')))).toThrow(
      /two tables are called boss.*boss as/,
    )
    expect(() => people().where((q) => some(q, 'orders as a as b'))).toThrow(/more than one alias/)
  })
})

describe('after', () => {
  /** All pages of a query, each by the last row of the one before. */
  async function pages<R extends object>(first: (row: R | undefined) => { all(): Promise<R[]> }): Promise<R[]> {
    const seen: R[] = []
    for (;;) {
      const page = await first(seen.at(-1)).all()
      seen.push(...page)
      if (page.length === 0) return seen
    }
  }

  test.each(['asc', 'desc', 'asc nulls first', 'desc nulls last'] as const)(
    'pages of one and two make the whole, %s, with NULLs and equal places',
    async (direction) => {
      for (const size of [1, 2]) {
        const by = (column: 'note' | 'total' | 'person_id') =>
          db.from('orders').orderBy(column, direction).orderBy('id')
        for (const column of ['note', 'total', 'person_id'] as const) {
          const query = by(column).limit(size)
          expect(await pages((row) => after(query, row as never))).toEqual(await by(column).all())
        }
      }
    },
  )

  test('by an alias, an expression, in groups and joins', async () => {
    const renamed = db.from('orders').select('total as sum', 'id').orderBy('sum').orderBy('id')
    expect(await pages((row) => after(renamed.limit(1), row as never))).toEqual(await renamed.all())
    const grouped = db
      .from('orders')
      .select('person_id')
      .select({ n: count() })
      .groupBy('person_id')
      .orderBy('n')
      .orderBy('person_id')
    expect(await pages((row) => after(grouped.limit(1), row as never))).toEqual(await grouped.all())
    const joined = db
      .from('orders')
      .leftJoin('people', 'people.id', 'person_id')
      .select('name', 'orders.id')
      .orderBy('name')
      .orderBy('orders.id')
    expect(await pages((row) => after(joined.limit(1), row as never))).toEqual(await joined.all())
  })

  test('uses the index of its order', async () => {
    const { plan } = await db.validate(after(db.from('orders').orderBy('id').limit(2), { id: 11 } as never))
    expect(plan.join()).toMatch(/SEARCH orders USING INTEGER PRIMARY KEY|SEARCH orders USING .*\(id>/)
  })

  test('refuses an order that leaves places open, and a row without one', () => {
    const row = { id: 1, person_id: 1, paid: true, total: 1, note: null }
    expect(() => after(db.from('orders').orderBy('total'), row)).toThrow(/id is not in it.*order by it last/)
    expect(() => after(db.from('orders'), row)).toThrow(/id is not in it/)
    expect(() => after(db.from('orders').orderBy('id').offset(3), row)).toThrow(/offset/)
    const narrow = db.from('orders').select('total').orderBy('id')
    expect(() => after(narrow, { total: 1 })).toThrow(/the row has no id.*select it/)
  })
})

/** The texts that wasm/builder's test uses too; SQLite's text ends at a NUL. */
const hostile: readonly string[] = JSON.parse(
  readFileSync(new URL('../../../testdata/injections.json', import.meta.url), 'utf8'),
)
const stored = hostile.filter((text) => !text.includes('\0'))

test('hostile texts are values wherever these functions take one', { timeout: 120_000 }, async () => {
  expect(stored.length).toBeGreaterThan(400)
  await db.batch(
    'INSERT INTO people(id, name) VALUES (?, ?)',
    stored.map((text, at) => [1000 + at, text]),
  )
  const wrong: string[] = []
  for (const [at, text] of stored.entries()) {
    const asked = db.from('people').select('id', 'name').where('id', '>=', 1000)
    const ways = {
      or: asked.where((q) => or(q('name', '=', text), and(q('id', '=', -1)))),
      not: asked.where((q) => not(not(q('name', '=', text)))),
      raw: asked.where((q) => raw`${q('name')} = ${text}`),
      when: asked.where((q) => q(when(q('name', '=', text), text, 'no such name'), '=', q('name'))),
      exists: asked.where((q) =>
        exists(db.from('people as p').where((p) => and(p('p.name', '=', text), p('p.id', '=', q('people.id'))))),
      ),
      having: asked.groupBy('id').having((q) => q('name', '=', text)),
    }
    for (const [way, query] of Object.entries(ways)) {
      const rows = await query.all().catch((error: unknown) => [String(error)])
      const got = JSON.stringify(rows)
      if (text !== '' && got !== JSON.stringify([{ id: 1000 + at, name: text }]))
        wrong.push(`${way} ${JSON.stringify(text)}: ${got}`)
    }
    const names = {
      column: () =>
        people()
          .where((q) => q(text as 'name', '=', 'no such value'))
          .all(),
      relation: async () =>
        people()
          .where((q) => some(q, text as 'orders'))
          .all(),
      'relation alias': async () =>
        people()
          .where((q) => some(q, `orders as ${text}` as 'orders'))
          .all(),
      path: async () =>
        people()
          .where((q) => q(json(q('doc'), text), '=', 'no such value'))
          .all(),
    }
    for (const [way, ask] of Object.entries(names)) {
      const got = await ask().catch((error: unknown) => error)
      const isRefused = got instanceof RockpoolError
      // An alias and a key of JSON are names, whatever they say; a condition on none finds nothing.
      const isName =
        way === 'relation alias'
          ? Array.isArray(got) && got.length === 2
          : way === 'path' && Array.isArray(got) && got.length === 0
      if (!isRefused && !isName && !['rowid', '_rowid_', 'oid'].includes(text))
        wrong.push(`${way} ${JSON.stringify(text)}: ${JSON.stringify(got)}`)
    }
  }
  expect(wrong).toEqual([])
  await db.query('DELETE FROM people WHERE id >= 1000')
})

test('what comes from outside is no part of a tree', () => {
  const outside: unknown = JSON.parse('["1=1"]')
  expect(() => raw(outside as TemplateStringsArray)).toThrow(/no template/)
  expect(() => exists(JSON.parse('{"ast":{"from":{"name":"secrets"}}}') as never)).toThrow(/no query of the builder/)
  expect(() => json(fn('lower'), 'a"b')).toThrow(/has a quote/)
  expect(() => json(fn('lower'), 1.5)).toThrow(/no index/)
  expect(() => scalar(db.from('orders'))).toThrow(/select one/)
  const hostile = "') or 1=1 --"
  const { where } = people().where((q) => or(q('name', '=', hostile), raw`x = ${hostile}`)).ast
  expect(JSON.stringify(where?.args[1])).toContain(`"name":"x = ?"`)
})
