import { describe, expect, test } from 'vitest'
import { decodeRow, encodingSets, type SqlValue } from '../src/codec.ts'
import { RockpoolError } from '../src/error.ts'
import { toSql } from '../src/values.ts'

/** Encodes sets two at a time. */
function encodeSets(
  sets: readonly (readonly unknown[])[],
  lower: (value: unknown, set: number, at: number) => SqlValue,
): Uint8Array {
  const encoding = encodingSets(sets, lower)
  while (encoding.step(2));
  return encoding.bytes
}

const texts = [
  '',
  'plain',
  'x'.repeat(64),
  'x'.repeat(65),
  'é',
  'naïve',
  'x'.repeat(63) + '€',
  'a😀b',
  '😀'.repeat(40),
  'x'.repeat(5000) + 'ß',
  '\0',
]

describe('sets of values', () => {
  test('come back as they were, whatever the text', () => {
    const sets = texts.map((text, at) => [at, text, at / 3, null, text + text])
    const bytes = encodeSets(sets, () => null)
    expect(decodeRow(bytes, sets.length * 5)).toEqual(sets.flat())
  })

  test('half a pair of surrogates becomes U+FFFD, as an encoder does', () => {
    expect(
      decodeRow(
        encodeSets([['a\ud800b'], ['\udc00']], () => null),
        2,
      ),
    ).toEqual(['a\ufffdb', '\ufffd'])
  })

  test('other values are lowered and told where they stand', () => {
    const seen: [number, number][] = []
    const lower = (value: unknown, set: number, at: number) => {
      seen.push([set, at])
      return toSql(value)
    }
    const bytes = encodeSets(
      [
        [1, true],
        [2n ** 60n, new Uint8Array([7])],
      ],
      lower,
    )
    expect(decodeRow(bytes, 4)).toEqual([1, 1, 2n ** 60n, new Uint8Array([7])])
    expect(seen).toEqual([
      [0, 1],
      [1, 0],
      [1, 1],
    ])
  })

  test('a set of another length is refused and named', () => {
    expect(() => encodeSets([[1, 2], [3]], () => null)).toThrow(RockpoolError)
    expect(() => encodeSets([[1, 2], [3]], () => null)).toThrow(/set 2 has 1 values, the first 2/)
  })
})
