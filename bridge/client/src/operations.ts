/** The seed's operations, and rows with names. */

import type { SqlValue } from './codec.ts'
import type { Row } from './chunk.ts'
import { failure } from './error.ts'
import { type NamedRow, type OperationType, OpDelete, OpIncrement, OpInsert, OpUpdate, OpUpsert } from './gen/wire.ts'
import { type Schema, TypeBool } from './gen/schema.ts'
import { toSql } from './values.ts'

/** What an operation does. `increment` adds to the columns of its data that are not the key's. */
export type OperationKind = 'insert' | 'update' | 'delete' | 'increment' | 'upsert'

/** The seed's operation: the key's columns are in the data. */
export interface DatabaseOperation {
  readonly type: OperationKind
  readonly table: string
  readonly data: object
}

const TYPES: { readonly [K in OperationKind]: OperationType } = {
  insert: OpInsert,
  update: OpUpdate,
  delete: OpDelete,
  increment: OpIncrement,
  upsert: OpUpsert,
}

/** The wire's form. Properties that are undefined are left out. @throws `invalid_argument`. */
export function lowerOperation(operation: DatabaseOperation): {
  type: OperationType
  table: string
  columns: string[]
  values: SqlValue[]
} {
  const type = TYPES[operation.type]
  if (type === undefined) {
    throw failure(
      'invalid_argument',
      'read operation',
      `there is no type ${JSON.stringify(operation.type)}`,
      'types are ' + Object.keys(TYPES).join(', '),
    )
  }
  if (typeof operation.data !== 'object' || operation.data === null) {
    throw failure('invalid_argument', `read operation on ${operation.table}`, 'its data is no object')
  }
  return { type, table: operation.table, ...toNamedRow(operation.data) }
}

/** The names of the boolean columns of a table of the schema. */
export function booleansOf(schema: Schema | null, table: string): ReadonlySet<string> {
  const columns = schema?.tables.find((one) => one.name === table)?.columns ?? []
  return new Set(columns.filter((column) => column.type === TypeBool).map((column) => column.name))
}

/** The names of a table's key columns, or none for a table that the schema does not know. */
export function keyOf(schema: Schema | null, table: string): string[] {
  const found = schema?.tables.find((one) => one.name === table)
  return found === undefined ? [] : found.key.map((at) => found.columns[at]?.name ?? '')
}

/** A named row as a plain object, with true and false where the schema says so. */
export function toObject(row: NamedRow, booleans: ReadonlySet<string>): Row {
  const object: Row = {}
  row.columns.forEach((name, at) => {
    const value = row.values[at] ?? null
    object[name] = booleans.has(name) && typeof value === 'number' ? value !== 0 : value
  })
  return object
}

/** The results of operations as plain objects. */
export function toObjects(
  results: readonly NamedRow[],
  operations: readonly DatabaseOperation[],
  schema: Schema | null,
): Row[] {
  let table = ''
  let booleans: ReadonlySet<string> = new Set()
  return results.map((row, at) => {
    const of = operations[at]?.table ?? ''
    if (of !== table) {
      table = of
      booleans = booleansOf(schema, table)
    }
    return toObject(row, booleans)
  })
}

/** A plain object as a named row. Properties that are undefined are left out. */
export function toNamedRow(object: object): { columns: string[]; values: SqlValue[] } {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined)
  return { columns: entries.map(([name]) => name), values: entries.map(([name, value]) => toSql(value, name)) }
}
