/** Broadcasts between the channels of this origin: of this page at once, of other tabs by a BroadcastChannel. */

import type { Json } from '../values.ts'

/** One broadcast. */
export interface Broadcast {
  readonly topic: string
  readonly event: string
  readonly payload: Json | ArrayBuffer
}

/** Who hears the broadcasts of a topic. */
export interface Listener {
  readonly topic: string
  hear(broadcast: Broadcast): void
}

/** All who listen in this page. The link to other tabs is open while anybody does. */
export class Broadcasts {
  readonly #name: string
  readonly #listeners = new Set<Listener>()
  #tabs: BroadcastChannel | undefined

  /** `name` is the same in every tab that belongs together. */
  constructor(name: string) {
    this.#name = name
  }

  /** Listens until the returned function is called. */
  join(listener: Listener): () => void {
    this.#listeners.add(listener)
    if (this.#tabs === undefined && typeof BroadcastChannel !== 'undefined') {
      this.#tabs = new BroadcastChannel(this.#name)
      this.#tabs.onmessage = ({ data }: MessageEvent<Broadcast>) => {
        this.#tell(data, undefined)
      }
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      this.#tabs?.close()
      this.#tabs = undefined
    }
  }

  /** Tells everybody but the sender. */
  send(broadcast: Broadcast, from: Listener): void {
    this.#tell(broadcast, from)
    this.#tabs?.postMessage(broadcast)
  }

  #tell(broadcast: Broadcast, from: Listener | undefined): void {
    for (const listener of [...this.#listeners])
      if (listener !== from && listener.topic === broadcast.topic) listener.hear(broadcast)
  }
}
