/** A database, as better-sqlite3 has it. */

import type { StatementSource } from '@rockpool/client/statements'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { decodeRow } from '../../client/src/codec.ts'
import { Connection } from './connection.ts'
import { compareDecimals } from './decimal.ts'
import { CALL, bytesOf, encodeValues, sharedEngine, type Callback } from './engine.ts'
import { SqliteError } from './error.ts'
import { claim, release } from './files.ts'
import { joinPages } from './serialize.ts'
import { bindable, Statement } from './statement.ts'
import { sourceOf } from './statements.ts'
import { transactional, type Transactional } from './transaction.ts'

const CANTOPEN = 14

/** Options of a database. */
export interface DatabaseOptions {
  readonly readonly?: boolean
  readonly fileMustExist?: boolean
  /** Encrypts the file, as `encryption` of @rockpool/client does. */
  readonly key?: string | Uint8Array
  /** Is told the text of every statement that is run. */
  readonly verbose?: (sql: string) => void
}

/** Options of a function. */
export interface FunctionOptions {
  readonly deterministic?: boolean
  /** It takes any number of arguments. */
  readonly varargs?: boolean
}

/** An aggregate: `step` folds a row into the state, `result` makes a value of it. */
export interface AggregateOptions extends FunctionOptions {
  readonly start?: unknown
  readonly step: (state: never, ...args: never[]) => unknown
  readonly result?: (state: never) => unknown
}

let memories = 0

/**
 * Opens a file, or with `:memory:` nothing but memory. One process at a time has
 * a file: another one is refused with SQLITE_BUSY.
 *
 * Beside better-sqlite3: integral numbers are bound as integers, pages of new files
 * carry checksums, foreign keys are enforced, every commit is flushed. No extensions,
 * no worker threads, no backup (`serialize` gives the file).
 *
 * @throws SqliteError.
 */
export class Database {
  readonly name: string
  readonly memory: boolean
  readonly readonly: boolean
  readonly #connection: Connection
  readonly #path: string
  readonly #verbose: ((sql: string) => void) | undefined
  readonly #collected: FinalizationRegistry<number>
  #isSafe = false
  #source: StatementSource | undefined

