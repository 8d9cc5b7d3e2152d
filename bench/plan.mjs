/**
 * What is measured, of whom, and what we ask of ourselves. A goal compares
 * medians of one run: `ours` and `theirs` are [contender, figure].
 */

/** @typedef {{ title: string, ours: [string, string], theirs: [string, string], atLeast?: number, atMost?: number }} Goal */

const PEER = 'sqlite-wasm'

/** Figures are milliseconds and smaller is better; a ratio is theirs over ours. */
const faster = (title, atLeast, ours, figure = 'ms') => ({
  title,
  ours: [ours, figure],
  theirs: [PEER, figure],
  atLeast,
})

export const plan = {
  insert: {
    title: '100k inserts in one transaction',
    contenders: ['rockpool', 'rockpool-synced', PEER],
    goals: [
      faster('local table: 2.5 times as fast', 2.5, 'rockpool'),
      faster('synced table, with its outbox: 1.5 times as fast', 1.5, 'rockpool-synced'),
      { title: 'no task over 16 ms on the page', ours: ['rockpool', 'longestTask'], atMost: 16 },
    ],
  },
  durableSerial: {
    title: '1,000 durable transactions, one by one',
    contenders: ['rockpool', 'rockpool-synced', PEER],
    goals: [
      faster('local table: not behind', 1, 'rockpool'),
      {
        title: 'p99 free of checkpoints: at most 5 times p50',
        ours: ['rockpool', 'p99'],
        theirs: ['rockpool', 'p50'],
        atMost: 5,
      },
    ],
  },
  durableEight: {
    title: '1,000 durable transactions, 8 in flight',
    contenders: ['rockpool', 'rockpool-synced', PEER],
    goals: [
      {
        title: '3 times our own serial rate',
        ours: ['rockpool', 'ms'],
        theirs: ['rockpool', 'ms', 'durableSerial'],
        atLeast: 3,
      },
    ],
  },
  readAll: {
    title: '100k rows to plain objects on the page',
    contenders: ['rockpool', PEER],
    goals: [
      faster('8 times as fast', 8, 'rockpool'),
      { title: 'no task over 16 ms on the page', ours: ['rockpool', 'longestTask'], atMost: 16 },
    ],
  },
  points: {
    title: '1,000 awaited point selects',
    contenders: ['rockpool', PEER],
    goals: [
      { title: 'p50 at most twice a bare postMessage echo', ours: ['rockpool', 'perEcho'], atMost: 2, unit: '×' },
    ],
  },
  validate: {
    title: '1,000 queries checked as they are typed, each another text',
    contenders: ['rockpool'],
    goals: [{ title: 'p50 at most 1 ms', ours: ['rockpool', 'p50'], atMost: 1 }],
  },
  sort: {
    title: '100k rows sorted by a text, to plain objects',
    contenders: ['rockpool', PEER],
    goals: [faster('not behind', 1, 'rockpool')],
  },
  groupBy: {
    title: '100 groups of 100k rows',
    contenders: ['rockpool', PEER],
    goals: [faster('not behind', 1, 'rockpool')],
  },
  liveList: {
    title: 'a live list of 50 rows, filtered and ordered by an index: 200 updates, half of them in it',
    contenders: ['rockpool-synced', PEER],
    goals: [
      faster('5 times as fast as running it again', 5, 'rockpool-synced', 'p50'),
      { title: 'p50 at most 0.8 ms: a list in memory', ours: ['rockpool-synced', 'p50'], atMost: 0.8 },
      { title: 'no callback for a write beside it', ours: ['rockpool-synced', 'beside'], atMost: 0, unit: '' },
    ],
  },
  liveScan: {
    title: 'the same where 50,000 rows match and no index helps',
    contenders: ['rockpool-synced', PEER],
    goals: [
      { title: 'p50 at most 2 ms', ours: ['rockpool-synced', 'p50'], atMost: 2 },
      { title: 'no callback for a write beside it', ours: ['rockpool-synced', 'beside'], atMost: 0, unit: '' },
    ],
  },
  reopen: {
    title: 'reopen: navigation to the first row',
    contenders: ['rockpool', PEER],
    goals: [faster('not behind', 1, 'rockpool')],
  },
}

/** Sizes by name. `full` is what the titles say. */
export const sizes = {
  full: { rows: 100_000, calls: 1_000, rest: 700, rounds: 5 },
  smoke: { rows: 5_000, calls: 50, rest: 50, rounds: 1 },
}
