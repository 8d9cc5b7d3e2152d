import { afterEach, expect, test, vi } from 'vitest'
import type { Link } from '@rockpool/worker/link'
import { encode } from '../src/codec.ts'
import { EmptyMessage, PageAlone, PageFrame } from '../src/gen/wire.ts'
import { failure } from '../src/error.ts'
import { askSql } from '../src/requests.ts'
import { bound } from '../src/values.ts'
import { RowSink } from '../src/rows.ts'
import { Session } from '../src/session.ts'
import './page-tables.ts'

/** A session on a link that keeps what is sent, until its turn ends. */
async function open() {
  const sent: ArrayBuffer[] = []
  const link: Link = { post: (frame) => sent.push(frame), tell: () => {}, close: () => {} }
  const session = new Session({ handshake: () => Promise.resolve(), event: () => {}, changed: () => {} })
  await session.attach(link)
  const call = (isEndless = false) =>
    session.call({
      type: PageFrame.PageStats,
      op: 'test',
      policy: 'read',
      body: () => encode(EmptyMessage, {}),
      decode: () => null,
      isEndless,
    })
  /** Whether each frame sent since is flagged. */
  const flags = () => sent.splice(0).map((frame) => new Uint8Array(frame)[1] === PageAlone)
  const answer = (id: number) => {
    const frame = Uint8Array.of(PageFrame.PageDone, 0, 0, 0, id, 0, 0, 0)
    session.receive(frame.buffer)
  }
  const reattach = () => session.attach(link)
  return { session, call, flags, answer, reattach }
}

afterEach(() => {
  vi.restoreAllMocks()
})

// The Worker flushes at once for a flagged call: of several that are sent
// together that is the last, so that they share a flush.
test('the last call of a turn is flagged when nothing else is in flight', async () => {
  const { call, flags, answer } = await open()
  const first = call()
  expect(flags()).toEqual([true])
  await Promise.resolve()
  const others = [call(), call()]
  expect(flags(), 'the first is still in flight').toEqual([false, false])
  await Promise.resolve()
  for (const id of [1, 2, 3]) answer(id)
  await Promise.all([first, ...others])
  void call(true)
  await Promise.resolve()
  void call()
  void call()
  void call()
  expect(flags().slice(1), 'beside a live query').toEqual([false, false, true])
})

const lost = failure('leader_unreachable', 'use the database', 'the leading tab is gone')
const write = (session: Session, signal?: AbortSignal) => {
  const sink = new RowSink('sqlite')
  return askSql(session, bound('insert into t values (1)'), { idempotencyKey: 'k', signal }, sink)
}

// The leader may have applied it before it died.
test('a write that was sent to a leader that is gone is in doubt, however it ends', async () => {
  const doubt = { kind: 'outcome_unknown', idempotencyKey: 'k' }
  const abort = new AbortController()
  const one = await open()
  const aborted = write(one.session, abort.signal)
  one.session.detach(lost)
  abort.abort()
  await expect(aborted).rejects.toMatchObject(doubt)

  const two = await open()
  const closed = write(two.session)
  two.session.detach(lost)
  two.session.end(failure('closed', 'use the database', 'it was closed'))
  await expect(closed).rejects.toMatchObject(doubt)
})

test('no call leaves its URL behind, however it ends', async () => {
  const urls = new Set<string>()
  vi.spyOn(URL, 'createObjectURL').mockImplementation(() => {
    const url = `blob:${urls.size}`
    urls.add(url)
    return url
  })
  vi.spyOn(URL, 'revokeObjectURL').mockImplementation((url) => {
    urls.delete(url)
  })
  const { session, answer } = await open()
  const { signal } = new AbortController()
  const answered = write(session, signal)
  expect(urls.size).toBe(1)
  answer(1)
  await answered
  expect(urls.size, 'answered').toBe(0)
  const open_ = write(session, signal).catch(() => {})
  session.end(failure('closed', 'use the database', 'it was closed'))
  await open_
  expect(urls.size, 'the session ends').toBe(0)
  await write(session, signal).catch(() => {})
  expect(urls.size, 'made after the end').toBe(0)
})
