import {
  failure,
  toRecord,
  verbOf,
  type StatementResult,
  type StatementSource,
  type StatementTransaction,
} from '@rockpool/client/statements'
import {
  type CompiledQuery,
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
    await this.#ours(connection).begin(accessMode === 'read only')
  }
  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#ours(connection).run('commit', [])
  }
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#ours(connection).release()
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

  constructor(source: StatementSource, limits: DriverLimits) {
    this.#source = source
    this.#limits = limits
  }

  async begin(readOnly: boolean): Promise<void> {
    if (this.#transaction?.isOver === false)
      throw failure('invalid_argument', 'begin transaction', 'one is open on this connection', 'use a savepoint')
    const { timeout, deadline } = this.#limits
    this.#transaction = await this.#source.begin({ ...(timeout === undefined ? {} : { timeout }), deadline, readOnly })
  }

  async run(sql: string, parameters: readonly unknown[]): Promise<StatementResult> {
    const transaction = this.#transaction
    if (transaction === null) {
      if (verbOf(sql) !== 'begin') return this.#source.run(sql, parameters)
      await this.begin(false)
      return { columns: [], rows: [], changes: 0, lastId: 0 }
    }
    try {
      return await transaction.run(sql, parameters)
    } finally {
      if (transaction.isOver) this.#transaction = null
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
    const { columns, rows, changes, lastId } = await this.run(sql, parameters)
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
