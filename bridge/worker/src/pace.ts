/** The core's one timer, and its turns: rp_run in macrotasks, so that messages and sockets get theirs in between. */

import type { Core } from './core.ts'

/** setTimeout's largest delay, milliseconds. */
const DELAY_MAX = 0x7fffffff

/** Wakes the core. */
export class Pace {
  readonly #core: () => Core
  readonly #channel = new MessageChannel()
  #timer: ReturnType<typeof setTimeout> | undefined
  #isQueued = false

  constructor(core: () => Core) {
    this.#core = core
    this.#channel.port1.onmessage = () => {
      this.#isQueued = false
      if (this.#core().call((go) => go.rp_run()) === 1) this.soon()
    }
  }

  /** Arms the timer; a negative delay disarms it. */
  timer(milliseconds: number): void {
    clearTimeout(this.#timer)
    if (milliseconds < 0) return
    this.#timer = setTimeout(
      () => {
        this.#core().call((go) => go.rp_timer())
      },
      Math.min(milliseconds, DELAY_MAX),
    )
  }

  /** Calls rp_run in a macrotask of its own. A MessageChannel takes 0.05–0.2 ms; a timer is clamped to 4. */
  soon(): void {
    if (this.#isQueued) return
    this.#isQueued = true
    this.#channel.port2.postMessage(0)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#channel.port1.close()
  }
}
