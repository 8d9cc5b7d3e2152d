/** SQLite's results as the service sends them: every cell is text, in one base64 a row. */

import type { ResultColumn, SqlValue, StatementResult } from '@rockpool/client/statements'
import { fromStored } from './moments.ts'

/** A column of the service's result. */
export interface Field {
  readonly name: string
  readonly type?: string
  readonly charset: number
  readonly flags: number
}

/** A result of the service; numbers are texts. */
export interface Result {
  readonly rowsAffected?: string
  readonly insertId?: string
  readonly fields?: readonly Field[]
  readonly rows?: readonly { readonly lengths: readonly string[]; readonly values: string }[]
}

const BINARY = 63
const UTF8 = 255

/** By declared type, upper case, without its modifier. */
const TYPES: Readonly<Record<string, string>> = {
  DECIMAL_TEXT: 'DECIMAL',
  TIMESTAMPTZ_TEXT: 'TIMESTAMP',
  TIMESTAMP_TEXT: 'DATETIME',
  DATE_TEXT: 'DATE',
  TIME_TEXT: 'TIME',
  UUID_TEXT: 'CHAR',
  JSON_TEXT: 'JSON',
  JSONB_TEXT: 'JSON',
  BOOLEAN: 'INT8',
  TINYINT: 'INT8',
  SMALLINT: 'INT16',
  INTEGER: 'INT32',
  INT: 'INT32',
  BIGINT: 'INT64',
  REAL: 'FLOAT64',
  DOUBLE: 'FLOAT64',
  FLOAT: 'FLOAT32',
  DECIMAL: 'DECIMAL',
  NUMERIC: 'DECIMAL',
  TEXT: 'TEXT',
  VARCHAR: 'VARCHAR',
  CHAR: 'CHAR',
  BLOB: 'BLOB',
  JSON: 'JSON',
  DATE: 'DATE',
  TIME: 'TIME',
  DATETIME: 'DATETIME',
  TIMESTAMP: 'TIMESTAMP',
}

/** Types whose cells are texts of people. */
const TEXTS = new Set(['TEXT', 'VARCHAR', 'CHAR'])

const INT32_MAX = 2 ** 31 - 1

/** Lowers a result. `isWide` says whether a column of that name is a bigint of the schema. */
export function toResult(
  { columns, rows, changes, lastId }: StatementResult,
  isWide: (name: string) => boolean,
): Result {
  if (columns.length === 0) {
    const result = changes > 0 ? { rowsAffected: String(changes) } : {}
    return BigInt(lastId) > 0n && changes > 0 ? { ...result, insertId: String(lastId) } : result
  }
  const types = columns.map((column, at) =>
    typeOf(
      column,
      rows.map((row) => row[at] ?? null),
      isWide,
    ),
  )
  return {
    fields: columns.map(({ name }, at) => fieldOf(name, types[at])),
    rows: rows.map((row) => rowOf(row, types)),
  }
}

function fieldOf(name: string, type: string | undefined): Field {
  const charset = type !== undefined && TEXTS.has(type) ? UTF8 : BINARY
  return { name, charset, flags: 0, ...(type === undefined ? {} : { type }) }
}

/** What a column declares; an expression is what its first value is. */
function typeOf(
  { name, decl }: ResultColumn,
  values: readonly SqlValue[],
  isWide: (name: string) => boolean,
): string | undefined {
  const declared = TYPES[decl.replace(/\(.*$/, '').trim().toUpperCase()]
  if (declared === 'INT32') return isWide(name) || values.some(isBeyond) ? 'INT64' : 'INT32'
  if (declared !== undefined) return declared
  const value = values.find((one) => one !== null)
  switch (typeof value) {
    case 'string':
      return 'VARCHAR'
    case 'bigint':
      return 'INT64'
    case 'number':
      return values.every((one) => one === null || Number.isInteger(one)) ? 'INT64' : 'FLOAT64'
    default:
      return value === undefined ? undefined : 'BLOB' // no type is MySQL's NULL
  }
}

function isBeyond(value: SqlValue): boolean {
  return typeof value === 'bigint' || (typeof value === 'number' && Math.abs(value) > INT32_MAX)
}

const encoder = new TextEncoder()

function rowOf(
  row: readonly SqlValue[],
  types: readonly (string | undefined)[],
): { lengths: string[]; values: string } {
  const cells = row.map((value, at) => cellOf(value, types[at]))
  let bytes = ''
  for (const cell of cells) for (const byte of cell ?? []) bytes += String.fromCharCode(byte)
  return { lengths: cells.map((cell) => String(cell === null ? -1 : cell.length)), values: btoa(bytes) }
}

function cellOf(value: SqlValue, type: string | undefined): Uint8Array | null {
  if (value === null) return null
  if (value instanceof Uint8Array) return value
  const text =
    typeof value === 'string' && (type === 'TIMESTAMP' || type === 'DATETIME') ? fromStored(value) : String(value)
  return encoder.encode(text)
}
