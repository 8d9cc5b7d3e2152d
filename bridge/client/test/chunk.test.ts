import { describe, expect, test } from 'vitest'
import { ChunkReader, type Row } from '../src/chunk.ts'
import type { SqlValue } from '../src/codec.ts'
import { shaped, type RowShape } from '../src/shape.ts'
import { encodeChunk } from './encode-chunk.ts'
import { headColumn } from './head-column.ts'
import { TypeBool } from '../src/gen/schema.ts'

/** A chunk inside a longer buffer, as a pack has it. */
function framed(chunk: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16 + chunk.length + 64)
  bytes.set(chunk, 16)
  return bytes.subarray(16, 16 + chunk.length)
}

function read(rows: SqlValue[][], names: string[], limit = 1000, shows: RowShape['shows'] = null): Row[] {
  const reader = new ChunkReader(framed(encodeChunk(names.length, rows)))
  const out: Row[] = []
  while (!reader.isDone) reader.read({ columns: [], names, shows }, out, limit)
  return out
}

describe('ChunkReader', () => {
  const cases: [string, SqlValue][] = [
    ['null', null],
    ['zero', 0],
    ['minus one', -1],
    ['2^53-1', 2 ** 53 - 1],
    ['-(2^53-1)', -(2 ** 53 - 1)],
    ['2^53', 2n ** 53n],
    ['-2^53', -(2n ** 53n)],
    ['2^63-1', 2n ** 63n - 1n],
    ['-2^63', -(2n ** 63n)],
    ['2^32', 2 ** 32],
    ['-2^32', -(2 ** 32)],
    ['half', 0.5],
    ['minus zero', -0],
    ['infinity', Infinity],
    ['empty text', ''],
    ['astral text', 'a😀ü\u0000z'],
    ['byte order mark', '\ufeffx'],
    ['empty blob', new Uint8Array()],
    ['blob', new Uint8Array([0, 255, 7])],
  ]
  test.each(cases)('%s comes back as it was', (_name, value) => {
    const [row] = read([['before', value, 'after']], ['a', 'b', 'c'])
    expect(row).toEqual({ a: 'before', b: value, c: 'after' })
    expect(Object.is(row?.b, value) || typeof value === 'object').toBe(true)
  })

  test('slices of any size give the same rows', () => {
    const rows = Array.from({ length: 23 }, (_, at): SqlValue[] => [
      at,
      'text ' + '😀'.repeat(at % 3),
      at % 4 === 0 ? null : new Uint8Array([at]),
    ])
    const whole = read(rows, ['i', 't', 'b'])
    expect(whole).toHaveLength(23)
    for (const limit of [1, 2, 7, 22]) expect(read(rows, ['i', 't', 'b'], limit)).toEqual(whole)
  })

  test('text that is not UTF-8 is shown with replacement characters and moves no other text', () => {
    const reader = new ChunkReader(
      framed(
        encodeChunk(
          2,
          [
            ['x', 'y'],
            ['?', 'z'],
          ],
          { at: 2, bytes: new Uint8Array([0x61, 0xff]) },
        ),
      ),
    )
    const out: Row[] = []
    reader.read({ columns: [], names: ['a', 'b'], shows: null }, out, 10)
    expect(out).toEqual([
      { a: 'x', b: 'y' },
      { a: 'a\ufffd', b: 'z' },
    ])
  })

  test('boolean columns are true and false, null stays null', () => {
    expect(
      read(
        [
          [1, 1],
          [0, 0],
          [null, null],
        ],
        ['a', 'b'],
        10,
        shaped([headColumn('a', TypeBool), headColumn('b')], 'schema').shows,
      ),
    ).toEqual([
      { a: true, b: 1 },
      { a: false, b: 0 },
      { a: null, b: null },
    ])
  })

  test('bytes that are no chunk are refused', () => {
    expect(() => new ChunkReader(framed(new Uint8Array(8)))).toThrow(RangeError)
    const lying = encodeChunk(1, [[1]])
    new DataView(lying.buffer).setUint32(0, 1_000_000, true)
    expect(() => new ChunkReader(framed(lying))).toThrow(RangeError)
  })
})
