/** Opens Drizzle on a database. */

import { statementsOf } from '@rockpool/client/statements'
import {
  createTableRelationsHelpers,
  DefaultLogger,
  extractTablesRelationalConfig,
  type DrizzleConfig,
  type ExtractTablesWithRelations,
} from 'drizzle-orm'
import type { BatchItem, BatchResponse } from 'drizzle-orm/batch'
import { BaseSQLiteDatabase, SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core'
import { RockpoolSession, type Relational, type RunResult } from './session.ts'

/** Drizzle's own options, and the limits of transactions. */
export interface RockpoolDrizzleConfig<Schema extends Record<string, unknown>> extends DrizzleConfig<Schema> {
  /** Milliseconds until an open transaction is rolled back, as other tabs wait for it; 5,000 by default, at most 60,000. */
  readonly transactionTimeout?: number
  /** Milliseconds that a transaction waits for its turn; without end by default. Then kind `deadline_exceeded`. */
  readonly maxWait?: number
}

/** Drizzle's SQLite database, with batches. */
export class RockpoolDatabase<
  Schema extends Record<string, unknown> = Record<string, never>,
> extends BaseSQLiteDatabase<'async', RunResult, Schema> {
  readonly #session: RockpoolSession<Schema, ExtractTablesWithRelations<Schema>>

  constructor(
    dialect: SQLiteAsyncDialect,
    session: RockpoolSession<Schema, ExtractTablesWithRelations<Schema>>,
    schema: Relational<ExtractTablesWithRelations<Schema>> | undefined,
  ) {
    super('async', dialect, session, schema)
    this.#session = session
  }

  /** Runs queries in order as one transaction: one mutation for the server, all of it or nothing. */
  async batch<U extends BatchItem<'sqlite'>, T extends Readonly<[U, ...U[]]>>(queries: T): Promise<BatchResponse<T>> {
    return (await this.#session.batch(queries)) as BatchResponse<T> // in the order of the queries
  }
}

/**
 * Drizzle on a Rockpool database: what it writes is kept, queued and synced as any
 * other write. The database stays its owner's to close.
 *
 * @example
 * const orm = drizzle(db, { schema })
 * await orm.select().from(todos).where(eq(todos.done, false))
 */
export function drizzle<Schema extends Record<string, unknown> = Record<string, never>>(
  database: Parameters<typeof statementsOf>[0],
  config: RockpoolDrizzleConfig<Schema> = {},
): RockpoolDatabase<Schema> {
  const dialect = new SQLiteAsyncDialect(config.casing === undefined ? {} : { casing: config.casing })
  const schema = relationalOf(config.schema)
  const logger = config.logger === true ? new DefaultLogger() : config.logger || undefined
  const { transactionTimeout: timeout, maxWait: deadline } = config
  const source = statementsOf(database)
  const session = new RockpoolSession<Schema, ExtractTablesWithRelations<Schema>>(source, dialect, schema, {
    logger,
    cache: config.cache,
    begin: () => source.begin({ ...(timeout === undefined ? {} : { timeout }), deadline }),
  })
  return new RockpoolDatabase<Schema>(dialect, session, schema)
}

function relationalOf<Schema extends Record<string, unknown>>(
  fullSchema: Schema | undefined,
): Relational<ExtractTablesWithRelations<Schema>> | undefined {
  if (fullSchema === undefined) return undefined
  const { tables, tableNamesMap } = extractTablesRelationalConfig(fullSchema, createTableRelationsHelpers)
  return { fullSchema, schema: tables as ExtractTablesWithRelations<Schema>, tableNamesMap } // made of the same tables
}
