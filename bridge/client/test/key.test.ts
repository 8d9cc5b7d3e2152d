import { expect, test } from 'vitest'
import { newKey, uuid } from '../src/key.ts'

const VERSION_4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

for (const [where, make] of Object.entries({ 'with crypto.randomUUID': newKey, 'on an insecure page': uuid })) {
  test(`names are UUIDs of version 4, ${where}, each its own, and every digit is drawn`, () => {
    const names = Array.from({ length: 2_000 }, make)
    expect(names.filter((name) => !VERSION_4.test(name))).toEqual([])
    expect(new Set(names).size).toBe(names.length)
    const drawn = Array.from({ length: 36 }, (_, at) => new Set(names.map((name) => name[at])).size)
    const wanted = Array.from('xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx', (one) => (one === 'x' ? 16 : one === 'y' ? 4 : 1))
    expect(drawn).toEqual(wanted)
  })
}
