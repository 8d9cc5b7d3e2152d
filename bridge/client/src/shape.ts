/** What a result's columns are shown as: plain SQL values, booleans, or rows of their own. */

import { decodeRows, type SqlValue } from './codec.ts'
import { TypeBool } from './gen/schema.ts'
import type { HeadColumn } from './gen/wire.ts'

/** How rows show booleans. `schema`: true and false where the column is a boolean of the schema. `sqlite`: 0 and 1, as SQLite has them. */
export type Booleans = 'schema' | 'sqlite'

/** What a column shows for an SQL value. */
export type Show = (value: SqlValue) => unknown

/** How a result's columns become properties. */
export interface RowShape {
  readonly columns: readonly HeadColumn[]
  readonly names: readonly string[]
  /** What columns show that are not plain SQL values, by place; null when all are. */
  readonly shows: readonly (Show | undefined)[] | null
}

/** The shape that a head tells of. */
export function shaped(columns: readonly HeadColumn[], mode: Booleans): RowShape {
  const shows = columns.map((column) =>
    column.rows.length > 0
      ? nested(shaped(column.rows, mode), column.one)
      : column.type === TypeBool && mode === 'schema'
        ? boolean
        : undefined,
  )
  return { columns, names: columns.map((column) => column.name), shows: shows.some(Boolean) ? shows : null }
}

const boolean: Show = (value) => (typeof value === 'number' ? value !== 0 : value)

/** Takes a column's rows apart: a list, or the one row or null. */
function nested({ names, shows }: RowShape, isOne: boolean): Show {
  const object = (values: SqlValue[]) => {
    const row: Record<string, unknown> = {}
    values.forEach((value, at) => {
      const show = shows?.[at]
      row[names[at] ?? ''] = show === undefined ? value : show(value)
    })
    return row
  }
  return (value) => {
    if (!(value instanceof Uint8Array)) return value
    const rows = decodeRows(value, names.length).map(object)
    return isOne ? (rows[0] ?? null) : rows
  }
}
