import { describe, expect, test } from 'vitest'
import {
  broadcastLink,
  CHUNK_BYTES_MAX,
  CREDIT_BYTES_MAX,
  QUEUE_BYTES_MAX,
  type Channel,
} from '../src/broadcast-link.ts'
import type { OnPort } from '../src/control.ts'

/** Two ends of a channel whose messages wait until they are delivered. */
class Wire {
  readonly mail: { to: Channel | undefined; data: unknown }[] = []
  readonly ends: Channel[] = []
  end(): Channel {
    const end: Channel = {
      postMessage: (data) => {
        for (const to of this.ends) if (to !== end) this.mail.push({ to, data: structuredClone(data) })
      },
      close: () => {
        this.ends.splice(this.ends.indexOf(end), 1)
      },
      onmessage: null,
    }
    this.ends.push(end)
    return end
  }
  deliver(count = Infinity): void {
    for (; count > 0; count--) {
      const next = this.mail.shift()
      if (next === undefined) return
      next.to?.onmessage?.({ data: next.data } as MessageEvent)
    }
  }
  /** Bytes of chunks that are under way. */
  get bytes(): number {
    return this.mail.reduce((sum, { data }) => sum + ((data as { bytes?: ArrayBuffer }).bytes?.byteLength ?? 0), 0)
  }
}

function pair() {
  const wire = new Wire()
  const got: ArrayBuffer[] = [],
    told: OnPort[] = [],
    back: OnPort[] = []
  const tab = broadcastLink(wire.end(), 'tab', { frame: () => {}, control: (message) => back.push(message) })
  const worker = broadcastLink(wire.end(), 'worker', {
    frame: (frame) => got.push(frame),
    control: (message) => told.push(message),
  })
  return { wire, tab, worker, got, told, back }
}

const pattern = (size: number, seed: number) => Uint8Array.from({ length: size }, (_, at) => (at * 31 + seed) & 255)

describe('broadcastLink', () => {
  test.each([1, 8, CHUNK_BYTES_MAX - 1, CHUNK_BYTES_MAX, CHUNK_BYTES_MAX + 1, 3 * CREDIT_BYTES_MAX + 5])(
    'a frame of %i bytes arrives whole, between others',
    (size) => {
      const { wire, tab, got } = pair()
      const frames = [pattern(3, 1), pattern(size, 2), pattern(9, 3)]
      for (const frame of frames) tab.post(frame.slice().buffer)
      wire.deliver()
      expect(
        got.map((frame) => Buffer.compare(Buffer.from(frame), Buffer.from(frames[got.indexOf(frame)] ?? []))),
      ).toEqual([0, 0, 0])
    },
  )

  test('no more than the credit is under way', () => {
    const { wire, tab, got } = pair()
    tab.post(new ArrayBuffer(4 * CREDIT_BYTES_MAX))
    expect(wire.bytes).toBe(CREDIT_BYTES_MAX)
    while (got.length === 0) {
      wire.deliver(1)
      expect(wire.bytes).toBeLessThanOrEqual(CREDIT_BYTES_MAX)
    }
  })

  test('a lost chunk ends the link, and says so: nothing is lost in silence', async () => {
    const { wire, tab, told, got } = pair()
    tab.post(new ArrayBuffer(8))
    tab.post(new ArrayBuffer(8))
    wire.mail.shift()
    wire.deliver()
    await Promise.resolve()
    expect(told).toMatchObject([{ rp: 'gone', error: { kind: 'leader_unreachable' } }])
    expect(got).toHaveLength(0)
  })

  test('a reader that takes nothing ends the link at the queue’s limit', async () => {
    const { tab, back } = pair()
    const large = new ArrayBuffer(QUEUE_BYTES_MAX / 2)
    tab.post(large)
    tab.post(large)
    expect(back).toHaveLength(0)
    tab.post(new ArrayBuffer(CREDIT_BYTES_MAX + 1))
    await Promise.resolve()
    expect(back).toMatchObject([{ rp: 'gone' }])
  })

  test('close says bye, once', () => {
    const { wire, tab, told } = pair()
    tab.close()
    tab.close()
    wire.deliver()
    expect(told).toEqual([{ rp: 'bye' }])
  })
})
