/** Drizzle's session over statements of ours. A transaction is a session of its own, so nothing else gets into it. */

import { toRecord, type StatementResult, type Statements, type StatementTransaction } from '@rockpool/client/statements'
import {
  fillPlaceholders,
  NoopLogger,
  sql,
  type Logger,
  type Query,
  type RelationalSchemaConfig,
  type TablesRelationalConfig,
} from 'drizzle-orm'
import * as utils from 'drizzle-orm/utils'
import type { Cache } from 'drizzle-orm/cache/core'
import {
  SQLitePreparedQuery,
  SQLiteSession,
  SQLiteTransaction,
  type PreparedQueryConfig,
  type SelectedFieldsOrdered,
  type SQLiteAsyncDialect,
  type SQLiteExecuteMethod,
} from 'drizzle-orm/sqlite-core'

/** What `run` gives. */
export interface RunResult {
  readonly changes: number
  readonly lastInsertRowid: number | bigint
}

/** Drizzle's description of tables and their relations. */
export type Relational<Tables extends TablesRelationalConfig> = RelationalSchemaConfig<Tables>

/** What a session and those of its transactions share. */
export interface SessionOptions {
  readonly logger: Logger | undefined
  readonly cache: Cache | undefined
  readonly begin: () => Promise<StatementTransaction>
}

type Mapper = (rows: unknown[][], mapColumnValue?: (value: unknown) => unknown) => unknown
type Metadata = { type: 'select' | 'update' | 'delete' | 'insert'; tables: string[] }
type CacheConfig = ConstructorParameters<typeof SQLitePreparedQuery>[5]

/** What Drizzle's drivers use of it and its declarations leave out. */
interface Internals {
  readonly joinsNotNullableMap?: Record<string, boolean>
  queryWithCache<T>(sql: string, params: unknown[], query: () => Promise<T>): Promise<T>
}
/** A built query of a session of ours. */
interface Prepares {
  _prepare(): PreparedQuery
}
const { mapResultRow } = utils as unknown as {
  mapResultRow(fields: SelectedFieldsOrdered, row: unknown[], notNullable?: Record<string, boolean>): unknown
}

/** See the file's comment. */
export class RockpoolSession<
  Schema extends Record<string, unknown>,
  Tables extends TablesRelationalConfig,
