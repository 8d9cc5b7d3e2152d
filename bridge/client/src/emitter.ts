/** A value that can be read and watched: the shape that useSyncExternalStore wants. */

/** Listeners of one thing at most. */
export const LISTENERS_MAX = 10_000

/** Something to read and watch. */
export interface Readable<T> {
  /** The same object until it changes. */
  get(): T
  /** Calls back after each change; returns the way to stop. */
  subscribe(listener: (value: T) => void): () => void
}

/** Events without a memory. */
export class Topic<T> {
  readonly #listeners = new Set<(value: T) => void>()

  /** Tells all. What a listener throws goes to the page's error handler: it is no fault of the others'. */
  emit(value: T): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(value)
      } catch (thrown) {
        queueMicrotask(() => {
          throw thrown
        })
      }
    }
  }

  /** Calls back with each event; returns the way to stop. @throws RangeError beyond LISTENERS_MAX. */
  readonly on = (listener: (value: T) => void): (() => void) => {
    if (this.#listeners.size >= LISTENERS_MAX)
      throw new RangeError(`more than ${LISTENERS_MAX} listeners: something subscribes and never stops`)
    const own = (value: T) => {
      listener(value)
    }
    this.#listeners.add(own)
    return () => {
      this.#listeners.delete(own)
    }
  }
}

/** A readable that its owner sets. */
export class Cell<T> implements Readable<T> {
  #value: T
  readonly #topic = new Topic<T>()
  readonly subscribe = this.#topic.on

  constructor(value: T) {
    this.#value = value
  }

  readonly get = (): T => this.#value

  set(value: T): void {
    if (Object.is(value, this.#value)) return
    this.#value = value
    this.#topic.emit(value)
  }
}
