import { afterEach, expect, test, vi } from 'vitest'
import type { Link } from '@rockpool/worker/link'
import { joined } from '../src/codec.ts'
import { body, frame, header, HEADER_BYTES } from '../src/frame.ts'
import { GRACE_MS, LiveQueries } from '../src/live.ts'
import { Session } from '../src/session.ts'
import * as wire from '../src/gen/wire.ts'
import { encodeChunk } from './encode-chunk.ts'
import './page-tables.ts'

/** Live queries whose Worker is the test. */
async function open() {
  const calls: { type: number; id: number; body: Uint8Array }[] = []
  const link: Link = {
    post: (buffer) => {
      const bytes = new Uint8Array(buffer)
      const head = header(bytes)
      if (head !== null) calls.push({ type: head.type, id: head.call, body: body(bytes) })
    },
    tell: () => {},
    close: () => {},
  }
  const session = new Session({ handshake: () => Promise.resolve(), event: () => {}, changed: () => {} })
  await session.attach(link)
  const live = new LiveQueries(session, () => false)
  const get = (sql: string) => live.get<{ n: number }>({ sql, args: [], select: null }, 'sqlite', [])
  /** The newest call that watches a query. */
  const callOf = (sql: string) => {
    const found = calls.findLast((one) => one.type === wire.PageLive && wire.decodeLiveCall(one.body).sql === sql)
    if (found === undefined) throw new Error(`${sql} is not watched`)
    return found.id
  }
  /** A state of one row, in a turn in which others may follow. */
  const state = (sql: string, n: number, more = false) => {
    const id = callOf(sql)
    session.receive(frame(wire.PageHead, id, wire.encodeHead({ columns: [{ name: 'n' }] })))
    const chunk = encodeChunk(1, [[n]])
    const bytes = new Uint8Array(HEADER_BYTES + chunk.length)
    bytes.set(chunk, HEADER_BYTES)
    bytes[0] = wire.PageChunk
    new DataView(bytes.buffer).setUint32(4, id, true)
    session.receive(bytes.buffer)
    session.receive(frame(wire.PageLiveEnd, id, wire.encodeLiveState({ rows: 1, more })))
  }
  /** A chunk that is none. */
  const garbage = (sql: string) => {
    session.receive(frame(wire.PageChunk, callOf(sql), joined([new Uint8Array(40).fill(0xff)])))
  }
  return { live, session, get, state, garbage, calls }
}

afterEach(() => {
  vi.useRealTimers()
})

test('states of one turn are told together, with the last', async () => {
  const { get, state } = await open()
  const one = get('one'),
    two = get('two')
  state('one', 1, true)
  expect(one.get().status).toBe('pending')
  state('two', 2)
  expect([one.get().rows, two.get().rows]).toEqual([[{ n: 1 }], [{ n: 2 }]])
})

test('the last query of a turn stops before its state is there: the others are told', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { get, state } = await open()
  const one = get('one')
  one.subscribe(() => {})
  get('two')
  state('one', 1, true)
  vi.advanceTimersByTime(GRACE_MS)
  expect(one.get().rows).toEqual([{ n: 1 }])
})

test('a listener that throws: the others hear, now and later, and the page’s error handler hears of it', async () => {
  const { get, state } = await open()
  const one = get('one'),
    two = get('two')
  const heard: unknown[] = []
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => heard.push(error))
  try {
    const seen: number[] = []
    one.each(() => {
      throw new Error('a bug of the app')
    })
    one.each((rows) => seen.push(rows[0]?.n ?? 0))
    two.each((rows) => seen.push(rows[0]?.n ?? 0))
    state('one', 1, true)
    state('two', 10)
    state('one', 2)
    state('two', 20)
    expect(seen).toEqual([1, 10, 2, 20])
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect(heard).toEqual([new Error('a bug of the app'), new Error('a bug of the app')])
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const other of others) process.on('uncaughtException', other)
  }
})

test('rows that cannot be decoded are an error of the query, which can be retried', async () => {
  const { get, state, garbage } = await open()
  const one = get('one'),
    two = get('two')
  state('one', 1)
  state('two', 1)
  state('two', 2, true)
  garbage('one')
  state('one', 2)
  expect(one.get()).toMatchObject({ status: 'error', rows: [{ n: 1 }], hasRows: true })
  expect(two.get().rows, 'told in the same turn').toEqual([{ n: 2 }])
  one.retry()
  state('one', 3)
  expect(one.get()).toMatchObject({ status: 'ready', rows: [{ n: 3 }] })
})

test('who waits for the first rows keeps the query, until a grace time after them', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { get, state, calls } = await open()
  const { ready } = get('one')
  vi.advanceTimersByTime(10 * GRACE_MS)
  state('one', 1)
  await ready
  expect(get('one').get().rows).toEqual([{ n: 1 }])
  expect(calls.filter((one) => one.type === wire.PageLive)).toHaveLength(1)
  vi.advanceTimersByTime(GRACE_MS)
  expect(calls.at(-1)?.type).toBe(wire.PageCancel)
})

test('a query that rested and is listened to again is found by others', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { get, state } = await open()
  const one = get('one')
  vi.advanceTimersByTime(GRACE_MS)
  one.subscribe(() => {})
  state('one', 1)
  expect(one.get().rows).toEqual([{ n: 1 }])
  expect(get('one')).toBe(one)
})

test('a query that has no rows when the database closes ends with an error', async () => {
  const { get, live } = await open()
  const one = get('one')
  const { ready } = one
  live.close()
  await ready
  expect(one.get()).toMatchObject({ status: 'error', hasRows: false, error: { kind: 'closed' } })
})
