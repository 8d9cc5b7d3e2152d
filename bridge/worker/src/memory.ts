/** The one accessor of the core's linear memory. Memory grows in any call, which detaches old views. */

const text = new TextDecoder('utf-8', { ignoreBOM: true })
const utf8 = new TextEncoder()

/** Reads and writes the linear memory; safe across growth, holds no view that a call could detach. */
export class Memory {
  readonly #memory: WebAssembly.Memory
  #view = new Uint8Array(0)

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory
  }

  /** A view of `length` bytes at `at`; valid until the next call into the core. @throws RangeError when it is outside. */
  view(at: number, length: number): Uint8Array {
    if (this.#view.buffer !== this.#memory.buffer) this.#view = new Uint8Array(this.#memory.buffer)
    const from = at >>> 0,
      to = from + (length >>> 0)
    if (to > this.#view.length)
      throw new RangeError(`the core named bytes ${from}–${to} of a memory of ${this.#view.length}`)
    return this.#view.subarray(from, to)
  }

  /** A copy of the bytes in a buffer of its own, to be transferred. */
  copy(at: number, length: number): ArrayBuffer {
    this.view(at, length)
    return this.#memory.buffer.slice(at >>> 0, (at >>> 0) + (length >>> 0)) as ArrayBuffer // never shared: the page needs no isolation
  }

  string(at: number, length: number): string {
    return text.decode(this.view(at, length))
  }
}

/** UTF-8 bytes of a string. */
export function bytesOf(string: string): Uint8Array {
  return utf8.encode(string)
}
