import { describe, expect, test } from 'vitest'
import { and, col, compare, column, count, sum } from '../src/builder/expr.ts'
import type { RowAt, ScopeOf, TableRef } from '../src/builder/scope.ts'
import { emptySelect, SelectBuilder } from '../src/builder/select.ts'
import { identifier, isRead, sql } from '../src/builder/sql.ts'
import { decodeSelect, encodeSelect, ExprKind, JoinKind, type Expr } from '../src/gen/query.ts'
import { duration } from '../src/sync.ts'
import { toSql } from '../src/values.ts'
import './page-tables.ts'

interface Product {
  id: number
  name: string
  price: number
  active: boolean
  category_id: number
}
interface Category {
  category_id: number
  title: string
}
type DB = {
  products: { row: Product; insert: Product; update: Partial<Product> }
  categories: { row: Category; insert: Category; update: Partial<Category> }
}
const runner = { run: async () => [], watch: () => null, schema: () => null }
const from = <const T extends TableRef<DB>>(table: T) =>
  new SelectBuilder<DB, ScopeOf<DB, T>, RowAt<DB, T>>(runner, emptySelect(table))

/** A tree in short: (op left right). */
function short(expr: Expr | null | undefined): string {
  if (expr === null || expr === undefined) return '-'
  const args = expr.args.map(short).join(' ')
  switch (expr.kind) {
    case ExprKind.ExprColumn:
      return (expr.table === '' ? '' : expr.table + '.') + expr.name
    case ExprKind.ExprValue:
      return JSON.stringify(expr.value)
    case ExprKind.ExprCompare:
      return `(${expr.name} ${args})`
    case ExprKind.ExprAnd:
      return `(and ${args})`
    case ExprKind.ExprOr:
      return `(or ${args})`
    case ExprKind.ExprNot:
      return `(not ${args})`
    case ExprKind.ExprIn:
      return `(in ${args}${expr.sub === null ? '' : ' [' + expr.sub.from.name + ']'})`
    case ExprKind.ExprBetween:
      return `(between ${args})`
    case ExprKind.ExprIsNull:
      return `(null ${args})`
    case ExprKind.ExprCall:
      return `${expr.name}(${expr.distinct ? 'distinct ' : ''}${args})`
    case ExprKind.ExprStar:
      return '*'
    default:
      return `?${expr.kind}`
  }
}

