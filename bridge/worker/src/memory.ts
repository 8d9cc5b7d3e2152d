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
    const { all, from, to } = this.#span(at, length)
    return all.subarray(from, to)
  }

  /** A copy of the bytes in a buffer of its own, to be transferred. */
  copy(at: number, length: number): ArrayBuffer {
    const { all, from, to } = this.#span(at, length)
    return all.buffer.slice(from, to)
  }

  string(at: number, length: number): string {
    return text.decode(this.view(at, length))
  }

  #span(at: number, length: number): { all: Uint8Array<ArrayBuffer>; from: number; to: number } {
    const { buffer } = this.#memory
    if (this.#view.buffer !== buffer) this.#view = new Uint8Array(buffer as ArrayBuffer) // never shared: the page needs no isolation
    const from = at >>> 0,
      to = from + (length >>> 0)
    if (to > this.#view.length)
      throw new RangeError(`the core named bytes ${from}–${to} of a memory of ${this.#view.length}`)
    return { all: this.#view, from, to }
  }
}

/** UTF-8 bytes of a string. */
export function bytesOf(string: string): Uint8Array {
  return utf8.encode(string)
}
