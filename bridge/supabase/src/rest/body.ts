/** The rows of a request's body, in the form in which columns hold them. */

import { typeName, type Column, type Table } from '@rockpool/client'
import type { Json } from '../values.ts'
import { RestError } from './errors.ts'

/** Named values to write. */
export type Values = Readonly<Record<string, unknown>>

/** Reads a JSON body: one object, or a list of them. @throws RestError PGRST102, PGRST204. */
export function parseBody(
  text: string,
  table: Table,
  columns: readonly string[] | null,
  isMissingDefault: boolean,
): Values[] {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new RestError(400, 'PGRST102', 'Empty or invalid json')
  }
  const rows: readonly unknown[] = Array.isArray(body) ? body : [body]
  return rows.map((row) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row))
      throw new RestError(400, 'PGRST102', 'Empty or invalid json')
    const values: Record<string, unknown> = {}
    const given = new Map(Object.entries(row))
    for (const name of columns ?? given.keys()) {
      const column = table.columns.find((one) => one.name === name)
      if (column === undefined)
        throw new RestError(
          400,
          'PGRST204',
          `Could not find the '${name}' column of '${table.name}' in the schema cache`,
        )
      if (given.has(name)) values[name] = stored(column, given.get(name) as Json)
      else if (!isMissingDefault) values[name] = null
    }
    return values
  })
}

function stored(column: Column, value: Json): unknown {
  if (value === null) return null
  switch (typeName(column.type)) {
    case 'json':
    case 'jsonb':
      return JSON.stringify(value)
    case 'array':
      return Array.isArray(value) ? arrayText(value) : value
    case 'bytes':
      return typeof value === 'string' && /^\\x([0-9a-f]{2})*$/i.test(value)
        ? Uint8Array.from(value.slice(2).match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
        : value
    default:
      return value
  }
}

/** Postgres's text of a list. */
function arrayText(list: readonly Json[]): string {
  const element = (item: Json): string => {
    if (item === null) return 'NULL'
    if (Array.isArray(item)) return arrayText(item)
    const text = typeof item === 'object' ? JSON.stringify(item) : String(item)
    return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
  }
  return `{${list.map(element).join(',')}}`
}
