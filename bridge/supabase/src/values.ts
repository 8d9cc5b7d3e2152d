/** The stored form of a column's values, and what supabase-js is shown of them: JSON as PostgREST prints it. */

import { typeName, type Column, type SqlValue } from '@rockpool/client'

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** What a row may hold: SQL values, and true and false where a built query shows them. */
export type Cell = SqlValue | boolean

/** Postgres's short names of types that have a longer one in SQL. */
const SHORT: Readonly<Record<string, string>> = {
  boolean: 'bool',
  smallint: 'int2',
  integer: 'int4',
  int: 'int4',
  bigint: 'int8',
  real: 'float4',
  'double precision': 'float8',
  float: 'float8',
  decimal: 'numeric',
  'character varying': 'varchar',
  character: 'bpchar',
  'timestamp with time zone': 'timestamptz',
  'timestamp without time zone': 'timestamp',
  'time without time zone': 'time',
}

/** A column's type as pg_type has it: "int4", "_text" for an array of text. */
export function postgresType(column: Column): string {
  const kind = typeName(column.type)
  const source = column.sourceType.toLowerCase().replace(/\s*\([\d, ]*\)/, '')
  const element = source.replace(/(\[\])+$/, '')
  const short = SHORT[element] ?? element
  if (kind === 'array') return source.startsWith('_') ? source : '_' + (short || 'text')
  return short || (kind === 'enum' || kind === 'unknown' ? 'text' : (SHORT[kind] ?? kind))
}

/** A cell as PostgREST prints it. Integers beyond ±(2^53 − 1) and long decimals become the nearest number, as in JSON.parse. */
export function toJson(column: Column, cell: Cell): Json {
  if (cell === null) return null
  const kind = typeName(column.type)
  switch (kind) {
    case 'bool':
      return Boolean(cell)
    case 'json':
    case 'jsonb':
      return parsed(String(cell))
    case 'array':
      return typeof cell === 'string' ? parseArray(cell, elementOf(postgresType(column))) : String(cell)
    case 'decimal':
      return numeric(String(cell))
    case 'timestamptz':
    case 'timestamp':
      return String(cell).replace(/\.(\d*?)0+(?=\+|$)/, (_, digits: string) => digits && '.' + digits)
    default:
      if (cell instanceof Uint8Array)
        return '\\x' + [...cell].map((byte) => byte.toString(16).padStart(2, '0')).join('')
      return typeof cell === 'bigint' ? Number(cell) : cell
  }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json // what JSON.parse gives
  } catch {
    return text // as it is stored: a source that keeps other text there is shown as it is
  }
}

/** A number, or the text of what JSON has no number for (NaN). */
function numeric(text: string): Json {
  const number = Number(text)
  return Number.isFinite(number) ? number : text
}

function elementOf(array: string): (text: string) => Json {
  switch (array) {
    case '_int2':
    case '_int4':
    case '_int8':
    case '_float4':
    case '_float8':
    case '_numeric':
      return numeric
    case '_bool':
      return (text) => text === 't' || text === 'true'
    case '_json':
    case '_jsonb':
      return parsed
    default:
      return (text) => text
  }
}

/** Postgres's text of an array, `{a,"b,c",NULL,{…}}`, as a list. A text that is none is given back as it is. */
export function parseArray(text: string, element: (text: string) => Json = (of) => of): Json {
  let at = 0
  const list = (): Json[] | undefined => {
    const items: Json[] = []
    at++ // {
    if (text[at] === '}') {
      at++
      return items
    }
    for (;;) {
      if (text[at] === '{') {
        const inner = list()
        if (inner === undefined) return undefined
        items.push(inner)
      } else if (text[at] === '"') {
        let value = ''
        for (at++; at < text.length && text[at] !== '"'; at++) {
          if (text[at] === '\\') at++
          value += text[at] ?? ''
        }
        at++
        items.push(element(value))
      } else {
        const begin = at
        while (at < text.length && text[at] !== ',' && text[at] !== '}') at++
        const value = text.slice(begin, at)
        items.push(value.toUpperCase() === 'NULL' ? null : element(value))
      }
      const end = text[at++]
      if (end === '}') return items
      if (end !== ',') return undefined
    }
  }
  if (!text.startsWith('{')) return text
  const items = list()
  return items === undefined || at !== text.length ? text : items
}
