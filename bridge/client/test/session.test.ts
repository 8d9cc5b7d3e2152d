import { expect, test } from 'vitest'
import type { Link } from '@rockpool/worker/link'
import { encode } from '../src/codec.ts'
import { EmptyMessage, PageAlone, PageFrame } from '../src/gen/wire.ts'
import { Session } from '../src/session.ts'

/** A session on a link that keeps what is sent, until its turn ends. */
async function open() {
  const sent: ArrayBuffer[] = []
  const link: Link = { post: (frame) => sent.push(frame), tell: () => {}, backlog: 0, close: () => {} }
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
  return { call, flags, answer }
}

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
