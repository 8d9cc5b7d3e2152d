/** Literals of filters: text of a URL or a subscription as a value of a column, and how values of a column compare. */

import { typeName, type Column } from '@rockpool/client'
import { postgresType, type Cell } from './values.ts'

/** A text that is no value of its column's type: Postgres's 22P02. */
export class BadLiteral extends Error {
  readonly code = '22P02'
  constructor(type: string, text: string) {
    super(`invalid input syntax for type ${type}: "${text}"`)
  }
}

/** Names of types as Postgres's messages have them. */
const LONG: Readonly<Record<string, string>> = {
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  bool: 'boolean',
  timestamptz: 'timestamp with time zone',
}

const TRUE = ['t', 'true', 'y', 'yes', 'on', '1']
const FALSE = ['f', 'false', 'n', 'no', 'off', '0']
const MOMENT = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?)?$/i

/** The stored value that a text means in a column. @throws BadLiteral. */
export function parseLiteral(column: Column, text: string): number | bigint | string {
  const bad = () => new BadLiteral(LONG[postgresType(column)] ?? postgresType(column), text)
  switch (typeName(column.type)) {
    case 'int': {
      if (!/^\s*[+-]?\d+\s*$/.test(text)) throw bad()
      const number = Number(text)
      return Number.isSafeInteger(number) ? number : BigInt(text.trim().replace('+', ''))
    }
    case 'float':
      if (text.trim() === '' || (Number.isNaN(Number(text)) && !/^nan$/i.test(text))) throw bad()
      return Number(text)
    case 'decimal':
      if (decimalOf(text) === undefined) throw bad()
      return text.trim()
    case 'bool': {
      const word = text.trim().toLowerCase()
      if (TRUE.includes(word)) return 1
      if (FALSE.includes(word)) return 0
      throw bad()
    }
    case 'timestamptz':
    case 'timestamp':
    case 'date': {
      const moment = storedMoment(typeName(column.type), text.trim())
      if (moment === undefined) throw bad()
      return moment
    }
    case 'uuid': {
      const hex = text.trim().toLowerCase().replaceAll(/[{}-]/g, '')
      if (!/^[0-9a-f]{32}$/.test(hex)) throw bad()
      return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    }
    default:
      return text
  }
}

/** A moment in its stored form: UTC with microseconds and an offset (timestamptz), without one (timestamp), or a day. */
function storedMoment(kind: string, text: string): string | undefined {
  const [, day, minutes = '00:00', seconds = '00', fraction = '', zone = 'Z'] = MOMENT.exec(text) ?? []
  if (day === undefined) return undefined
  if (kind === 'date') return Number.isNaN(Date.parse(day)) ? undefined : day
  const offset = /^[+-]\d\d$/.test(zone) ? zone + ':00' : zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2').toUpperCase()
  const time = Date.parse(`${day}T${minutes}:${seconds}${kind === 'timestamp' ? 'Z' : offset}`)
  if (Number.isNaN(time)) return undefined
  const utc = new Date(time).toISOString().slice(0, 19) + '.' + fraction.padEnd(6, '0')
  return kind === 'timestamp' ? utc : utc + '+00:00'
}

/** A decimal as digits × 10^−scale, exactly. */
function decimalOf(text: string): { digits: bigint; scale: number } | undefined {
  const parts = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,4}))?\s*$/i.exec(text)
  if (parts === null) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts
  if (whole === '' && fraction === '') return undefined
  const digits = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n)
  const scale = fraction.length - Number(exponent)
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 }
}

/** Negative, zero or positive, as two values of a column sort; text by its characters' numbers. Neither is null. */
export function compareValues(column: Column, a: Exclude<Cell, null>, b: Exclude<Cell, null>): number {
  if (typeName(column.type) === 'decimal') {
    const left = decimalOf(String(a)),
      right = decimalOf(String(b))
    if (left !== undefined && right !== undefined) {
      const scale = Math.max(left.scale, right.scale)
      const x = left.digits * 10n ** BigInt(scale - left.scale)
      const y = right.digits * 10n ** BigInt(scale - right.scale)
      return x < y ? -1 : x > y ? 1 : 0
    }
  }
  const x = comparable(a),
    y = comparable(b)
  return x < y ? -1 : x > y ? 1 : 0
}

function comparable(cell: Exclude<Cell, null>): number | bigint | string {
  if (typeof cell === 'boolean') return cell ? 1 : 0
  return cell instanceof Uint8Array ? String.fromCharCode(...cell) : cell
}
