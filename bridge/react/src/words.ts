/** Small words that components share. */

/** What was thrown, as an Error, for callbacks that take one. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** A value as JSON for people and keys: big integers with an n, bytes by their number. */
export function toText(value: unknown): string {
  return (
    JSON.stringify(value, (_, one: unknown) =>
      typeof one === 'bigint' ? `${one}n` : one instanceof Uint8Array ? `${one.length} bytes ${one.join()}` : one,
    ) ?? ''
  )
}
