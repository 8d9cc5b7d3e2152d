import { expect, test } from 'vitest'
import { SLICE_MS, sliced } from '../src/pace.ts'

test('long work lets others have their turn', async () => {
  let steps = 0
  let seen = 0
  await Promise.all([
    sliced(() => {
      const until = performance.now() + SLICE_MS / 3
      while (performance.now() < until);
      return ++steps < 60
    }),
    (async () => {
      while (steps < 60) {
        await new Promise((turn) => setImmediate(turn))
        seen = Math.max(seen, steps < 60 ? steps : 0)
      }
    })(),
  ])
  expect(steps).toBe(60)
  expect(seen).toBeGreaterThan(0)
})

test('what work throws, rejects, and the next work runs', async () => {
  await expect(
    sliced(() => {
      throw new RangeError('no')
    }),
  ).rejects.toThrow('no')
  let steps = 0
  await sliced(() => ++steps < 3)
  expect(steps).toBe(3)
})
