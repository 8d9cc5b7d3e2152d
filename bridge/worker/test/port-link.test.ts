import { describe, expect, test } from 'vitest'
import type { OnPort } from '../src/control.ts'
import { portLink } from '../src/link.ts'

/** Two links over one channel, and what arrives at the second: frames by their first byte, control messages by name. */
function pair() {
  const { port1, port2 } = new MessageChannel()
  let messages = 0
  port1.postMessage = new Proxy(port1.postMessage, {
    apply: (post, _, args) => {
      messages++
      return Reflect.apply(post, port1, args) as undefined
    },
  })
  const seen: (number | string)[] = []
  let wake = () => {}
  const a = portLink(port1, { frame: () => {}, control: () => {} })
  const b = portLink(port2, {
    frame: (frame) => {
      seen.push(new Uint8Array(frame)[0] ?? -1)
      wake()
    },
    control: (message: OnPort) => {
      seen.push(message.rp)
      wake()
    },
  })
  const arrived = (n: number) =>
    new Promise<void>((resolve) => {
      wake = () => {
        if (seen.length >= n) resolve()
      }
      wake()
    })
  return { a, b, seen, arrived, messages: () => messages }
}

const frame = (first: number, bytes = 8) => {
  const buffer = new ArrayBuffer(bytes)
  new Uint8Array(buffer)[0] = first
  return buffer
}

describe('a port', () => {
  test('carries the frames of one turn as one message, in order', async () => {
    const { a, b, seen, arrived, messages } = pair()
    a.post(frame(1))
    a.post(frame(2))
    a.post(frame(3))
    expect(messages()).toBe(0)
    await arrived(3)
    a.post(frame(4))
    await arrived(4)
    expect(seen).toEqual([1, 2, 3, 4])
    expect(messages()).toBe(2)
    b.close()
  })

  test('keeps frames and control messages in order', async () => {
    const { a, b, seen, arrived } = pair()
    a.post(frame(1))
    a.tell({ rp: 'ping', n: 1 })
    a.post(frame(2))
    a.close()
    await arrived(4)
    expect(seen).toEqual([1, 'ping', 2, 'bye'])
    b.close()
  })

  test('lets a large frame go at once', () => {
    const { a, b, messages } = pair()
    a.post(frame(1))
    a.post(frame(2, 64 << 10))
    expect(messages()).toBe(1)
    b.close()
  })
})
