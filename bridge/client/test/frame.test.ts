import { SHORT_BYTES } from '@rockpool/worker/link'
import { PAGE_TABLES } from '@rockpool/worker/tables'
import { expect, test } from 'vitest'
import { encode, joined, learnTables } from '../src/codec.ts'
import { body, eachFrame, frame, header } from '../src/frame.ts'
import { PageFrame, QueryMessage } from '../src/gen/wire.ts'

learnTables(PAGE_TABLES)

/** A pack of frames, as wasm/host writes it. */
function packed(frames: readonly ArrayBuffer[]): ArrayBuffer {
  const bytes = [PageFrame.PagePack, 0, 0, 0, 0, 0, 0, 0]
  for (const one of frames) {
    bytes.push(one.byteLength & 255, one.byteLength >> 8, 0, 0, 0, 0, 0, 0, ...new Uint8Array(one))
    while (bytes.length % 8 !== 0) bytes.push(0)
  }
  return Uint8Array.from(bytes).buffer
}

const sizes = [[0], [0, 0], [1, 7, 8, 9], [300, 0, 5], [] as number[]]

test.each(sizes.map((sizes) => [sizes]))('a message brings each frame of %j bytes as it was', (sizes) => {
  const frames = sizes.map((size, at) => frame(64 + at, 1000 * at, joined([new Uint8Array(size).fill(at + 1)])))
  const messages = [packed(frames), ...frames]
  const seen = messages.flatMap((message) => {
    const list: unknown[] = []
    eachFrame(message, (one) => {
      expect(one.byteOffset % 8).toBe(0)
      list.push([header(one), [...body(one)]])
    })
    return list
  })
  const want = sizes.map((size, at) => [{ type: 64 + at, call: 1000 * at }, Array<number>(size).fill(at + 1)])
  expect(seen).toEqual([...want, ...want])
})

test('a call ID of 32 bits', () => {
  expect(header(new Uint8Array(frame(3, 0xfffffffe, joined([new Uint8Array(2)]))))).toEqual({
    type: 3,
    call: 0xfffffffe,
  })
})

test.each([8, SHORT_BYTES])('a body of %i bytes and more becomes its frame where it lies', (length) => {
  const bytes = encode(QueryMessage, { sql: 'x'.repeat(length) })
  expect(frame(3, 1, bytes)).toBe(bytes.buffer)
})
