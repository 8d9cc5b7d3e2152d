/** HTTP for the core: snapshots, as whole bodies that the browser has decompressed. */

import type { Core } from './core.ts'
import { bytesOf } from './memory.ts'

/** Events of rp_fetch. */
const BODY = 1,
  FAILED = 2

/** A body larger than this ends in FAILED: a chunk of one row, wire.RowBytesMax, and its header. */
export const BODY_BYTES_MAX = (17 << 20) + (1 << 10)

/** Requests by the core's numbers. Each one ends in exactly one event, unless it was cancelled. */
export class Fetches {
  readonly #core: () => Core
  readonly #running = new Map<number, AbortController>()

  constructor(core: () => Core) {
    this.#core = core
  }

  start(id: number, url: string, token: string): void {
    const abort = new AbortController()
    this.#running.set(id, abort)
    void this.#run(id, url, token, abort.signal)
  }

  cancel(id: number): void {
    this.#running.get(id)?.abort()
    this.#running.delete(id)
  }

  cancelAll(): void {
    for (const id of [...this.#running.keys()]) this.cancel(id)
  }

  async #run(id: number, url: string, token: string, signal: AbortSignal): Promise<void> {
    try {
      const response = await fetch(url, {
        signal,
        credentials: 'omit',
        ...(token === '' ? {} : { headers: { authorization: 'Bearer ' + token } }),
      })
      const body = await response.arrayBuffer()
      if (!this.#running.delete(id)) return
      if (body.byteLength > BODY_BYTES_MAX)
        throw new Error(`the answer has ${body.byteLength} bytes, more than ${BODY_BYTES_MAX}`)
      this.#core().send(new Uint8Array(body), (go, length) => go.rp_fetch(id, BODY, response.status, length))
    } catch (error) {
      const wasWanted = this.#running.delete(id)
      if (signal.aborted && !wasWanted) return
      const why = error instanceof Error ? error.message : String(error)
      this.#core().send(bytesOf(why), (go, length) => go.rp_fetch(id, FAILED, 0, length))
    }
  }
}
