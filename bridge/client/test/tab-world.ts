/** Several tabs in one process: locks, channels and Workers as the browser has them, on one FakeStore. */

import type { Channel } from '@rockpool/worker/broadcast-link'
import type { TabEnvironment } from '../src/tabs/environment.ts'
import type { FakeStore } from './fake-store.ts'
import { FakeWorker, type FakeOptions } from './fake-worker.ts'

interface Ticket {
  tab: FakeTab
  granted(): void
  isReleased: boolean
}

/** An origin. */
export class TabWorld {
  readonly store: FakeStore
  readonly options: FakeOptions
  readonly workers: FakeWorker[] = []
  readonly #queue: Ticket[] = []

  constructor(store: FakeStore, options: FakeOptions = {}) {
    this.store = store
    this.options = options
  }

  tab(name: string, isVisible = true): FakeTab {
    return new FakeTab(this, name, isVisible)
  }

  /** The tab whose lock is held, or null. */
  get holder(): FakeTab | null {
    return this.#queue[0]?.tab ?? null
  }
  /** Workers that have not ended: never two. */
  get latest(): FakeWorker {
    const worker = this.workers.at(-1)
    if (worker === undefined) throw new Error('no Worker was started')
    return worker
  }

  request(tab: FakeTab, granted: () => void): { release(): void } {
    const ticket: Ticket = { tab, granted, isReleased: false }
    this.#queue.push(ticket)
    if (this.#queue[0] === ticket)
      queueMicrotask(() => {
        if (!ticket.isReleased) granted()
      })
    return {
      release: () => {
        this.#leave(ticket)
      },
    }
  }

  #leave(ticket: Ticket): void {
    if (ticket.isReleased) return
    ticket.isReleased = true
    const wasHeld = this.#queue[0] === ticket
    this.#queue.splice(this.#queue.indexOf(ticket), 1)
    const next = this.#queue[0]
    if (wasHeld && next !== undefined)
      queueMicrotask(() => {
        if (!next.isReleased) next.granted()
      })
  }

  /** What the browser does when a renderer dies: its lock goes, its Worker and its channels stop. */
  kill(tab: FakeTab): void {
    tab.die()
    for (const ticket of this.#queue.filter((one) => one.tab === tab)) this.#leave(ticket)
  }
}

/** One tab. */
export class FakeTab {
  readonly environment: TabEnvironment
  readonly worker: () => FakeWorker | undefined
  #isVisible: boolean
  #isDead = false
  #page: { shown(): void; hidden(): void; sleep(): void; wake(): void } | undefined
  readonly #channels: BroadcastChannel[] = []

  constructor(world: TabWorld, name: string, isVisible: boolean) {
    this.#isVisible = isVisible
    let own: FakeWorker | undefined
    this.worker = () => own
    this.environment = {
      tab: name,
      now: () => performance.now(),
      spawn: () => {
        own = new FakeWorker(world.store, world.options)
        world.workers.push(own)
        return own
      },
      lock: (_name, granted) =>
        world.request(this, () => {
          if (!this.#isDead) granted()
        }),
      channel: (channelName) => {
        const channel = new BroadcastChannel(channelName)
        this.#channels.push(channel)
        const own: Channel = {
          postMessage: (message) => {
            if (!this.#isDead) channel.postMessage(message)
          },
          close: () => {
            channel.close()
          },
          onmessage: null,
        }
        channel.onmessage = (event) => {
          if (!this.#isDead) own.onmessage?.(event)
        }
        return own
      },
      broker: () => null,
      isVisible: () => this.#isVisible,
      watchPage: (shown, hidden, sleep, wake) => {
        this.#page = { shown, hidden, sleep, wake }
        return () => {
          this.#page = undefined
        }
      },
    }
  }

  show(): void {
    this.#isVisible = true
    this.#page?.shown()
  }
  hide(): void {
    this.#isVisible = false
    this.#page?.hidden()
  }
  sleep(): void {
    this.#page?.sleep()
  }
  wake(): void {
    this.#page?.wake()
  }

  /** Stops at once, without a word. */
  die(): void {
    this.#isDead = true
    this.worker()?.terminate()
    for (const channel of this.#channels) channel.close()
  }
}
