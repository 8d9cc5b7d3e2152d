import { describe, expect, test } from 'vitest'
import { encodeRow, type SqlValue } from '../src/codec.ts'
import { TypeBool } from '../src/gen/schema.ts'
import { shaped } from '../src/shape.ts'
import { headColumn } from './head-column.ts'

const rowsOf = (...rows: SqlValue[][]) => encodeRow(rows.flat())

describe('nested rows', () => {
  const notes = headColumn('notes', 0, [headColumn('id'), headColumn('body')])
  const lines = [headColumn('id'), headColumn('gift', TypeBool), notes]
  const show = (one: boolean) => shaped([headColumn('lines', 0, lines, one)], 'schema').shows?.[0]

  test('are objects, with booleans and rows of their own', () => {
    const blob = rowsOf([2n ** 62n, 1, rowsOf([1, new Uint8Array([0, 255])], [2, null])], [3, null, rowsOf()])
    expect(show(false)?.(blob)).toEqual([
      {
        id: 2n ** 62n,
        gift: true,
        notes: [
          { id: 1, body: new Uint8Array([0, 255]) },
          { id: 2, body: null },
        ],
      },
      { id: 3, gift: null, notes: [] },
    ])
  })

  test('one row is the first, or null', () => {
    expect(show(true)?.(rowsOf([7, 0, null]))).toEqual({ id: 7, gift: false, notes: null })
    expect(show(true)?.(rowsOf())).toBeNull()
    expect(show(false)?.(rowsOf())).toEqual([])
  })

  test('bytes that end within a row are refused', () => {
    expect(() => show(false)?.(rowsOf([1, 2]))).toThrow()
  })
})
