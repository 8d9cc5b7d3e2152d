/**
 * The slow path, for browsers without SharedWorker: a BroadcastChannel of its
 * own for each follower, carrying frames in chunks, with credit. Measured in
 * Chromium: 0.4 ms a small round trip, 10 ms for 1 MiB.
 *
 * A channel is heard by every context that opens the name, so messages say
 * which side they come from. Bytes are copied by the channel, never shared.
 */

import type { OnPort } from './control.ts'
import type { Link, LinkEvents } from './link.ts'

/** The largest chunk, bytes: small enough that a copy never holds a page for a frame. */
export const CHUNK_BYTES_MAX = 256 << 10

/** Bytes that may be under way before the other side has said that it took some. */
export const CREDIT_BYTES_MAX = 1 << 20

/** Bytes that may wait for credit before the path counts as broken. */
export const QUEUE_BYTES_MAX = 256 << 20

/** Which end of the channel this is. */
export type Side = 'tab' | 'worker'

interface Chunk {
  readonly side: Side
  readonly seq: number
  /** Bytes of the whole frame, on its first chunk; 0 on the others. */
  readonly size: number
  readonly bytes: ArrayBuffer
}
interface Credit {
  readonly side: Side
  readonly took: number
}
interface Told {
  readonly side: Side
  readonly told: OnPort
}

/** What a BroadcastChannel must do for a link; tests give a fake pair. */
export interface Channel {
  postMessage(message: unknown): void
  close(): void
  onmessage: ((event: MessageEvent) => void) | null
}

/** Opens one side. A gap in the sequence of chunks ends the link with `gone`: nothing is ever silently lost. */
export function broadcastLink(channel: Channel, side: Side, events: LinkEvents): Link {
  let isOpen = true
  let sent = 0,
    expected = 0
  let credit = CREDIT_BYTES_MAX
  const queue: ArrayBuffer[] = []
  let queued = 0,
    at = 0
  let partial: Uint8Array<ArrayBuffer> | null = null,
    filled = 0

  const pump = () => {
    while (isOpen && credit > 0) {
      const frame = queue[0]
      if (frame === undefined) return
      const bytes = frame.slice(at, at + Math.min(CHUNK_BYTES_MAX, credit))
      channel.postMessage({ side, seq: sent++, size: at === 0 ? frame.byteLength : 0, bytes } satisfies Chunk)
      credit -= bytes.byteLength
      queued -= bytes.byteLength
      at += bytes.byteLength
      if (at >= frame.byteLength) {
        queue.shift()
        at = 0
      }
    }
  }
  const broken = (message: string) => {
    if (!isOpen) return
    isOpen = false
    channel.close()
    // Later, as this may run inside a call that the core has made.
    queueMicrotask(() =>
      events.control({
        rp: 'gone',
        error: { kind: 'leader_unreachable', op: 'talk to the leading tab', message, hint: 'the call may be retried' },
      }),
    )
  }
  const take = ({ seq, size, bytes }: Chunk) => {
    const due = expected++
    if (seq !== due) return broken(`chunk ${seq} came where ${due} was due`)
    partial ??= new Uint8Array(size)
    if (filled + bytes.byteLength > partial.length) return broken('a chunk does not fit its frame')
    partial.set(new Uint8Array(bytes), filled)
    filled += bytes.byteLength
    channel.postMessage({ side, took: bytes.byteLength } satisfies Credit)
    if (filled < partial.length) return
    const whole = partial.buffer
    partial = null
    filled = 0
    events.frame(whole)
  }
  channel.onmessage = ({ data }: MessageEvent<Chunk | Credit | Told>) => {
    if (!isOpen || data.side === side) return
    if ('bytes' in data) take(data)
    else if ('took' in data) {
      credit = Math.min(CREDIT_BYTES_MAX, credit + data.took)
      pump()
    } else events.control(data.told)
  }
  return {
    post: (frame) => {
      if (!isOpen) return
      if (queued + frame.byteLength > QUEUE_BYTES_MAX) return broken('the other tab takes nothing any more')
      queue.push(frame)
      queued += frame.byteLength
      pump()
    },
    tell: (told) => {
      if (isOpen) channel.postMessage({ side, told } satisfies Told)
    },
    close: () => {
      if (!isOpen) return
      channel.postMessage({ side, told: { rp: 'bye' } } satisfies Told)
      isOpen = false
      channel.close()
    },
  }
}