  constructor(filename = ':memory:', options: DatabaseOptions = {}) {
    this.name = filename
    this.memory = filename === ':memory:' || filename === ''
    this.readonly = options.readonly === true
    this.#verbose = options.verbose
    this.#path = this.memory ? `memory:${++memories}` : resolve(filename)
    if (this.memory && this.readonly) throw new TypeError('In-memory/temporary databases cannot be readonly')
    if (!this.memory && (options.fileMustExist === true || this.readonly) && !existsSync(this.#path))
      throw new SqliteError(`unable to open database file ${filename}: there is none`, CANTOPEN)
    const { key = new Uint8Array() } = options
    if (!this.memory) claim(this.#path)
    let connection: Connection | undefined
    try {
      connection = new Connection(this.#path, this.readonly, typeof key === 'string' ? bytesOf(key) : key)
      this.#connection = connection
      this.#collected = new FinalizationRegistry((at) => {
        this.#connection.finalize(at)
      })
      const isNew = this.#prepare('PRAGMA page_count').pluck().get() === 0
      if (isNew && key.length === 0 && !this.memory && !this.readonly) connection.reserveChecksums()
      this.exec('PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000')
      if (this.memory) this.exec('PRAGMA journal_mode=MEMORY')
      this.collation('rockpool_decimal', compareDecimals)
    } catch (error) {
      connection?.close()
      this.#release()
      throw error
    }
  }

  get open(): boolean {
    return this.#connection.isOpen
  }
  get inTransaction(): boolean {
    return this.open && this.#connection.isInTransaction
  }

  /** Rows changed since it was opened. */
  get totalChanges(): bigint {
    return this.#connection.totalChanges
  }

  /** What Kysely, Drizzle and Prisma run on (@rockpool/kysely and so on take the database itself). */
  get statements(): StatementSource {
    this.#source ??= sourceOf(this)
    return this.#source
  }

  /** Compiles one statement. @throws RangeError for none or several. */
  prepare(source: string): Statement {
    this.#check()
    this.#verbose?.(source)
    return this.#prepare(source)
  }

  #prepare(source: string): Statement {
    const connection = this.#connection
    const bytes = bytesOf(source)
    const compiled = connection.compile(bytes)
    if (compiled === null) throw new RangeError('The supplied SQL string contains no statements')
    const more = compiled.used < bytes.length ? connection.compile(bytes.subarray(compiled.used)) : null
    if (more !== null) {
      connection.finalize(more.at)
      connection.finalize(compiled.at)
      throw new RangeError('The supplied SQL string contains more than one statement')
    }
    const statement = new Statement(this, connection, compiled, source, this.#isSafe)
    this.#collected.register(statement, compiled.at)
    return statement
  }

  /** Runs any number of statements and drops their rows; those before one that fails have run. */
  exec(source: string): this {
    this.#check()
    this.#verbose?.(source)
    const bytes = bytesOf(source)
    for (let at = 0; at < bytes.length; ) {
      const compiled = this.#connection.compile(bytes.subarray(at))
      if (compiled === null) break
      at += compiled.used
      try {
        this.#connection.run(compiled, new Array<null>(compiled.params).fill(null))
      } finally {
        this.#connection.finalize(compiled.at)
      }
    }
    return this
  }

  /** Runs a PRAGMA: its rows, or with `simple` the first value of the first. */
  pragma(source: string, options: { readonly simple?: boolean } = {}): unknown {
    const statement = this.prepare(`PRAGMA ${source}`)
    if (!statement.reader) {
      statement.run()
      return options.simple === true ? undefined : []
    }
    return options.simple === true ? statement.pluck().get() : statement.all()
  }

  /** Makes a function that runs in a transaction, or within one in a savepoint. */
  transaction<A extends unknown[], R>(work: (...args: A) => R): Transactional<A, R> {
    if (typeof work !== 'function') throw new TypeError('Expected first argument to be a function')
    return transactional(this, work)
  }

  /** Defines an SQL function. It may not use the database. */
  function(name: string, work: (...args: never[]) => unknown): this
  function(name: string, options: FunctionOptions, work: (...args: never[]) => unknown): this
  function(
    name: string,
    options: FunctionOptions | ((...args: never[]) => unknown),
    given?: (...args: never[]) => unknown,
  ): this {
    this.#check()
    const work = (typeof options === 'function' ? options : given) as (...args: unknown[]) => unknown // what it takes is the caller's promise
    if (typeof work !== 'function') throw new TypeError('Expected last argument to be a function')
    const { varargs = false, deterministic = false } = typeof options === 'function' ? {} : options
    this.#connection.define(name, varargs ? -1 : work.length, deterministic, false, (_, at, length, count) =>
      this.#answer(() => work(...this.#arguments(at, length, count))),
    )
    return this
  }

  /** Defines an SQL aggregate. It may not use the database. */
  aggregate(name: string, options: AggregateOptions): this {
    this.#check()
    const step = options.step as (state: unknown, ...args: unknown[]) => unknown // as above
    const result = (options.result ?? ((state: unknown) => state)) as (state: unknown) => unknown
    const begin = () =>
      typeof options.start === 'function' ? (options.start as () => unknown)() : (options.start ?? null)
    const groups = new Map<number, unknown>()
    let last = 0
    const callback: Callback = (what, a, b, c, d) => {
      if (what === CALL.final) {
        const state = groups.has(a) ? groups.get(a) : begin()
        groups.delete(a)
        return this.#answer(() => result(state))
      }
      const group = d === 0 ? ++last : d
      try {
        const state = groups.has(group) ? groups.get(group) : begin()
        const next = step(state, ...this.#arguments(a, b, c))
        groups.set(group, next === undefined ? state : next)
        return group
      } catch (error) {
        groups.delete(group)
        this.#connection.threw(error)
        return -1
      }
    }
    const arity = options.varargs === true ? -1 : Math.max(0, step.length - 1)
    this.#connection.define(name, arity, options.deterministic === true, true, callback)
    return this
  }

  /** Defines a collation. */
  collation(name: string, compare: (a: string, b: string) => number): this {
    this.#check()
    this.#connection.collation(name, compare)
    return this
  }

  /** Whether integers are bigints in statements that are prepared from now on. */
  defaultSafeIntegers(isOn = true): this {
    this.#isSafe = isOn
    return this
  }

  /** The database as one file, of a moment. A database with a key gives it in the clear. */
  serialize(): Buffer {
    const pages = this.prepare('SELECT data FROM sqlite_dbpage ORDER BY pgno').pluck().all()
    return joinPages(pages as Uint8Array[]) // blobs, as its documentation says
  }

  /** Closes it; statements are dead then. Idempotent. */
  close(): this {
    if (!this.open) return this
    this.#connection.close()
    this.#release()
    return this
  }

  #release(): void {
    const closeFiles = () => {
      sharedEngine().pool.close(this.#path)
    }
    if (this.memory) closeFiles()
    else release(this.#path, closeFiles)
  }

  #check(): void {
    if (!this.open) throw new TypeError('The database connection is not open')
  }

  #arguments(at: number, length: number, count: number): unknown[] {
    const values = decodeRow(sharedEngine().view(at, length).slice(), count)
    return values.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value))
  }

  #answer(work: () => unknown): number {
    try {
      const value = work()
      sharedEngine().reply(encodeValues([bindable(typeof value === 'boolean' ? Number(value) : value)]))
      return 0
    } catch (error) {
      this.#connection.threw(error)
      return 1
    }
  }
}
