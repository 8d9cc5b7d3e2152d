/** Names: random ones, as UUIDs of version 4, and those of values. */

/** A name that nobody else makes: for a write that is to apply once, or a tab. */
export function newKey(): string {
  return crypto.randomUUID?.() ?? uuid() // for secure pages only, whatever its type says
}

/** A UUID of version 4: of the pattern's digits the 4, its version, stays, and of the 8, its variant, two bits. */
export function uuid(): string {
  return '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (digit) => {
    const [random = 0] = crypto.getRandomValues(new Uint8Array(1))
    return (Number(digit) ^ (random & (15 >> (Number(digit) / 4)))).toString(16)
  })
}

/** A text that is the same for the same values: numbers that JSON does not have are written out. */
export function valueKey(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'bigint' || (typeof one === 'number' && !Number.isFinite(one)) || Object.is(one, -0)
      ? { is: `${one === 0 ? '-' : ''}${String(one)}` }
      : one,
  )
}
