import { expect, test } from 'vitest'
import { defineSchema, type Row } from '@rockpool/client'
import { decodeSchema, encodeSchema } from '../../client/src/gen/schema.ts'
import { bind, parseBinding } from '../src/realtime/binding.ts'
import { parseFilters } from '../src/realtime/filter.ts'
import '../../client/test/page-tables.ts'

const schema = decodeSchema(
  encodeSchema(
    defineSchema({
      users: {
        key: ['id'],
        columns: { id: 'int', name: 'text?', price: 'decimal?', done: 'bool?', at: 'timestamptz?' },
      },
    }).tables,
  ),
)
const row = { id: 5, name: 'Ada, "x"', price: '9.50', done: true, at: '2026-01-02T03:04:05.000000+00:00' }
const nothing = { id: 6, name: null, price: null, done: null, at: null }

/** Whether an insert of the row is told under a filter. */
function holds(filter: string, of: Row): boolean {
  const [binding] = bind(1, parseBinding({ event: '*', schema: 'public', table: 'users', filter }), schema)
  return binding?.tells({ before: null, after: of }) === 'INSERT'
}

test('every operator, with Postgres types and its NULL', () => {
  const cases: [filter: string, ofRow: boolean, ofNothing: boolean][] = [
    ['id=eq.5', true, false],
    ['id=neq.5', false, true],
    ['name=neq.x', true, false],
    ['name=not.eq.x', true, false],
    ['price=gt.9.4', true, false],
    ['price=lt.10', true, false],
    ['price=gte.9.5', true, false],
    ['price=lte.9.49', false, false],
    ['id=in.(4,5)', true, false],
    ['id=not.in.(4,5)', false, true],
    ['name=in.("Ada, \\"x\\"",b)', true, false],
    ['name=eq."Ada, \\"x\\""', true, false],
    ['name=like.Ada%', true, false],
    ['name=like.ada%', false, false],
    ['name=ilike.ada_%', true, false],
    ['name=not.ilike.ada%', false, false],
    ['name=match.^A', true, false],
    ['name=imatch.^a', true, false],
    ['name=is.null', false, true],
    ['name=not.is.null', true, false],
    ['done=is.true', true, false],
    ['done=eq.true', true, false],
    ['name=isdistinct.x', true, true],
    ['name=isdistinct.null', true, false],
    ['at=gt.2026-01-02T03:04:04Z', true, false],
    ['id=gt.4,id=lt.6', true, false],
    ['id=gt.4,name=eq.b', false, false],
    ['', true, true],
    ['  ', true, true],
  ]
  for (const [filter, ofRow, ofNothing] of cases)
    expect([filter, holds(filter, row), holds(filter, nothing)]).toEqual([filter, ofRow, ofNothing])
})

test('what is wrong with a filter is said in Supabase’s words', () => {
  const start = 'Error parsing `filter` params: '
  expect(() => parseFilters('subject=foo.hey')).toThrow(start + '["foo", "hey"]')
  expect(() => parseFilters('undefined')).toThrow(start + '["undefined"]')
  expect(() => parseFilters('id=in.1,2')).toThrow(start + '`in` filter value must be wrapped by parentheses')
  expect(() => parseFilters('id=eq.1,,id=eq.2')).toThrow(start + 'filter must not contain empty segments')
  const many = (n: number) => `id=in.(${Array.from({ length: n }, (_, at) => at).join(',')})`
  expect(parseFilters(many(100))).toHaveLength(1)
  expect(() => parseFilters(many(101))).toThrow('at most 100 values')
})

test('what is wrong with a binding is said in Supabase’s words', () => {
  const ask = (entry: object) => bind(1, parseBinding({ event: '*', schema: 'public', ...entry }), schema)
  const unable = 'Unable to subscribe to changes with given parameters. '
  expect(() => ask({ table: 'nope' })).toThrow(
    unable +
      'Please check Realtime is enabled for the given connect parameters: [event: *, schema: public, table: nope, filters: [], select: nil]',
  )
  const connect = unable + 'An exception happened so please check your connect parameters: '
  expect(() => ask({ table: 'users', filter: 'nope=eq.1' })).toThrow(
    connect +
      '[event: *, schema: public, table: users, filters: [{"nope", "eq", "1", false}], select: nil]. ' +
      'Exception: ERROR P0001 (raise_exception) invalid column for filter nope',
  )
  expect(() => ask({ table: 'users', filter: 'id=eq.hey' })).toThrow('invalid input syntax for type integer: "hey"')
  expect(() => ask({ table: 'users', filter: 'name=match.(' })).toThrow('invalid regular expression')
  expect(() => ask({ table: 'users', select: ['nope'] })).toThrow('invalid column for select nope')
  expect(() => ask({ table: '*', select: ['id'] })).toThrow('Column selection is not supported for wildcard')
  expect(() => parseBinding({ event: '*' })).toThrow('No subscription params provided')
  expect(() => parseBinding({ table: 'users', filter: 'id=eq.1' })).toThrow('No subscription params provided')
})

test('a row that comes to match was updated; one that no longer does is gone', () => {
  const of = (event: string) =>
    bind(1, parseBinding({ event, schema: 'public', table: 'users', filter: 'id=lt.10' }), schema)[0]
  const small = { ...row, id: 5 },
    large = { ...row, id: 50 }
  const told = (event: string, before: Row | null, after: Row | null) => of(event)?.tells({ before, after })
  expect(told('*', large, small)).toBe('UPDATE')
  expect(told('update', large, small)).toBe('UPDATE')
  expect(told('INSERT', large, small)).toBeNull()
  expect(told('*', small, large)).toBe('DELETE')
  expect(told('UPDATE', small, large)).toBeNull()
  expect(told('*', small, null)).toBe('DELETE')
  expect(told('*', large, null)).toBeNull()
  expect(told('nonsense', small, { ...small, name: 'b' })).toBe('UPDATE')
})