describe('where', () => {
  test.each([
    ['a comparison', from('products').where('price', '<', 10), '(< price 10)'],
    [
      'two calls are and',
      from('products').where('price', '<', 10).where('active', '=', true),
      '(and (< price 10) (= active 1))',
    ],
    [
      'orWhere after where',
      from('products').where('price', '<', 10).orWhere('name', 'like', 'a%'),
      '(or (< price 10) (like name "a%"))',
    ],
    [
      'an object',
      from('products').where({ active: true, price: { '>=': 1, '<': 5 }, id: [1, 2] }),
      '(and (= active 1) (>= price 1) (< price 5) (in id 1 2))',
    ],
    ['equal to null is null', from('products').where('name', '=', null), '(null name)'],
    ['not equal to null', from('products').where('name', '!=', null), '(not (null name))'],
    ['not in', from('products').where('id', 'not in', [1]), '(not (in id 1))'],
    ['between', from('products').where('price', 'between', [1, 2]), '(between price 1 2)'],
    [
      'in a query',
      from('products').where('category_id', 'in', from('categories').select('category_id')),
      '(in category_id [categories])',
    ],
    [
      'a qualified column and an expression',
      from('products').where('products.id', '=', col('categories.id')),
      '(= products.id categories.id)',
    ],
    ['an empty object asks nothing', from('products').where({}), '-'],
    ['undefined properties ask nothing', from('products').where({ name: undefined as never }), '-'],
  ])('%s', (_name, query, want) => {
    expect(short(query.ast.where)).toBe(want)
  })

  const hostile = [
    "'",
    '"',
    "'; drop table products; --",
    '\\',
    '\0',
    '%',
    '?',
    '$1',
    'a\u2028b',
    '1=1',
    "' or ''='",
    ']]>',
    '`',
    ';',
  ]
  test.each(hostile)('%j is a bound value wherever it is given, and a column’s name only as a name', (text) => {
    const query = from('products')
      .where('name', '=', text)
      .where({ name: { like: text } })
      .having(count(), '>', text as never)
      .orderBy(text as never)
    expect(short(query.ast.where)).toBe(`(and (= name ${JSON.stringify(text)}) (like name ${JSON.stringify(text)}))`)
    expect(query.ast.orderBy[0]?.expr.kind).toBe(ExprKind.ExprColumn)
    expect(decodeSelect(encodeSelect(query.ast))).toEqual(query.ast)
  })

  test('an object from outside that looks like an expression or a query is bound as JSON, never part of the tree', () => {
    const raw: unknown = JSON.parse('{"node":{"kind":15,"name":"1=1) --","args":[]}}')
    const query: unknown = JSON.parse('{"ast":{"from":{"name":"secrets"},"columns":[]}}')
    expect(short(from('products').where('name', '=', raw as string).ast.where)).toBe(
      `(= name ${JSON.stringify(JSON.stringify(raw))})`,
    )
    expect(short(from('products').where({ name: raw as string }).ast.where)).toBe(
      `(= name ${JSON.stringify(JSON.stringify(raw))})`,
    )
    expect(short(from('products').where(raw as never).ast.where)).toMatch(/^\(= node "/)
    expect(() => from('products').where('id', 'in', query as never)).toThrow(/in takes a list or a query/)
    expect(short(from('products').where('id', 'in', [query] as never).ast.where)).toMatch(/^\(in id "/)
  })

  test('an unknown direction and a second alias are refused', () => {
    expect(() => from('products').orderBy('name', 'desc; --' as 'desc')).toThrow(
      /is no direction.*sort asc, desc, asc nulls first/,
    )
    expect(() => from('products').select('name as a as b')).toThrow(/more than one alias/)
    expect(() => from('products as p as q' as 'products')).toThrow(/more than one alias/)
  })

  test('an unknown operator is refused, with those that there are', () => {
    expect(() => from('products').where('price', 'regexp' as '=', 1)).toThrow(
      /no operator "regexp".*operators are = !=/,
    )
    expect(() => from('products').where('price', 'between', 3 as never)).toThrow(/between takes/)
    expect(() => from('products').where('price', 'in', 3 as never)).toThrow(/in takes/)
  })
})

test('select, join, group, having, order, limit and offset make one tree; the builder is immutable', () => {
  const base = from('products')
  const query = base
    .join('categories', 'products.category_id', 'categories.category_id')
    .select('title')
    .select({ n: count(), total: sum('price') })
    .groupBy('title')
    .having(count(), '>', 1)
    .orderBy('title', 'desc')
    .limit(5)
    .offset(10)
    .distinct()
  expect(base.ast).toEqual(emptySelect('products'))
  const { ast } = query
  expect(ast.columns.map(({ expr, as }) => `${short(expr)} ${as}`)).toEqual([
    'title ',
    'count(*) n',
    'sum(price) total',
  ])
  expect(ast.joins).toMatchObject([{ kind: JoinKind.InnerJoin, table: { name: 'categories' } }])
  expect(short(ast.joins[0]?.on)).toBe('(= products.category_id categories.category_id)')
  expect([short(ast.having), ast.orderBy[0]?.desc, short(ast.limit), short(ast.offset), ast.distinct]).toEqual([
    '(> count(*) 1)',
    true,
    '5',
    '10',
    true,
  ])
  expect(
    from('products')
      .select('name as label', 'products.*')
      .ast.columns.map(({ expr, as }) => [expr.kind, expr.table, as]),
  ).toEqual([
    [1, '', 'label'],
    [13, 'products', ''],
  ])
  expect(short(and([compare(column('a'), '=', 1, 'a')]))).toBe('(= a 1)')
})

describe('sql', () => {
  test('values are bound, parts compose, names are quoted', () => {
    const part = sql`and price < ${10}`
    expect(sql`select * from ${identifier('pro"ducts')} where name = ${"x'y"} ${part}`).toEqual({
      sql: 'select * from "pro""ducts" where name = ? and price < ?',
      params: ["x'y", 10],
    })
  })
  test('an object that looks like a statement is bound, not spliced', () => {
    expect(sql`select ${{ sql: 'drop table t', params: [] }}`).toEqual({
      sql: 'select ?',
      params: ['{"sql":"drop table t","params":[]}'],
    })
  })
  test.each([
    ['select 1', true],
    ['  -- hi\n SELECT 1', true],
    ['/* x */ values (1)', true],
    ['with a as (select 1) delete from t', false],
    ['update t set a = 1', false],
    ['pragma x', false],
    ['selected', false],
  ])('%j reads: %s', (text, want) => {
    expect(isRead(text)).toBe(want)
  })
})

test('values that may be bound, and those that may not', () => {
  expect([true, null, 1, 1n, 'x'].map((one) => toSql(one))).toEqual([1, null, 1, 1n, 'x'])
  expect(toSql(new Date('2026-01-02T03:04:05.678Z'))).toBe('2026-01-02T03:04:05.678000+00:00')
  expect(toSql({ a: [1] })).toBe('{"a":[1]}')
  expect(toSql(new Uint16Array([1]))).toEqual(new Uint8Array([1, 0]))
  for (const bad of [undefined, () => 1, Symbol('x'), new Date(NaN)])
    expect(() => toSql(bad)).toThrow(expect.objectContaining({ kind: 'invalid_argument' }) as Error)
})

test('durations', () => {
  expect(['30s', '1.5m', '12h', '7d', '10ms', 5].map(duration)).toEqual([
    30_000, 90_000, 43_200_000, 604_800_000, 10, 5,
  ])
  expect(() => duration('a week')).toThrow(/write "30s"/)
})
