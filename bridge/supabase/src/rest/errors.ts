/** PostgREST's errors: a status, and a body of four keys. */

import { RockpoolError, type Row, type Table } from '@rockpool/client'
import { BadLiteral } from '../literals.ts'

/** An error that is answered, never thrown at the client. */
export class RestError extends Error {
  readonly status: number
  readonly code: string
  readonly details: string | null
  readonly hint: string | null

  constructor(
    status: number,
    code: string,
    message: string,
    details: string | null = null,
    hint: string | null = null,
  ) {
    super(message)
    this.status = status
    this.code = code
    this.details = details
    this.hint = hint
  }
}

/** Text of the URL that is no query: PGRST100. */
export function unparsed(what: string, text: string, details: string | null = null): RestError {
  return new RestError(400, 'PGRST100', `"failed to parse ${what} (${text})" (line 1, column 1)`, details)
}

/** What PostgREST can and the local database cannot: Postgres's "feature not supported". */
export function unsupported(what: string): RestError {
  return new RestError(400, '0A000', `${what} is not served by the local database`, null, 'use db.from(…) or db.sql')
}

/** SQLite's extended codes of the constraints that it holds itself. */
const UNIQUE = 2067,
  PRIMARY_KEY = 1555

/** The answer for anything thrown. `row` is what was written, where it was one row. */
export function restError(thrown: unknown, table: Table, row: Row | undefined): RestError {
  if (thrown instanceof RestError) return thrown
  if (thrown instanceof BadLiteral) return new RestError(400, thrown.code, thrown.message)
  if (!(thrown instanceof RockpoolError)) return new RestError(500, 'XX000', String(thrown))
  const { message, hint } = thrown
  const failed = /constraint failed: ([^(]*)/.exec(message)?.[1]?.trim() ?? ''
  const columns = failed.split(/,\s*/).map((name) => name.slice(name.lastIndexOf('.') + 1))
  if (thrown.code === UNIQUE || thrown.code === PRIMARY_KEY) {
    const values = columns.map((name) => row?.[name])
    const details = row === undefined ? null : `Key (${columns.join(', ')})=(${values.join(', ')}) already exists.`
    const name = constraintName(table, columns)
    return new RestError(409, '23505', `duplicate key value violates unique constraint "${name}"`, details)
  }
  const checked = thrown.kind === 'constraint' ? checkedError(message, table) : undefined
  if (checked !== undefined) return checked
  if (thrown.kind === 'type_mismatch') return new RestError(400, '22P02', message, null, hint || null)
  if (thrown.kind === 'constraint') return new RestError(409, '23000', message, null, hint || null)
  return new RestError(500, 'XX000', message, thrown.kind, hint || null)
}

/** What the core checks before a write is queued (wasm/store/check.go), by what it says: its errors have no code of SQLite's. */
function checkedError(message: string, table: Table): RestError | undefined {
  const isNull = /column (\S+) must not be NULL/.exec(message)?.[1]
  if (isNull !== undefined)
    return new RestError(
      400,
      '23502',
      `null value in column "${isNull}" of relation "${table.name}" violates not-null constraint`,
    )
  const check = /the check (\S+) fails/.exec(message)?.[1]
  if (check !== undefined)
    return new RestError(400, '23514', `new row for relation "${table.name}" violates check constraint "${check}"`)
  const [, foreign, parent] = /foreign key (\S+): there is no such row in (.+?)(?: \(|$)/.exec(message) ?? []
  if (foreign !== undefined)
    return new RestError(
      409,
      '23503',
      `insert or update on table "${table.name}" violates foreign key constraint "${foreign}"`,
      `Key is not present in table "${parent}".`,
    )
  const [, held, child] = /foreign key (\S+): rows of (.+?) refer to it/.exec(message) ?? []
  if (held !== undefined)
    return new RestError(
      409,
      '23503',
      `update or delete on table "${table.name}" violates foreign key constraint "${held}" on table "${child}"`,
      `Key is still referenced from table "${child}".`,
    )
  return undefined
}

function constraintName(table: Table, columns: readonly string[]): string {
  const isKey = table.key.every((at) => columns.includes(table.columns[at]?.name ?? ''))
  if (isKey) return `${table.name}_pkey`
  const found = table.unique.find((one) => one.columns.every((at) => columns.includes(table.columns[at]?.name ?? '')))
  return found?.name ?? `${table.name}_${columns.join('_')}_key`
}
