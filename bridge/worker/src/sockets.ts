/** The relay's WebSockets, which the core opens and drives. */

import type { Core } from './core.ts'
import { bytesOf } from './memory.ts'

/** wire.Subprotocol. */
export const SUBPROTOCOL = 'rockpool.v1'

/** Events of rp_socket. */
const OPEN = 1,
  FRAME = 2,
  CLOSED = 3

/** Sockets by the core's numbers. Each one ends in exactly one CLOSED event. */
export class Sockets {
  readonly #core: () => Core
  readonly #sockets = new Map<number, WebSocket>()

  constructor(core: () => Core) {
    this.#core = core
  }

  open(id: number, url: string): void {
    let socket: WebSocket
    try {
      socket = new WebSocket(url, SUBPROTOCOL)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      queueMicrotask(() => {
        this.#event(id, CLOSED, bytesOf(why), 1006)
      })
      return
    }
    socket.binaryType = 'arraybuffer'
    this.#sockets.set(id, socket)
    socket.onopen = () => {
      this.#event(id, OPEN, new Uint8Array(0), 0)
    }
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) this.#event(id, FRAME, new Uint8Array(data), 0)
      else this.close(id, 3003) // the protocol has binary frames only
    }
    socket.onclose = ({ code, reason }) => {
      this.#end(id, reason, code)
    }
  }

  /** 1 when the frame was handed to the browser, 0 when the socket is not open. */
  send(id: number, frame: Uint8Array): number {
    const socket = this.#sockets.get(id)
    if (socket?.readyState !== WebSocket.OPEN) return 0
    socket.send(frame.slice())
    return 1
  }

  buffered(id: number): number {
    return Math.min(this.#sockets.get(id)?.bufferedAmount ?? 0, 0x7fffffff)
  }

  /** Browsers accept 1000 and 3000–4999 only. A half-dead socket may never say that it closed, so the core hears it at once. */
  close(id: number, code: number): void {
    const socket = this.#sockets.get(id)
    if (socket === undefined) return
    socket.close(code >= 3000 && code <= 4999 ? code : 1000)
    queueMicrotask(() => {
      this.#end(id, 'closed here', code)
    })
  }

  closeAll(): void {
    for (const socket of this.#sockets.values()) {
      socket.onopen = socket.onmessage = socket.onclose = null
      socket.close(1000)
    }
    this.#sockets.clear()
  }

  #end(id: number, reason: string, code: number): void {
    const socket = this.#sockets.get(id)
    if (socket === undefined) return
    socket.onopen = socket.onmessage = socket.onclose = null
    this.#sockets.delete(id)
    this.#event(id, CLOSED, bytesOf(reason), code)
  }

  #event(id: number, event: number, bytes: Uint8Array, code: number): void {
    this.#core().send(bytes, (go, length) => go.rp_socket(id, event, length, code))
  }
}
