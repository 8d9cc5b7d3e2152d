/** A connection of the engine: opens, compiles, tells errors. */

import { ChunkReader } from '../../client/src/chunk.ts'
import type { SqlValue } from '../../client/src/codec.ts'
import { bytesOf, encodeValues, sharedEngine, zeroed, type Callback, type Engine } from './engine.ts'
import { SqliteError } from './error.ts'

const READ_ONLY = 1
const READ_WRITE_CREATE = 2 | 4

/** Bytes of a chunk of rows, and rows in it at most. */
const CHUNK_BYTES = 64 << 10
const CHUNK_ROWS_MAX = 512
const CHUNK_HEADER_BYTES = 32
const CELL_BYTES = 9
const STATE_DONE = 1
const STATE_SMALL = 2

/** Bytes that checksums take at the end of each page (wasm/engine/c/checksum.c). */
const CHECKSUM_BYTES = 8

/** A compiled statement of the engine. */
export interface Compiled {
  readonly at: number
  readonly params: number
  readonly columns: number
  readonly isReadOnly: boolean
  /** Bytes of the text that it took. */
  readonly used: number
}

/** What a column is: its name, declared type, table and the column of that table; "" for none. */
export interface ColumnOrigin {
  readonly name: string
  readonly type: string
  readonly table: string
  readonly column: string
}

/** See the file's comment. */
export class Connection {
  readonly engine: Engine = sharedEngine()
  readonly #callbacks: number[] = []
  readonly #compiled = new Set<number>()
  #at = 0
  /** What a function in JavaScript threw: the cause of the statement's error. */
  #thrown: { readonly error: unknown } | undefined
  #isRunning = false

