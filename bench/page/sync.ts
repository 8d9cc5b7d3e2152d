/** What run.mjs of bench/sync drives: this page is served by the relay that it talks to. */

import { type Database, open } from '@rockpool/client'
import { check, type Sample } from '../workloads/workload.ts'

let db: Database | undefined

async function opened(): Promise<Database> {
  db ??= await open({ name: 'sync', relay: { url: '/sync' } })
  return db
}

/** How many writes are awaited at a time while the outbox is made. */
const IN_FLIGHT = 256

/** Follows table t, goes offline and makes transactions of one insert each. */
export async function outbox(count: number): Promise<Sample> {
  const at = await opened()
  await at.sync.subscribe('t').ready
  await at.sync.connect(false)
  let next = 1
  const began = performance.now()
  const writer = async () => {
    while (next <= count) {
      const id = next++
      await at.query('INSERT INTO t(id, name, v, grp) VALUES (?, ?, ?, ?)', [
        id,
        `name of row ${id}`,
        id * 1.5,
        id % 100,
      ])
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, writer))
  return { ms: performance.now() - began }
}

/** Goes online, and waits until nothing is pending and what was settled is flushed. */
export async function drain(count: number): Promise<Sample> {
  const at = await opened()
  check('pending', at.sync.changes.get().pending, count)
  let first = 0
  const began = performance.now()
  const empty = new Promise<void>((resolve) => {
    const stop = at.sync.changes.subscribe(({ pending }) => {
      if (first === 0 && pending < count) first = performance.now() - began
      if (pending > 0) return
      queueMicrotask(() => stop())
      resolve()
    })
  })
  await at.sync.connect(true)
  await empty
  await at.sync.now() // a round ends with a flush
  const ms = performance.now() - began
  const [row] = await at.query<{ n: number }>('SELECT count(*) AS n FROM t')
  check('rows', row?.n, count)
  return { ms, first }
}

/** How many rows one batch of prepared inserts has. */
const BATCH = 50_000

/** Follows table flights in a new database until its first query over all rows, flushed; then the engine alone. */
export async function firstSync(name: string, rows: number): Promise<Sample> {
  const began = performance.now()
  const at = await open({ name, relay: { url: '/sync' } })
  const opened = performance.now()
  const followed = at.sync.subscribe('flights')
  let first = 0
  let staged = 0
  const stop = followed.progress.subscribe((progress) => {
    if (progress === null) return
    if (first === 0 && progress.rowsLoaded > 0) first = performance.now()
    if (staged === 0 && progress.rowsLoaded === rows) staged = performance.now()
  })
  await followed.ready
  stop()
  const ready = performance.now()
  await at.sync.now() // a round ends with a flush
  const flushed = performance.now()
  const [row] = await at.query<{ n: number; d: number }>('SELECT count(*) AS n, sum(distance) AS d FROM flights')
  const ended = performance.now()
  check('rows', row?.n, rows)
  const limit = await engineAlone(at, rows)
  const ms = ended - began
  await at.reset()
  await at.close()
  return {
    ms,
    rowsPerSecond: (1000 * rows) / ms,
    openMs: opened - began,
    firstChunkMs: first - opened,
    stageMs: Math.max(0, staged - first),
    adoptMs: ready - Math.max(staged, first),
    flushMs: flushed - ready,
    queryMs: ended - flushed,
    ...limit,
    ofLimit: limit.insertMs / ms,
  }
}

/** The same rows into a table of this device: by prepared inserts in one transaction, and by a copy inside the file. */
async function engineAlone(at: Database, rows: number): Promise<{ insertMs: number; copyMs: number }> {
  const columns = '(id INTEGER PRIMARY KEY, date, delay INTEGER, distance INTEGER, origin TEXT, destination TEXT)'
  await at.query(`CREATE TABLE inserted${columns}`)
  await at.query(`CREATE TABLE copied${columns}`)
  let began = performance.now()
  await at.query('INSERT INTO copied SELECT id, date, delay, distance, origin, destination FROM flights')
  const copyMs = performance.now() - began
  let insertMs = 0
  for (let from = 1; from <= rows; from += BATCH) {
    const batch = await at.query<Record<string, number | string>>(
      'SELECT id, CAST(date AS TEXT) AS date, delay, distance, origin, destination FROM copied WHERE id >= ? AND id < ?',
      [from, from + BATCH],
    )
    const values = batch.map((row) => Object.values(row))
    began = performance.now()
    await at.batch('INSERT INTO inserted VALUES (?, ?, ?, ?, ?, ?)', values)
    insertMs += performance.now() - began
  }
  const [row] = await at.query<{ n: number }>('SELECT count(*) AS n FROM inserted')
  check('inserted', row?.n, rows)
  return { insertMs, copyMs }
}

const seenAt = new Map<number, number>()
const waiting = new Map<number, (at: number) => void>()
const clock = (): number => performance.timeOrigin + performance.now()

/** Follows the newest row of table t, and answers a bare socket with the clock. */
export async function follow(url: string): Promise<void> {
  const at = await opened()
  await at.sync.subscribe('t').ready
  const live = at.from('t').select('id').orderBy('id', 'desc').limit(1).live()
  live.each((rows) => {
    const now = clock()
    const id = Number(rows[0]?.id ?? 0)
    seenAt.set(id, now)
    waiting.get(id)?.(now)
  })
  await live.ready
  const socket = new WebSocket(url)
  socket.onmessage = () => {
    socket.send(String(clock()))
  }
  await new Promise((resolve) => {
    socket.onopen = resolve
  })
}

/** When the callback had that row, by this page's clock. */
export async function seen(id: number): Promise<number> {
  return seenAt.get(id) ?? (await new Promise((resolve) => waiting.set(id, resolve)))
}
