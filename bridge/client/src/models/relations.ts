/** What a schema says of a table: its columns, its keys, and its relations by name. */

import { failure } from '../error.ts'
import type { Schema, Table } from '../gen/schema.ts'

/** One side of a foreign key, as a property of a table's rows. */
export interface Relation {
  readonly table: string
  /** A list, or one row or null. */
  readonly isMany: boolean
  /** This table holds the foreign key. */
  readonly isHolder: boolean
  /** Columns of this table and of the other that are equal. */
  readonly here: readonly string[]
  readonly there: readonly string[]
}

/** A table with its names looked up. */
export interface Described {
  readonly name: string
  readonly columns: readonly string[]
  readonly key: readonly string[]
  /** The key, and what else no two rows share. */
  readonly uniques: readonly (readonly string[])[]
  readonly relations: ReadonlyMap<string, Relation>
}

const known = new WeakMap<Schema, Map<string, Described>>()

/**
 * Describes a table. A foreign key is a relation on both sides. The side that holds it has it under its column's name
 * without `_id` or `Id` (`customer_id` is `customer`), or, where that is no name, under the other table's; the other
 * side under this table's name. What would have the name of a column or of another relation is called
 * `<table>_by_<column>`.
 *
 * @throws `unknown_table`
 */
export function describe(schema: Schema, table: string): Described {
  let tables = known.get(schema)
  if (tables === undefined) {
    tables = new Map(schema.tables.map((one) => [one.name, described(schema, one)]))
    known.set(schema, tables)
  }
  const found = tables.get(table)
  if (found === undefined)
    throw failure(
      'unknown_table',
      `use ${table}`,
      `there is no table ${table}`,
      'tables are ' + [...tables.keys()].join(', '),
    )
  return found
}

function described(schema: Schema, table: Table): Described {
  const columns = table.columns.map((column) => column.name)
  const relations = new Map<string, Relation>()
  const add = (names: string[], relation: Relation) => {
    const name = names.find((one) => one !== '' && !columns.includes(one) && !relations.has(one))
    if (name !== undefined) relations.set(name, relation)
  }
  for (const key of table.foreign) {
    const [column = ''] = key.columns
    const stem = key.columns.length === 1 ? column.replace(/_?id$/i, '') : ''
    add([stem === column ? '' : stem, key.table, `${key.table}_by_${column}`], {
      table: key.table,
      isMany: false,
      isHolder: true,
      here: key.columns,
      there: key.references,
    })
  }
  for (const other of schema.tables)
    for (const key of other.foreign) {
      if (key.table !== table.name) continue
      const others = other.foreign.filter((one) => one.table === table.name).length
      const long = `${other.name}_by_${key.columns[0] ?? ''}`
      add(others > 1 ? [long] : [other.name, long], {
        table: other.name,
        isMany: !isUnique(other, key.columns),
        isHolder: false,
        here: key.references,
        there: key.columns,
      })
    }
  const names = (key: readonly number[]) => key.map((at) => columns[at] ?? '')
  const key = names(table.key)
  return { name: table.name, columns, key, uniques: [key, ...table.unique.map((one) => names(one.columns))], relations }
}

/** Whether no two rows of a table share the values of these columns. */
function isUnique(table: Table, columns: readonly string[]): boolean {
  const isAll = (key: readonly number[]) =>
    key.length > 0 && key.every((at) => columns.includes(table.columns[at]?.name ?? ''))
  return isAll(table.key) || table.unique.some((unique) => isAll(unique.columns))
}

/** Names the properties that a table has, for an error. */
export function noProperty(of: Described, name: string, op: string): Error {
  const likely = [...of.columns, ...of.relations.keys()]
  return failure(
    'unknown_column',
    op,
    `${of.name} has no column or relation ${JSON.stringify(name)}`,
    'it has ' + likely.join(', '),
  )
}
