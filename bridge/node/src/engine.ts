/**
 * The committed engine (wasm/engine) without Go: JavaScript owns its memory and
 * calls its functions. One for the process; databases are connections in it.
 */

import { readFileSync } from 'node:fs'
import { FilePool } from '@rockpool/worker/pool'
import { goData, pageSlots } from '../../../wasm/engine/layout.mjs'
import { encodingSets, type SqlValue } from '../../client/src/codec.ts'
import { openFile } from './files.ts'

const PAGE_BYTES = 65_536
const HEAP_ALIGN = 16
/** Bytes of the region above the engine's where calls put their arguments and find their answers. It grows. */
const SCRATCH_BYTES = 4 << 20
/** Bytes of the answers' words, at the start of that region. */
const WORDS_BYTES = 64

/** What the engine asks of JavaScript while a statement runs (wasm/engine/c/host.h). */
export const CALL = { scalar: 1, step: 2, final: 3, collate: 4, authorize: 5, progress: 6 } as const

/** Takes one call; the numbers are wasm/engine/c/host.h's. It must not throw. */
export type Callback = (what: number, a: number, b: number, c: number, d: number) => number

type Exported = (...args: (number | bigint)[]) => number | bigint | undefined

const utf8 = new TextEncoder()
const text = new TextDecoder('utf-8', { ignoreBOM: true })

/** See the file's comment. */
export class Engine {
  readonly memory: WebAssembly.Memory
  readonly pool: FilePool
  readonly #exports: WebAssembly.Exports
  readonly #callbacks = new Map<number, Callback>()
  #lastId = 0
  #top = goData + WORDS_BYTES
  #bytes = new Uint8Array(0)

  constructor() {
    this.memory = new WebAssembly.Memory({ initial: (goData + SCRATCH_BYTES) / PAGE_BYTES })
    this.pool = new FilePool(() => this.memory, { onMissing: openFile })
    const module = new WebAssembly.Module(
      readFileSync(new URL('../../../wasm/engine/rockpool-engine.wasm', import.meta.url)),
    )
    const instance = new WebAssembly.Instance(module, {
      env: { memory: this.memory },
      host: this.pool.imports(),
      go: {
        sqlite_call: (what: number, id: number, a: number, b: number, c: number, d: number) =>
          this.#callbacks.get(id)?.(what, a, b, c, d) ?? 1,
      },
    })
    this.#exports = instance.exports
    this.call('_initialize')
    const { __heap_base: end } = instance.exports
    if (!(end instanceof WebAssembly.Global)) throw new Error('the engine does not say where its heap begins')
    const base = (Number(end.value) + HEAP_ALIGN - 1) & -HEAP_ALIGN
    const code = this.call('sq_init', base, goData - base, pageSlots)
    if (code !== 0) throw new Error(`the engine's heap cannot be made: SQLite's code ${code}`)
  }

  /** Calls a function of the engine that gives a number of 32 bits, or none. */
  call(name: string, ...args: (number | bigint)[]): number {
    return Number((this.#exports[name] as Exported)(...args) ?? 0) // wasm/engine's exports take and give numbers
  }

  /** Calls one that gives 64 bits. */
  call64(name: string, ...args: (number | bigint)[]): bigint {
    return BigInt((this.#exports[name] as Exported)(...args) ?? 0) // as above
  }

  /** Where the engine writes the words of an answer; `word` reads them before the next call. */
  readonly out = goData

  word(at: number): number {
    return this.view(this.out + 4 * at, 4).reduce((word, byte, i) => word + byte * 2 ** (8 * i), 0)
  }

  /** Bytes of the memory: valid until the next call. */
  view(at: number, length: number): Uint8Array {
    const { buffer } = this.memory
    if (this.#bytes.buffer !== buffer) this.#bytes = new Uint8Array(buffer)
    const from = at >>> 0
    return this.#bytes.subarray(from, from + length)
  }

  textAt(at: number, length: number): string {
    return text.decode(this.view(at, length))
  }

  /** Runs `work` with scratch memory, which is free again afterwards. */
  scratch<T>(work: (put: (bytes: Uint8Array) => number, take: (length: number) => number) => T): T {
    const before = this.#top
    const take = (length: number) => {
      const at = (this.#top + 7) & ~7
      this.#top = at + length
      const missing = this.#top - this.memory.buffer.byteLength
      if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE_BYTES))
      return at
    }
    try {
      return work((bytes) => {
        const at = take(bytes.length)
        this.view(at, bytes.length).set(bytes)
        return at
      }, take)
    } finally {
      this.#top = before
    }
  }

  /** Makes a callback known; the number names it to the engine. */
  register(callback: Callback): number {
    this.#callbacks.set(++this.#lastId, callback)
    return this.#lastId
  }

  unregister(id: number): void {
    this.#callbacks.delete(id)
  }

  /** Puts a result where the engine reads it after a callback. It stays until the next one. */
  reply(bytes: Uint8Array): void {
    const words = this.call('sq_reply')
    const at = this.scratch((put) => put(bytes))
    const view = new DataView(this.memory.buffer)
    view.setUint32(words, at, true)
    view.setUint32(words + 4, bytes.length, true)
  }
}

/** A name with the zero byte that C wants behind it. */
export function zeroed(name: string): Uint8Array {
  return utf8.encode(`${name}\0`)
}

/** UTF-8 bytes. */
export function bytesOf(string: string): Uint8Array {
  return utf8.encode(string)
}

/** Values in the engine's tagged form. */
export function encodeValues(values: readonly SqlValue[]): Uint8Array {
  const encoding = encodingSets([values], (value) => value as SqlValue) // they are
  while (encoding.step(1)) {}
  return encoding.bytes
}

let engine: Engine | undefined

/** The process's engine. */
export function sharedEngine(): Engine {
  engine ??= new Engine()
  return engine
}
