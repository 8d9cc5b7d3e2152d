/** One two-way path of frames and control messages between a tab and the Worker. */

import { isControl, type OnPort } from './control.ts'

/** Told about what arrives. `closed` comes at most once. */
export interface LinkEvents {
  frame(frame: ArrayBuffer): void
  control(message: OnPort): void
}

/** A path that carries whole frames in order. */
export interface Link {
  /** Sends a frame; its buffer is transferred where the path allows that. */
  post(frame: ArrayBuffer): void
  tell(message: OnPort): void
  /** Bytes that were posted and that the other side has not taken yet, or 0 where unknown. */
  readonly backlog: number
  /** Idempotent; drops what is queued. */
  close(): void
}

/** The fast path: a MessagePort, brokered once, then direct. */
export function portLink(port: MessagePort, events: LinkEvents): Link {
  let isOpen = true
  port.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (!isOpen) return
    if (data instanceof ArrayBuffer) events.frame(data)
    else if (isControl(data)) events.control(data as OnPort) // the one cast of this border: both ends are ours, of one build
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
      if (isOpen) port.postMessage(frame, [frame])
    },
    tell: (message) => {
      if (isOpen) port.postMessage(message)
    },
    backlog: 0,
    close: () => {
      if (!isOpen) return
      port.postMessage({ rp: 'bye' } satisfies OnPort)
      isOpen = false
      port.close()
    },
  }
}
