/** A prepared statement, as better-sqlite3 has it. */

import type { SqlValue } from '../../client/src/codec.ts'
import type { Compiled, Connection } from './connection.ts'
import type { Database } from './database.ts'

/** What `run` gives. */
export interface RunResult {
  readonly changes: number
  readonly lastInsertRowid: number | bigint
}

/** A result column. All but the name are null for an expression. */
export interface ColumnDefinition {
  readonly name: string
  readonly column: string | null
  readonly table: string | null
  readonly database: string | null
  readonly type: string | null
}

/** Rows that `iterate` asks for at a time. */
const ITERATE_ROWS = 64

type Shape = 'object' | 'pluck' | 'expand' | 'raw'

/** See the file's comment. Values: integers beyond ±(2^53 − 1) are bigints also without `safeIntegers`, as a number would lose digits. */
export class Statement {
  readonly database: Database
  readonly source: string
  /** Whether it gives rows. */
  readonly reader: boolean
  readonly readonly: boolean
  readonly #connection: Connection
  readonly #compiled: Compiled
  #shape: Shape = 'object'
  #isSafe: boolean
  #bound: SqlValue[] | undefined
  #isBusy = false

  /** Not for applications: use `prepare`. */
  constructor(database: Database, connection: Connection, compiled: Compiled, source: string, isSafe: boolean) {
    this.database = database
    this.source = source
    this.reader = compiled.columns > 0
    this.readonly = compiled.isReadOnly
    this.#connection = connection
    this.#compiled = compiled
    this.#isSafe = isSafe
  }

  /** Whether it is being iterated. */
  get busy(): boolean {
    return this.#isBusy
  }

