/** Plans in plain words, on the real core. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { explain, type Explanation } from '../src/explain/index.ts'
import { stepOf } from '../src/explain/steps.ts'
import { countOf, some } from '../src/expr/index.ts'
import { defineSchema, open, sql } from '../src/index.ts'
import { nodeEnvironment } from './node-core.ts'

const ROWS = 1_000
const schema = defineSchema({
  shops: { key: ['id'], columns: { id: 'text', name: 'text' }, localOnly: true },
  orders: {
    key: ['id'],
    columns: { id: 'text', shop_id: 'text', state: 'text', total: 'int', note: 'text?' },
    foreign: [{ columns: ['shop_id'], table: 'shops', references: ['id'] }],
    localOnly: true,
  },
})
const db = await open({ name: 'explain', storage: 'memory', schema, environment: nodeEnvironment() })
beforeAll(async () => {
  await db.batch('INSERT INTO shops(id, name) VALUES (?, ?)', [
    ['a', 'A'],
    ['b', 'B'],
  ])
  const rows = Array.from({ length: ROWS }, (_, at) => [
    `o${at}`,
    at % 2 ? 'a' : 'b',
    at % 9 ? 'open' : 'paid',
    at,
    null,
  ])
  await db.batch('INSERT INTO orders(id, shop_id, state, total, note) VALUES (?, ?, ?, ?, ?)', rows)
})
afterAll(() => db.close())

const said = ({ steps }: Explanation) => steps.map(({ text, depth }) => '  '.repeat(depth) + text)

test('a table that is read whole, how many rows that is, and the index that would help', async () => {
  const query = db.from('orders').where('state', '=', 'paid').where('total', '>', 10).orderBy('id')
  const { steps, advice, problems, sql: text } = await explain(db, query)
  expect(problems).toEqual([])
  expect(text).toContain('WHERE')
  expect(steps.find(({ kind }) => kind === 'scan')).toMatchObject({ table: 'orders', rows: ROWS })
  expect(steps[0]?.text).toMatch(/^Reads every row of orders.*: 1,000$/)
  expect(advice).toEqual([
    {
      table: 'orders',
      columns: ['state', 'total'],
      sql: 'CREATE INDEX "orders_by_state_total" ON "orders" ("state", "total")',
    },
  ])
})

test('the index that is advised is used, and then none is', async () => {
  const query = db.from('orders').where('shop_id', '=', 'a').where('state', 'in', ['paid', 'x']).limit(3)
  const before = await explain(db, query)
  expect(before.advice.map(({ columns }) => columns)).toEqual([['shop_id', 'state']])
  await db.query(before.advice[0]?.sql ?? '')
  const after = await explain(db, query)
  expect(after.steps).toMatchObject([{ kind: 'search', table: 'orders' }])
  expect(said(after)).toEqual(['Finds rows of orders by shop_id and state, with index orders_by_shop_id_state'])
  expect(after.advice).toEqual([])
  await db.query('DROP INDEX orders_by_shop_id_state')
})

test('a sort, with the index that has its order', async () => {
  const query = db.from('orders').orderBy('total', 'desc').limit(5)
  const { steps, advice } = await explain(db, query)
  expect(steps.map(({ kind }) => kind)).toEqual(['scan', 'sort'])
  expect(advice[0]?.columns).toEqual(['total'])
  await db.query(advice[0]?.sql ?? '')
  expect((await explain(db, query)).steps.map(({ kind }) => kind)).toEqual(['scan'])
  await db.query('DROP INDEX orders_by_total')
  // NULLs stand elsewhere in an index.
  expect((await explain(db, db.from('orders').orderBy('note').limit(5))).advice).toEqual([])
})

test('what runs for each row is within it, with an index of its own advised', async () => {
  const counted = await explain(
    db,
    db.from('shops').select((q) => ({ n: countOf(q, 'orders') })),
  )
  expect(said(counted)).toEqual([
    expect.stringMatching(/^Reads (every row of|all of index .* and no row of) shops.*: 2$/),
    'For each of these rows:',
    '  Reads every row of orders: 1,000',
  ])
  expect(counted.advice.map(({ columns }) => columns)).toEqual([['shop_id']])
  const has = await explain(
    db,
    db.from('shops').where((q) => some(q, 'orders as o', { state: 'paid' })),
  )
  expect(has.advice.map(({ columns }) => columns)).toEqual([['shop_id', 'state']])
})

test('SQL text is explained too; small tables are worth no index; faults are told', async () => {
  expect(said(await explain(db, sql`select name from shops where name = ${'A'}`))).toEqual([
    'Reads every row of shops: 2',
  ])
  expect(said(await explain(db, { sql: 'select total from orders where id = ?' }))).toEqual([
    'Finds rows of orders by id, with its key',
  ])
  expect((await explain(db, db.from('shops').where('name', '=', 'A'))).advice).toEqual([])
  const wrong = await explain(db, { sql: 'select nam from shops' })
  expect([wrong.problems[0]?.kind, wrong.problems[0]?.suggestion, wrong.steps]).toEqual(['unknown_column', 'name', []])
})

test.each([
  [
    'SEARCH o USING AUTOMATIC COVERING INDEX (shop_id=?)',
    'build',
    'Makes an index of o by shop_id for this run alone, from every row',
  ],
  ['SEARCH t USING INTEGER PRIMARY KEY (rowid=?)', 'search', 'Finds rows of t by rowid, with its key'],
  [
    'SEARCH t USING COVERING INDEX i (a=? AND b>? AND b<?) LEFT-JOIN',
    'search',
    'Finds rows of t by a and b, with index i',
  ],
  ['SCAN my table', 'scan', 'Reads every row of my table'],
  ['USE TEMP B-TREE FOR GROUP BY', 'sort', 'Sorts the rows to group them'],
  ['USE TEMP B-TREE FOR LAST TERM OF ORDER BY', 'sort', 'Sorts rows of equal place'],
  ['USE TEMP B-TREE FOR DISTINCT', 'sort', 'Remembers what it saw, to leave out repeats'],
  ['SCAN CONSTANT ROW', 'other', 'SCAN CONSTANT ROW'],
  ['SCAN docs VIRTUAL TABLE INDEX 0:M1', 'other', 'SCAN docs VIRTUAL TABLE INDEX 0:M1'],
])('%s', (line, kind, text) => {
  expect(stepOf(line)).toMatchObject({ kind, text, depth: 0 })
})
