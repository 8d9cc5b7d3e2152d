/** Names: random ones, as UUIDs of version 4, and those of values. */

/** A name that nobody else makes: for a write that is to apply once, or a tab. */
export function newKey(): string {
  if (globalThis.isSecureContext) return crypto.randomUUID() // a write's name: ten times as fast as the rest of this
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** A text that is the same for the same values: numbers that JSON does not have are written out. */
export function valueKey(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'bigint' || (typeof one === 'number' && !Number.isFinite(one)) || Object.is(one, -0)
      ? { is: `${one === 0 ? '-' : ''}${String(one)}` }
      : one,
  )
}
