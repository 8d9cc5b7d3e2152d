/** Seeded numbers: a test that fails prints its seed, and the seed repeats it. */

/** Whole numbers from 0 to below `below`, the same for the same seed (mulberry32). */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** How many rounds a seeded test takes: all of them with ROCKPOOL_FULL=1, else as many as a run of every suite has time for. */
export function rounds(all: number, byDefault: number): number {
  return process.env.ROCKPOOL_FULL === '1' ? all : byDefault
}

/** The first of a test's seeds: ROCKPOOL_SEED, so that a failure can be repeated, else always the same. */
export function firstSeed(): number {
  const seed = Number(process.env.ROCKPOOL_SEED || 1)
  if (!Number.isInteger(seed)) throw new Error(`ROCKPOOL_SEED=${process.env.ROCKPOOL_SEED} is no whole number`)
  return seed
}