> extends SQLiteSession<'async', RunResult, Schema, Tables> {
  readonly #statements: Statements
  readonly #dialect: SQLiteAsyncDialect
  readonly #schema: Relational<Tables> | undefined
  readonly #options: SessionOptions

  constructor(
    statements: Statements,
    dialect: SQLiteAsyncDialect,
    schema: Relational<Tables> | undefined,
    options: SessionOptions,
  ) {
    super(dialect)
    this.#statements = statements
    this.#dialect = dialect
    this.#schema = schema
    this.#options = options
  }

  override prepareQuery(
    query: Query,
    fields: SelectedFieldsOrdered | undefined,
    method: SQLiteExecuteMethod,
    _isResponseInArrayMode: boolean,
    mapper?: Mapper,
    metadata?: Metadata,
    cacheConfig?: CacheConfig,
  ): PreparedQuery {
    return new PreparedQuery(this.#statements, query, this.#options, fields, method, mapper, metadata, cacheConfig)
  }

  override async transaction<T>(work: (tx: RockpoolTransaction<Schema, Tables>) => Promise<T>): Promise<T> {
    const begun = await this.#options.begin()
    const session = new RockpoolSession<Schema, Tables>(begun, this.#dialect, this.#schema, this.#options)
    try {
      const result = await work(new RockpoolTransaction('async', this.#dialect, session, this.#schema))
      await begun.commit()
      return result
    } catch (thrown) {
      await begun.rollback()
      throw thrown
    }
  }

  /** Runs built queries as one transaction. */
  async batch(queries: readonly object[]): Promise<unknown[]> {
    const begun = await this.#options.begin()
    try {
      const results: unknown[] = []
      for (const query of queries as readonly Prepares[]) results.push(await query._prepare().on(begun).execute())
      await begun.commit()
      return results
    } catch (thrown) {
      await begun.rollback()
      throw thrown
    }
  }
}

/** A transaction, or, within one, a savepoint. */
export class RockpoolTransaction<
  Schema extends Record<string, unknown>,
  Tables extends TablesRelationalConfig,
> extends SQLiteTransaction<'async', RunResult, Schema, Tables> {
  readonly #dialect: SQLiteAsyncDialect
  readonly #session: RockpoolSession<Schema, Tables>

  constructor(
    kind: 'async',
    dialect: SQLiteAsyncDialect,
    session: RockpoolSession<Schema, Tables>,
    schema: Relational<Tables> | undefined,
    nestedIndex = 0,
  ) {
    super(kind, dialect, session, schema, nestedIndex)
    this.#dialect = dialect
    this.#session = session
  }

  override async transaction<T>(work: (tx: RockpoolTransaction<Schema, Tables>) => Promise<T>): Promise<T> {
    const name = sql.identifier(`sp${this.nestedIndex}`)
    const nested = new RockpoolTransaction<Schema, Tables>(
      'async',
      this.#dialect,
      this.#session,
      this.schema,
      this.nestedIndex + 1,
    )
    await this.#session.run(sql`savepoint ${name}`)
    try {
      const result = await work(nested)
      await this.#session.run(sql`release savepoint ${name}`)
      return result
    } catch (thrown) {
      await this.#session.run(sql`rollback to savepoint ${name}`)
      throw thrown
    }
  }
}

/** A query that is built; it can run many times, on its session or in a batch. */
class PreparedQuery extends SQLitePreparedQuery<PreparedQueryConfig & { type: 'async'; run: RunResult }> {
  readonly #statements: Statements
  readonly #make: (statements: Statements) => PreparedQuery
  readonly #logger: Logger
  readonly #fields: SelectedFieldsOrdered | undefined
  readonly #mapper: Mapper | undefined

  constructor(
    statements: Statements,
    query: Query,
    options: SessionOptions,
    fields: SelectedFieldsOrdered | undefined,
    method: SQLiteExecuteMethod,
    mapper: Mapper | undefined,
    metadata: Metadata | undefined,
    cacheConfig: CacheConfig,
  ) {
    super('async', method, query, options.cache, metadata, cacheConfig)
    this.#statements = statements
    this.#make = (others) => new PreparedQuery(others, query, options, fields, method, mapper, metadata, cacheConfig)
    this.#logger = options.logger ?? new NoopLogger()
    this.#fields = fields
    this.#mapper = mapper
  }

  /** The same query in another session. */
  on(statements: Statements): PreparedQuery {
    const { joinsNotNullableMap } = this.#internals
    return Object.assign(this.#make(statements), { joinsNotNullableMap })
  }

  override async run(placeholderValues?: Record<string, unknown>): Promise<RunResult> {
    const { changes, lastId } = await this.#execute(placeholderValues)
    return { changes, lastInsertRowid: lastId }
  }

  override async all(placeholderValues?: Record<string, unknown>): Promise<unknown[]> {
    const { columns, rows } = await this.#execute(placeholderValues)
    if (this.#mapper !== undefined) return this.#mapper(rows) as unknown[] // Drizzle's mapper of many
    return this.#fields === undefined ? rows.map((row) => toRecord(columns, row)) : rows.map((row) => this.#mapped(row))
  }

  override async get(placeholderValues?: Record<string, unknown>): Promise<unknown> {
    const { columns, rows } = await this.#execute(placeholderValues)
    const [row] = rows
    if (row === undefined) return undefined
    if (this.#mapper !== undefined) return this.#mapper(rows)
    return this.#fields === undefined ? toRecord(columns, row) : this.#mapped(row)
  }

  override async values(placeholderValues?: Record<string, unknown>): Promise<unknown[][]> {
    return (await this.#execute(placeholderValues)).rows
  }

  #mapped(row: unknown[]): unknown {
    return mapResultRow(this.#fields ?? [], row, this.#internals.joinsNotNullableMap)
  }

  #execute(placeholderValues: Record<string, unknown> = {}): Promise<StatementResult> {
    const params = fillPlaceholders(this.query.params, placeholderValues)
    this.#logger.logQuery(this.query.sql, params)
    return this.#internals.queryWithCache(this.query.sql, params, () => this.#statements.run(this.query.sql, params))
  }

  get #internals(): Internals {
    return this as unknown as Internals
  }
}
