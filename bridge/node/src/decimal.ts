/** The collation rockpool_decimal of synced tables: decimal texts by their value, as schema.CompareDecimal has it. */

const DECIMAL = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?\s*$/i

/** Digits of an exponent's reach, Postgres's: beyond it a text is no decimal. */
const DIGITS_MAX = 131_072

interface Decimal {
  /** −Infinity, negative, zero or positive, Infinity, NaN, no decimal. */
  readonly rank: 0 | 1 | 2 | 3 | 4 | 5
  /** The digits as one integer, of which `scale` are behind the point. */
  readonly digits: bigint
  readonly scale: number
}

function parse(text: string): Decimal {
  const special = (rank: Decimal['rank']): Decimal => ({ rank, digits: 0n, scale: 0 })
  const word = /^\s*(-inf(?:inity)?|\+?inf(?:inity)?|\+?nan)\s*$/i.exec(text)?.[1]?.toLowerCase()
  if (word !== undefined) return special(word.startsWith('-') ? 0 : word.endsWith('nan') ? 4 : 3)
  const [, sign, whole = '', fraction = '', exponent = '0'] = DECIMAL.exec(text) ?? []
  if (whole === '' && fraction === '') return special(5)
  const scale = fraction.length - Number(exponent)
  if (Math.abs(scale) > DIGITS_MAX) return special(5)
  const digits = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n)
  return { rank: digits < 0n ? 1 : 2, digits, scale }
}

/** Below zero when `a` comes first, above when `b` does. Texts that are no decimals come last, by their code units. */
export function compareDecimals(a: string, b: string): number {
  if (a === b) return 0
  const x = parse(a)
  const y = parse(b)
  if (x.rank !== y.rank) return x.rank - y.rank
  if (x.rank === 5) return a < b ? -1 : 1
  const scale = Math.max(x.scale, y.scale)
  const left = x.digits * 10n ** BigInt(scale - x.scale)
  const right = y.digits * 10n ** BigInt(scale - y.scale)
  return left < right ? -1 : left > right ? 1 : 0
}
