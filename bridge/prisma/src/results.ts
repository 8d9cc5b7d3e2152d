/** What SQLite gave, in the form that Prisma reads: column types come from what the tables declare. */

import type { ResultColumn, SqlValue, StatementResult } from '@rockpool/client/statements'
import type { ColumnType, SqlResultSet } from '@prisma/driver-adapter-utils'

/** ColumnTypeEnum of @prisma/driver-adapter-utils, as far as SQLite has them; a test compares them. */
export const COLUMN_TYPES = {
  Int32: 0,
  Int64: 1,
  Float: 2,
  Double: 3,
  Numeric: 4,
  Boolean: 5,
  Text: 7,
  Date: 8,
  Time: 9,
  DateTime: 10,
  Json: 11,
  Bytes: 13,
  Uuid: 15,
  UnknownNumber: 128,
} as const satisfies Record<string, ColumnType>

const INT32_MAX = 2 ** 31 - 1

type Name = keyof typeof COLUMN_TYPES

/** By declared type, upper case, without its modifier: those of synced tables, and those that people and Prisma write. */
const BY_DECLARATION: Readonly<Record<string, Name>> = {
  DECIMAL_TEXT: 'Numeric',
  TIMESTAMPTZ_TEXT: 'DateTime',
  TIMESTAMP_TEXT: 'DateTime',
  DATE_TEXT: 'Date',
  TIME_TEXT: 'Time',
  UUID_TEXT: 'Uuid',
  JSON_TEXT: 'Json',
  JSONB_TEXT: 'Json',
  INTEGER: 'Int32',
  INT: 'Int32',
  TINYINT: 'Int32',
  SMALLINT: 'Int32',
  MEDIUMINT: 'Int32',
  BIGINT: 'Int64',
  INT8: 'Int64',
  'UNSIGNED BIG INT': 'Int64',
  REAL: 'Double',
  DOUBLE: 'Double',
  'DOUBLE PRECISION': 'Double',
  NUMERIC: 'Double',
  FLOAT: 'Float',
  DECIMAL: 'Numeric',
  BOOLEAN: 'Boolean',
  DATE: 'Date',
  TIME: 'Time',
  DATETIME: 'DateTime',
  TIMESTAMP: 'DateTime',
  TEXT: 'Text',
  CHARACTER: 'Text',
  VARCHAR: 'Text',
  NCHAR: 'Text',
  NVARCHAR: 'Text',
  CLOB: 'Text',
  BLOB: 'Bytes',
  JSON: 'Json',
  JSONB: 'Json',
}

/** The result of a query. */
export function toResultSet({ columns, rows }: StatementResult): SqlResultSet {
  const names = columns.map((column, at) => typeOf(column, rows, at))
  return {
    columnNames: columns.map((column) => column.name),
    columnTypes: names.map((name) => COLUMN_TYPES[name]),
    rows: rows.map((row) => row.map((value, at) => toValue(value, names[at] ?? 'Text'))),
  }
}

/** A column without a declaration is what its first value is; one of integers is as wide as they are. */
function typeOf({ decl }: ResultColumn, rows: readonly SqlValue[][], at: number): Name {
  const declared = BY_DECLARATION[decl.replace(/\(.*$/, '').trim().toUpperCase()]
  if (declared === undefined) return inferred(rows.find((row) => (row[at] ?? null) !== null)?.[at] ?? null)
  if (declared !== 'Int32') return declared
  return rows.some((row) => isWide(row[at] ?? null)) ? 'Int64' : 'Int32'
}

function isWide(value: SqlValue): boolean {
  return typeof value === 'bigint' || (typeof value === 'number' && Math.abs(value) > INT32_MAX)
}

function inferred(value: SqlValue): Name {
  switch (typeof value) {
    case 'string':
      return 'Text'
    case 'bigint':
      return 'Int64'
    case 'number':
      return 'UnknownNumber'
    default:
      return value === null ? 'Int32' : 'Bytes'
  }
}

function toValue(value: SqlValue, type: Name): unknown {
  if (typeof value === 'bigint') return String(value)
  if (type === 'DateTime') {
    if (typeof value === 'number') return new Date(value).toISOString()
    // Text without an offset is UTC here; JavaScript would take it for local time.
    if (typeof value === 'string' && /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(value))
      return `${value.replace(' ', 'T')}+00:00`
  }
  if (type === 'Numeric' && typeof value === 'number') return String(value)
  return value
}
