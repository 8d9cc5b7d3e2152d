import {
  failure,
  toRecord,
  verbOf,
  type StatementResult,
  type StatementSource,
  type StatementTransaction,
} from '@rockpool/client/statements'
import {
  CompiledQuery,
  createQueryId,
  IdentifierNode,
  RawNode,
  type AbortableOperationOptions,
  type DatabaseConnection,
  type Driver,
  type QueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from 'kysely'

/** Limits of its transactions, milliseconds. */
export interface DriverLimits {
  readonly timeout: number | undefined
  readonly deadline: number | undefined
}

/** Gives every connection a session of its own. There is no pool: a session without a transaction holds nothing. */
export class RockpoolDriver implements Driver {
  readonly #source: StatementSource
  readonly #limits: DriverLimits
  readonly #connections = new Set<RockpoolConnection>()

  constructor(source: StatementSource, limits: DriverLimits) {
    this.#source = source
    this.#limits = limits
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const connection = new RockpoolConnection(this.#source, this.#limits)
    this.#connections.add(connection)
    return connection
  }

  /** @throws `invalid_argument` for a level that SQLite does not have: it knows serializable only. */
  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    const { isolationLevel, accessMode } = settings
    if (isolationLevel !== undefined && isolationLevel !== 'serializable')
      throw failure('invalid_argument', 'begin transaction', `SQLite has no ${isolationLevel}`, 'leave the level out')
    const ours = this.#ours(connection)
    ours.isReadOnly = accessMode === 'read only'
    await ours.executeQuery(CompiledQuery.raw('begin')) // as a query, for Kysely's log
  }
  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#ours(connection).executeQuery(CompiledQuery.raw('commit'))
  }
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    const ours = this.#ours(connection)
    // A commit that was refused has ended it.
    if (ours.isInTransaction) await ours.executeQuery(CompiledQuery.raw('rollback'))
  }
  savepoint(connection: DatabaseConnection, name: string, compile: QueryCompiler['compileQuery']): Promise<void> {
    return this.#savepoint(connection, 'savepoint', name, compile)
  }
  rollbackToSavepoint(
    connection: DatabaseConnection,
    name: string,
    compile: QueryCompiler['compileQuery'],
  ): Promise<void> {
    return this.#savepoint(connection, 'rollback to', name, compile)
  }
  releaseSavepoint(
    connection: DatabaseConnection,
    name: string,
    compile: QueryCompiler['compileQuery'],
  ): Promise<void> {
    return this.#savepoint(connection, 'release', name, compile)
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    const ours = this.#ours(connection)
    this.#connections.delete(ours)
    await ours.release()
  }

  /** Rolls back what is open. The database stays open. */
  async destroy(): Promise<void> {
    for (const connection of this.#connections) await connection.release()
    this.#connections.clear()
  }

  async #savepoint(
    connection: DatabaseConnection,
    command: string,
    name: string,
    compile: QueryCompiler['compileQuery'],
  ): Promise<void> {
    const node = RawNode.createWithChildren([RawNode.createWithSql(`${command} `), IdentifierNode.create(name)])
    await connection.executeQuery(compile(node, createQueryId()))
  }

  #ours(connection: DatabaseConnection): RockpoolConnection {
    if (connection instanceof RockpoolConnection) return connection
    throw failure('invalid_argument', 'use connection', 'it is of another driver')
  }
}

class RockpoolConnection implements DatabaseConnection {
  readonly #source: StatementSource
  readonly #limits: DriverLimits
  #transaction: StatementTransaction | null = null
  /** How the next transaction begins. */
  isReadOnly = false

  constructor(source: StatementSource, limits: DriverLimits) {
    this.#source = source
    this.#limits = limits
  }

  get isInTransaction(): boolean {
    return this.#transaction?.isOver === false
  }

  async #begin(): Promise<void> {
    const { timeout, deadline } = this.#limits
    const readOnly = this.isReadOnly
    this.isReadOnly = false
    this.#transaction = await this.#source.begin({ ...(timeout === undefined ? {} : { timeout }), deadline, readOnly })
  }

  async #run(sql: string, parameters: readonly unknown[]): Promise<StatementResult> {
    const transaction = this.#transaction
    if (transaction === null) {
      if (verbOf(sql) !== 'begin') return this.#source.run(sql, parameters)
      await this.#begin()
      return { columns: [], rows: [], changes: 0, lastId: 0 }
    }
    try {
      return await transaction.run(sql, parameters)
    } finally {
      if (transaction.isOver) this.#transaction = null
    }
  }

  /** The Worker's answer knows nothing of who asked: his lines are added, as Kysely's own drivers do. */
  async #traced(sql: string, parameters: readonly unknown[]): Promise<StatementResult> {
    try {
      return await this.#run(sql, parameters)
    } catch (thrown) {
      if (thrown instanceof Error) {
        const callers = new Error().stack?.split('\n').slice(1) ?? []
        thrown.stack = [thrown.stack ?? '', ...callers].join('\n')
      }
      throw thrown
    }
  }

  /** Rolls back what was left open. */
  async release(): Promise<void> {
    await this.#transaction?.rollback()
    this.#transaction = null
  }

  async executeQuery<R>(
    { sql, parameters }: CompiledQuery,
    options?: AbortableOperationOptions,
  ): Promise<QueryResult<R>> {
    options?.signal?.throwIfAborted()
    const { columns, rows, changes, lastId } = await this.#traced(sql, parameters)
    if (columns.length === 0) return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastId) }
    return { rows: rows.map((row) => toRecord(columns, row) as R) } // Kysely's types are the caller's promise
  }

  /** Reads the whole result, and gives it in pieces of `chunkSize` rows. */
  async *streamQuery<R>(
    query: CompiledQuery,
    chunkSize: number,
    options?: AbortableOperationOptions,
  ): AsyncIterableIterator<QueryResult<R>> {
    const { rows } = await this.executeQuery<R>(query, options)
    const size = Math.max(1, chunkSize)
    for (let at = 0; at < rows.length; at += size) yield { rows: rows.slice(at, at + size) }
  }
}
