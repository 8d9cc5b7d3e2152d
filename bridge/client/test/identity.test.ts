import { describe, expect, test } from 'vitest'
import { patched, reconcile } from '../src/identity.ts'

interface Thing {
  id: number
  v: string
  b?: Uint8Array
}
const thing = (id: number, v: string): Thing => ({ id, v })

/** The dumb way: the content must be the new state's, and equal rows must be the old objects. */
function check(before: Thing[], after: Thing[], key: string[] = ['id']): void {
  const copy = structuredClone(after)
  const { rows, patch } = reconcile(before, after, key)
  expect(rows).toEqual(copy)
  for (const row of rows) {
    const old = before.find((one) => one.id === row.id)
    if (old !== undefined && old.v === row.v) expect(row).toBe(old)
    else expect(before.includes(row)).toBe(false)
  }
  const ids = (list: readonly Thing[]) => list.map((one) => one.id).sort((a, b) => a - b)
  expect(ids(patch.added)).toEqual(ids(copy.filter((row) => !before.some((old) => old.id === row.id))))
  expect(ids(patch.removed)).toEqual(ids(before.filter((old) => !copy.some((row) => old.id === row.id))))
}

describe('reconcile', () => {
  test('equal states are the same array', () => {
    const before = [thing(1, 'a'), thing(2, 'b')]
    expect(reconcile(before, [thing(1, 'a'), thing(2, 'b')], ['id']).rows).toBe(before)
  })

  test('nested rows count by content', () => {
    const order = (lines: object[], blob = [1]) => ({
      id: 1,
      lines,
      last: lines[0] ?? null,
      blob: new Uint8Array(blob),
    })
    const before = [
      order([
        { id: 1, n: 2 },
        { id: 2, n: 3 },
      ]),
    ]
    expect(
      reconcile(
        before,
        [
          order([
            { id: 1, n: 2 },
            { id: 2, n: 3 },
          ]),
        ],
        ['id'],
      ).rows,
    ).toBe(before)
    for (const other of [
      order([{ id: 1, n: 2 }]),
      order([
        { id: 1, n: 2 },
        { id: 2, n: 4 },
      ]),
      order(
        [
          { id: 1, n: 2 },
          { id: 2, n: 3 },
        ],
        [2],
      ),
    ])
      expect(reconcile(before, [other], ['id']).patch.changed).toHaveLength(1)
  })

  test('random edits keep the identity of every unchanged row', () => {
    let seed = 20261125
    const random = (n: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648
      return seed % n
    }
    for (let round = 0; round < 300; round++) {
      const before = Array.from({ length: random(12) }, (_, at) => thing(at, 'v' + random(3)))
      const after = before
        .filter(() => random(4) > 0)
        .map((row) => (random(4) === 0 ? thing(row.id, 'w' + random(3)) : thing(row.id, row.v)))
      for (let n = random(3); n > 0; n--) after.splice(random(after.length + 1), 0, thing(100 + n, 'new'))
      if (random(2) === 0) after.reverse()
      check(before, after)
    }
  })

  test('blobs are equal by content', () => {
    const before = [{ id: 1, v: 'a', b: new Uint8Array([1, 2]) }]
    expect(reconcile(before, [{ id: 1, v: 'a', b: new Uint8Array([1, 2]) }], ['id']).rows).toBe(before)
    expect(reconcile(before, [{ id: 1, v: 'a', b: new Uint8Array([1, 3]) }], ['id']).patch.changed).toHaveLength(1)
  })

  test('rows of a key of several columns are told apart', () => {
    const before = [
      { a: 1, b: 2, v: 'x' },
      { a: 12, b: 0, v: 'y' },
    ]
    const { patch } = reconcile(
      before,
      [
        { a: 12, b: 0, v: 'y' },
        { a: 1, b: 2, v: 'z' },
      ],
      ['a', 'b'],
    )
    expect(patch).toMatchObject({ added: [], removed: [], changed: [{ before: { v: 'x' }, after: { v: 'z' } }] })
  })
})

describe('patched', () => {
  const before = [
    { id: 1, v: 'a' },
    { id: 2, v: 'b' },
    { id: 3, v: 'c' },
  ]
  const [one, two, three] = before

  test('kept rows are the same objects, wherever they went', () => {
    const now = { id: 2, v: 'B' }
    const added = { id: 4, v: 'd' }
    const { rows, patch } = patched(before, [now, added], ['id'], [3, 1, 0, 2, 1, 1])
    expect(rows).toEqual([three, now, added, one])
    expect(rows[0]).toBe(three)
    expect(rows[3]).toBe(one)
    expect(patch).toEqual({ added: [added], removed: [], changed: [{ before: two, after: now }] })
  })

  test('what is not kept is removed', () => {
    const { rows, patch } = patched(before, [], ['id'], [1, 1, 3, 1])
    expect(rows).toEqual([one, three])
    expect(patch).toEqual({ added: [], removed: [two], changed: [] })
  })

  test('a new row with an old one’s content is the old one', () => {
    const { rows } = patched(before, [{ id: 2, v: 'b' }], ['id'], [1, 1, 0, 1, 3, 1])
    expect(rows[1]).toBe(two)
  })
})
