/** One two-way path of frames and control messages between a tab and the Worker. */

import { isControl, type OnPort } from './control.ts'

/** Told about what arrives. `closed` comes at most once. */
export interface LinkEvents {
  frame(frame: ArrayBuffer): void
  control(message: OnPort): void
}

/** A path that carries whole frames in order. */
export interface Link {
  /** Sends a frame; a buffer of more than SHORT_BYTES is transferred where the path allows that. */
  post(frame: ArrayBuffer): void
  tell(message: OnPort): void
  /** Idempotent; drops what is queued. */
  close(): void
}

/** Bytes of frames that wait for the end of a turn at most: larger ones go at once, so that the other side begins on them. */
const TURN_BYTES = 16 << 10

/** Bytes of a frame up to which its buffer is copied and stays the sender's: to hand it over costs more. */
export const SHORT_BYTES = 16 << 10

/** What a link needs of a MessagePort. */
export interface Port {
  postMessage(message: unknown, transfer?: Transferable[]): void
  onmessage: ((event: MessageEvent) => void) | null
  onmessageerror: ((event: MessageEvent) => void) | null
  close(): void
}

/**
 * A port over a Worker's own channel: `post` sends, and whoever hears the
 * channel calls `onmessage`. A leading page talks to its Worker so: a message
 * over a MessagePort costs a third more.
 */
export function ownPort(post: Port['postMessage']): Port {
  return { postMessage: post, onmessage: null, onmessageerror: null, close: () => {} }
}

/**
 * The fast path: a MessagePort, brokered once, then direct, or the Worker's
 * own channel. A message costs each side a task of its own, so the frames of
 * one turn travel as one.
 */
export function portLink(port: Port, events: LinkEvents): Link {
  let isOpen = true
  let frames: ArrayBuffer[] = []
  let bytes = 0
  const flush = () => {
    const batch = frames
    if (batch.length === 0) return
    const transfer = bytes > SHORT_BYTES ? batch.filter((frame) => frame.byteLength > SHORT_BYTES) : []
    frames = []
    bytes = 0
    port.postMessage(batch.length === 1 ? batch[0] : batch, transfer)
  }
  port.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (!isOpen) return
    if (data instanceof ArrayBuffer) events.frame(data)
    else if (Array.isArray(data)) {
      for (const frame of data) if (isOpen && frame instanceof ArrayBuffer) events.frame(frame)
    } else if (isControl(data)) events.control(data as OnPort) // the one cast of this border: both ends are ours, of one build
  }
  port.onmessageerror = () => {
    if (isOpen)
      events.control({
        rp: 'gone',
        error: {
          kind: 'protocol',
          op: 'receive frame',
          message: 'a message could not be read',
          hint: 'reload the page',
        },
      })
  }
  return {
    post: (frame) => {
      if (!isOpen) return
      if (frames.push(frame) === 1) queueMicrotask(flush)
      bytes += frame.byteLength
      if (bytes > TURN_BYTES) flush()
    },
    tell: (message) => {
      if (!isOpen) return
      flush()
      port.postMessage(message)
    },
    close: () => {
      if (!isOpen) return
      flush()
      port.postMessage({ rp: 'bye' } satisfies OnPort)
      isOpen = false
      port.close()
    },
  }
}