  /** Runs it; for a statement with RETURNING, `all` gives the rows. @throws SqliteError, TypeError. */
  run(...params: readonly unknown[]): RunResult {
    const connection = this.#ready()
    const before = connection.totalChanges
    connection.run(this.#compiled, this.#values(params))
    return {
      changes: connection.totalChanges === before ? 0 : connection.changes,
      lastInsertRowid: this.#integer(connection.lastId),
    }
  }

  /** The first row, or undefined. */
  get(...params: readonly unknown[]): unknown {
    const connection = this.#query(params)
    const rows: SqlValue[][] = []
    if (!connection.fetch(this.#compiled, rows, 1)) connection.reset(this.#compiled)
    const [row] = rows
    return row === undefined ? undefined : this.#shaper()(row)
  }

  /** Every row. */
  all(...params: readonly unknown[]): unknown[] {
    const connection = this.#query(params)
    const rows: SqlValue[][] = []
    while (!connection.fetch(this.#compiled, rows, Number.MAX_SAFE_INTEGER)) {}
    return rows.map(this.#shaper())
  }

  /** Rows one by one. Other statements may run meanwhile, this one not. */
  *iterate(...params: readonly unknown[]): IterableIterator<unknown> {
    const connection = this.#query(params)
    const shape = this.#shaper()
    this.#isBusy = true
    let isDone = false
    try {
      while (!isDone) {
        const rows: SqlValue[][] = []
        isDone = connection.fetch(this.#compiled, rows, ITERATE_ROWS)
        for (const row of rows) yield shape(row)
      }
    } finally {
      this.#isBusy = false
      if (!isDone && connection.isOpen) connection.reset(this.#compiled)
    }
  }

  /** Rows are the value of their first column. */
  pluck(isOn = true): this {
    return this.#as('pluck', isOn)
  }
  /** Rows are objects by table; expressions are under `$`. */
  expand(isOn = true): this {
    return this.#as('expand', isOn)
  }
  /** Rows are arrays. */
  raw(isOn = true): this {
    return this.#as('raw', isOn)
  }

  /** Whether all integers are bigints. */
  safeIntegers(isOn = true): this {
    this.#isSafe = isOn
    return this
  }

  /** Binds its values for good. @throws TypeError when that was done. */
  bind(...params: readonly unknown[]): this {
    if (this.#bound !== undefined)
      throw new TypeError('The bind() method can only be invoked once per statement object')
    this.#bound = this.#values(params)
    return this
  }

  /** Describes the result's columns. */
  columns(): ColumnDefinition[] {
    if (!this.reader) throw new TypeError('The columns() method is only for statements that return data')
    return this.#ready()
      .columnsOf(this.#compiled)
      .map(({ name, type, table, column }) => ({
        name,
        column: column || null,
        table: table || null,
        database: table === '' ? null : 'main',
        type: type || null,
      }))
  }

  #as(shape: Shape, isOn: boolean): this {
    if (!this.reader) throw new TypeError(`The ${shape}() method is only for statements that return data`)
    this.#shape = isOn ? shape : this.#shape === shape ? 'object' : this.#shape
    return this
  }

  #query(params: readonly unknown[]): Connection {
    const connection = this.#ready()
    if (!this.reader) throw new TypeError('This statement does not return data. Use run() instead')
    connection.start(this.#compiled, this.#values(params))
    return connection
  }

  #ready(): Connection {
    if (!this.#connection.isOpen) throw new TypeError('The database connection is not open')
    if (this.#isBusy) throw new TypeError('This statement is busy executing a query')
    return this.#connection
  }

  #shaper(): (row: SqlValue[]) => unknown {
    const safe = (row: SqlValue[]) => row.map((value) => this.#value(value))
    if (this.#shape === 'raw') return safe
    if (this.#shape === 'pluck') return (row) => this.#value(row[0] ?? null)
    const columns = this.#connection.columnsOf(this.#compiled)
    if (this.#shape === 'object')
      return (row) => Object.fromEntries(columns.map(({ name }, at) => [name, this.#value(row[at] ?? null)]))
    return (row) => {
      const tables: Record<string, Record<string, unknown>> = {}
      columns.forEach(({ name, table }, at) => {
        const of = table || '$'
        tables[of] = { ...tables[of], [name]: this.#value(row[at] ?? null) }
      })
      return tables
    }
  }

  #value(value: SqlValue): unknown {
    if (this.#isSafe && typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
    if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    return value
  }

  #integer(value: bigint): number | bigint {
    const number = Number(value)
    return this.#isSafe || !Number.isSafeInteger(number) ? value : number
  }

  #values(params: readonly unknown[]): SqlValue[] {
    if (this.#bound !== undefined) {
      if (params.length > 0) throw new TypeError('This statement already has bound parameters')
      return this.#bound
    }
    const { params: wanted } = this.#compiled
    const listed = params.flatMap((param) => (Array.isArray(param) ? param : isNamed(param) ? [] : [param]))
    const named = params.find(isNamed)
    const values: SqlValue[] = []
    let used = 0
    for (let position = 1; position <= wanted; position++) {
      const name = this.#connection.parameterName(this.#compiled, position)
      if (name === '' || /^\?\d/.test(name)) {
        if (used >= listed.length) throw new RangeError('Too few parameter values were provided')
        values.push(bindable(listed[used++]))
      } else {
        if (named === undefined) throw new TypeError('Missing named parameters')
        const key = name.slice(1)
        if (!(key in named)) throw new RangeError(`Missing named parameter "${key}"`)
        values.push(bindable(named[key]))
      }
    }
    if (used < listed.length) throw new RangeError('Too many parameter values were provided')
    return values
  }
}

function isNamed(param: unknown): param is Record<string, unknown> {
  if (typeof param !== 'object' || param === null) return false
  const prototype: unknown = Object.getPrototypeOf(param)
  return prototype === Object.prototype || prototype === null
}

/** What may be bound. @throws TypeError for all else. */
export function bindable(value: unknown): SqlValue {
  if (value === null || value === undefined) return null
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string') return value
  if (value instanceof Uint8Array) return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  throw new TypeError('SQLite3 can only bind numbers, strings, bigints, buffers, and null')
}
