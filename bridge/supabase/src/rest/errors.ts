/** PostgREST's errors: a status, and a body of four keys. */

import { RockpoolError, type Row, type Table } from '@rockpool/client'
import { brokenConstraint, type BrokenConstraint } from '@rockpool/client/statements'
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

/** The answer for anything thrown. `row` is what was written, where it was one row. */
export function restError(thrown: unknown, table: Table, row: Row | undefined): RestError {
  if (thrown instanceof RestError) return thrown
  if (thrown instanceof BadLiteral) return new RestError(400, thrown.code, thrown.message)
  if (!(thrown instanceof RockpoolError)) return new RestError(500, 'XX000', String(thrown))
  const { message, hint } = thrown
  const known = thrown.kind === 'constraint' ? constraintError(brokenConstraint(thrown), table, row) : undefined
  if (known !== undefined) return known
  if (thrown.kind === 'type_mismatch') return new RestError(400, '22P02', message, null, hint || null)
  if (thrown.kind === 'constraint') return new RestError(409, '23000', message, null, hint || null)
  return new RestError(500, 'XX000', message, thrown.kind, hint || null)
}

/** Postgres's error of a constraint; undefined for one whose name is not told. */
function constraintError(broken: BrokenConstraint, table: Table, row: Row | undefined): RestError | undefined {
  switch (broken.kind) {
    case 'unique': {
      const { columns } = broken
      const values = columns.map((name) => row?.[name])
      const details = row === undefined ? null : `Key (${columns.join(', ')})=(${values.join(', ')}) already exists.`
      const name = constraintName(table, columns)
      return new RestError(409, '23505', `duplicate key value violates unique constraint "${name}"`, details)
    }
    case 'not null':
      return new RestError(
        400,
        '23502',
        `null value in column "${broken.columns.join(', ')}" of relation "${table.name}" violates not-null constraint`,
      )
    case 'check':
      return new RestError(
        400,
        '23514',
        `new row for relation "${table.name}" violates check constraint "${broken.name}"`,
      )
    case 'foreign key': {
      const { name, table: other, isHeld } = broken
      if (name === '') return undefined
      return isHeld
        ? new RestError(
            409,
            '23503',
            `update or delete on table "${table.name}" violates foreign key constraint "${name}" on table "${other}"`,
            `Key is still referenced from table "${other}".`,
          )
        : new RestError(
            409,
            '23503',
            `insert or update on table "${table.name}" violates foreign key constraint "${name}"`,
            `Key is not present in table "${other}".`,
          )
    }
    default:
      return undefined
  }
}

function constraintName(table: Table, columns: readonly string[]): string {
  const isKey = table.key.every((at) => columns.includes(table.columns[at]?.name ?? ''))
  if (isKey) return `${table.name}_pkey`
  const found = table.unique.find((one) => one.columns.every((at) => columns.includes(table.columns[at]?.name ?? '')))
  return found?.name ?? `${table.name}_${columns.join('_')}_key`
}
