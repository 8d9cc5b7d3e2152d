/** What Prisma binds, in the form that Rockpool stores. */

import type { ArgType } from '@prisma/driver-adapter-utils'

/** Significant digits of a decimal that a double always gives back as they were. */
const DOUBLE_DIGITS = 15

/** One argument of a query. Prisma sends large integers, decimals, moments and bytes as text. */
export function toArgument(arg: unknown, type: ArgType | undefined): unknown {
  if (arg === null || arg === undefined) return null
  switch (type?.scalarType) {
    case 'int':
    case 'bigint':
      return typeof arg === 'string' || typeof arg === 'number' ? toInteger(arg) : arg
    case 'float':
      return typeof arg === 'string' ? Number(arg) : arg
    case 'decimal':
      return typeof arg === 'string' ? toDecimal(arg) : arg
    case 'datetime':
      return typeof arg === 'string' ? toMoment(arg) : arg
    case 'bytes':
      return typeof arg === 'string' ? toBytes(arg) : arg
    default:
      return arg
  }
}

function toInteger(arg: string | number): unknown {
  if (typeof arg === 'number') return arg
  return /^[+-]?\d+$/.test(arg) ? BigInt(arg) : arg
}

/**
 * A decimal as a number where that is exact, so that it computes and compares
 * with columns of any type; as text where a double would lose digits. Columns
 * that hold decimals compare both alike.
 */
function toDecimal(arg: string): unknown {
  const digits = arg.replace(/^[+-]?0*\.?0*|\.|e.*$/gi, '')
  const number = Number(arg)
  return digits.length <= DOUBLE_DIGITS && Number.isFinite(number) ? number : arg
}

/** A moment in its one stored form: microseconds, +00:00 (@rockpool/client binds a Date so). */
function toMoment(arg: string): unknown {
  const date = new Date(arg)
  return Number.isNaN(date.getTime()) ? arg : date
}

function toBytes(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
}