  /** @throws SqliteError. */
  constructor(name: string, isReadOnly: boolean, key: Uint8Array) {
    this.engine.scratch((put) => {
      const flags = isReadOnly ? READ_ONLY : READ_WRITE_CREATE
      const { out } = this.engine
      const code = this.engine.call('sq_open', put(zeroed(name)), flags, put(key), key.length, 0, out)
      this.#at = this.engine.word(0)
      if (code === 0) return
      const error = this.#at === 0 ? new SqliteError('out of memory', code) : this.#error(code)
      if (this.#at !== 0) this.engine.call('sq_close', this.#at)
      this.#at = 0
      throw error
    })
  }

  get isOpen(): boolean {
    return this.#at !== 0
  }
  get isInTransaction(): boolean {
    return this.engine.call('sq_autocommit', this.#at) === 0
  }
  get changes(): number {
    return Number(this.engine.call64('sq_changes', this.#at))
  }
  get totalChanges(): bigint {
    return this.engine.call64('sq_total_changes', this.#at)
  }
  get lastId(): bigint {
    return this.engine.call64('sq_last_id', this.#at)
  }

  /** Gives each page of a new file a checksum. */
  reserveChecksums(): void {
    this.#check(this.engine.call('sq_reserve', this.#at, CHECKSUM_BYTES))
  }

  /** Finalizes what is compiled and closes. */
  close(): void {
    if (this.#at === 0) return
    for (const at of this.#compiled) this.engine.call('sq_finalize', at)
    this.#compiled.clear()
    this.#check(this.engine.call('sq_close', this.#at))
    this.#at = 0
    for (const id of this.#callbacks) this.engine.unregister(id)
  }

  /** Compiles the first statement of a text; null when there is none. */
  compile(sql: string | Uint8Array): Compiled | null {
    const bytes = typeof sql === 'string' ? bytesOf(sql) : sql
    return this.engine.scratch((put) => {
      const { out } = this.engine
      this.#check(this.engine.call('sq_prepare', this.#at, put(bytes), bytes.length, 0, 0, out))
      const [at = 0, used = 0, params = 0, columns = 0, readOnly = 0] = [0, 1, 2, 3, 4].map((n) => this.engine.word(n))
      if (at === 0) return null
      this.#compiled.add(at)
      return { at, used, params, columns, isReadOnly: readOnly !== 0 }
    })
  }

  finalize(at: number): void {
    if (this.#compiled.delete(at)) this.engine.call('sq_finalize', at)
  }

  /** Runs a statement to its end and drops its rows. */
  run({ at }: Compiled, values: readonly SqlValue[]): void {
    this.#guarded(() =>
      this.engine.scratch((put) => {
        const bytes = encodeValues(values)
        this.#check(this.engine.call('sq_run', at, put(bytes), bytes.length, 1, this.engine.out))
      }),
    )
  }

  /** Begins a query; `fetch` gives its rows. */
  start({ at }: Compiled, values: readonly SqlValue[]): void {
    this.engine.scratch((put) => {
      const bytes = encodeValues(values)
      this.#check(this.engine.call('sq_start', at, put(bytes), bytes.length))
    })
  }

  /** Appends up to `limit` further rows; whether they were the last. */
  fetch({ at, columns }: Compiled, out: SqlValue[][], limit: number): boolean {
    return this.#guarded(() => {
      let size = Math.max(CHUNK_BYTES, 2 * (CHUNK_HEADER_BYTES + CELL_BYTES * columns + 8))
      let rows = Math.min(limit, CHUNK_ROWS_MAX, Math.floor((size / 2 - CHUNK_HEADER_BYTES) / (CELL_BYTES * columns)))
      for (;;) {
        const state = this.engine.scratch((_, take) => {
          const to = take(size)
          this.#check(this.engine.call('sq_fetch', at, to, size, rows, this.engine.out))
          const state = this.engine.word(0)
          if (state === STATE_SMALL) return state
          const reader = new ChunkReader(this.engine.view(to, this.engine.word(2)).slice())
          reader.readLists(out, reader.rows)
          return state
        })
        if (state !== STATE_SMALL) return state === STATE_DONE
        size = (this.engine.word(1) + 7) & ~7
        rows = 1
      }
    })
  }

  /** Ends a query before its last row. */
  reset({ at }: Compiled): void {
    this.engine.call('sq_reset', at)
  }

  columnsOf({ at, columns }: Compiled): ColumnOrigin[] {
    return this.engine.scratch((_, take) => {
      const size = this.engine.call('sq_columns', at, 0, 0)
      const to = take(size)
      this.engine.call('sq_columns', at, to, size)
      const view = new DataView(this.engine.memory.buffer)
      let next = to
      const text = () => {
        const length = view.getUint32(next, true)
        const from = next + 4
        next = from + length
        return this.engine.textAt(from, length)
      }
      return Array.from({ length: columns }, () => ({ name: text(), type: text(), table: text(), column: text() }))
    })
  }

  /** A parameter's name with its prefix, "" for a plain `?`. The first is 1. */
  parameterName({ at }: Compiled, position: number): string {
    this.engine.call('sq_param_name', at, position, this.engine.out)
    return this.engine.textAt(this.engine.word(0), this.engine.word(1))
  }

  /** Defines a function; `arity` −1 takes any number of arguments. */
  define(name: string, arity: number, isDeterministic: boolean, isAggregate: boolean, callback: Callback): void {
    const id = this.engine.register(callback)
    this.#callbacks.push(id)
    this.engine.scratch((put) => {
      const flags = [isDeterministic ? 1 : 0, isAggregate ? 1 : 0] as const
      this.#check(this.engine.call('sq_function', this.#at, put(zeroed(name)), arity, ...flags, id))
    })
  }

  collation(name: string, compare: (a: string, b: string) => number): void {
    const id = this.engine.register((_, a, length, b, other) =>
      compare(this.engine.textAt(a, length), this.engine.textAt(b, other)),
    )
    this.#callbacks.push(id)
    this.engine.scratch((put) => {
      this.#check(this.engine.call('sq_collation', this.#at, put(zeroed(name)), id))
    })
  }

  /** What a callback that threw answers: the error's text; the error itself becomes the statement's. */
  threw(error: unknown): void {
    this.#thrown = { error }
    this.engine.reply(bytesOf(error instanceof Error ? error.message : String(error)))
  }

  /** Functions in JavaScript run while a statement does: the engine takes no other call of theirs. */
  #guarded<T>(work: () => T): T {
    if (this.#isRunning) throw new TypeError('This database connection is busy executing a query')
    this.#isRunning = true
    this.#thrown = undefined
    try {
      return work()
    } finally {
      this.#isRunning = false
    }
  }

  #check(code: number): void {
    if (code === 0) return
    const thrown = this.#thrown
    this.#thrown = undefined
    if (thrown !== undefined) throw thrown.error
    throw this.#error(code)
  }

  #error(code: number): SqliteError {
    this.engine.call('sq_error', this.#at, this.engine.out)
    const message = this.engine.textAt(this.engine.word(0), this.engine.word(1))
    return new SqliteError(message, code)
  }
}
