import { expect, test } from 'vitest'
import { defineSchema, type Column, type ColumnSpec } from '@rockpool/client'
import { compareValues, parseLiteral } from '../src/literals.ts'
import { parseArray, postgresType, toJson } from '../src/values.ts'

/** A column as a schema in code declares it. */
function column(spec: ColumnSpec): Column {
  const [table] = defineSchema({ t: { key: ['c'], columns: { c: spec } } }).tables.tables ?? []
  return { enum: [], default: '', generated: false, identity: false, scale: 0, ...table?.columns?.[0] } as Column // whole
}

test('types have the names of pg_type', () => {
  const types = (['int', 'bigint', 'bool', 'float', 'decimal', 'bytes', 'jsonb', 'enum', 'array'] as const).map(
    (type) => postgresType(column(type)),
  )
  expect(types).toEqual(['int4', 'int8', 'bool', 'float8', 'numeric', 'bytea', 'jsonb', 'text', '_text'])
  const named = ['double precision', 'timestamp with time zone', 'numeric(10,2)', 'mood']
  expect(named.map((sourceType) => postgresType(column({ type: 'text', sourceType })))).toEqual([
    'float8',
    'timestamptz',
    'numeric',
    'mood',
  ])
  expect(postgresType(column({ type: 'array', sourceType: 'integer[]' }))).toBe('_int4')
})

test('cells are shown as PostgREST prints them', () => {
  expect(toJson(column('bool'), 1)).toBe(true)
  expect(toJson(column('bool'), false)).toBe(false)
  expect(toJson(column('jsonb'), '{"a": [1]}')).toEqual({ a: [1] })
  expect(toJson(column('decimal'), '1.50')).toBe(1.5)
  expect(toJson(column('decimal'), 'NaN')).toBe('NaN')
  expect(toJson(column('timestamptz'), '2026-01-02T03:04:05.678000+00:00')).toBe('2026-01-02T03:04:05.678+00:00')
  expect(toJson(column('timestamptz'), '2026-01-02T03:04:10.000000+00:00')).toBe('2026-01-02T03:04:10+00:00')
  expect(toJson(column('timestamp'), '2026-01-02T03:04:10.100000')).toBe('2026-01-02T03:04:10.1')
  expect(toJson(column('bytes'), new Uint8Array([0, 255]))).toBe('\\x00ff')
  expect(toJson(column('text?'), null)).toBeNull()
  expect(toJson(column({ type: 'array', sourceType: 'int4[]' }), '{1,NULL,3}')).toEqual([1, null, 3])
})

test('arrays are read as Postgres writes them', () => {
  expect(parseArray('{}')).toEqual([])
  expect(parseArray('{a,"b,c","d\\"e",NULL,"NULL"}')).toEqual(['a', 'b,c', 'd"e', null, 'NULL'])
  expect(parseArray('{{1,2},{3,4}}', Number)).toEqual([
    [1, 2],
    [3, 4],
  ])
  for (const text of ['', 'a', '{', '{a', '{a}b', '{a,', '{{1}']) expect(parseArray(text)).toBe(text)
})

test('literals become stored values, or 22P02', () => {
  expect(parseLiteral(column('int'), ' -12 ')).toBe(-12)
  expect(parseLiteral(column('bigint'), '9007199254740993')).toBe(9007199254740993n)
  expect(parseLiteral(column('bool'), 'Yes')).toBe(1)
  expect(parseLiteral(column('timestamptz'), '2026-01-02T04:04:05.5+01')).toBe('2026-01-02T03:04:05.500000+00:00')
  expect(parseLiteral(column('timestamptz'), '2026-01-02')).toBe('2026-01-02T00:00:00.000000+00:00')
  expect(parseLiteral(column('timestamp'), '2026-01-02 03:04')).toBe('2026-01-02T03:04:00.000000')
  expect(parseLiteral(column('uuid'), 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11')).toBe(
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
  )
  const bad: [ColumnSpec, string, string][] = [
    ['int', 'a', 'invalid input syntax for type integer: "a"'],
    ['bigint', '1.5', 'invalid input syntax for type bigint: "1.5"'],
    ['float', '', 'invalid input syntax for type double precision: ""'],
    ['decimal', '.', 'invalid input syntax for type numeric: "."'],
    ['bool', 'perhaps', 'invalid input syntax for type boolean: "perhaps"'],
    ['timestamptz', 'soon', 'invalid input syntax for type timestamp with time zone: "soon"'],
    ['uuid', '1', 'invalid input syntax for type uuid: "1"'],
  ]
  for (const [type, text, message] of bad) expect(() => parseLiteral(column(type), text)).toThrow(message)
})

test('decimals compare exactly, whatever their scale', () => {
  const decimal = column('decimal')
  expect(compareValues(decimal, '10', '9.99')).toBe(1)
  expect(compareValues(decimal, '1.50', '1.5')).toBe(0)
  expect(compareValues(decimal, '-1e2', '-99.9')).toBe(-1)
  expect(compareValues(decimal, '9007199254740993', '9007199254740992.5')).toBe(1)
})
