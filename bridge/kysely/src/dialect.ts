import { statementsOf } from '@rockpool/client/statements'
import {
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type QueryCompiler,
} from 'kysely'
import { RockpoolDriver } from './driver.ts'

/** What the dialect takes. */
export interface RockpoolDialectConfig {
  /** An open database. It stays its owner's to close: `destroy` of Kysely leaves it open. */
  readonly database: Parameters<typeof statementsOf>[0]
  /** Milliseconds until an open transaction is rolled back, as other tabs wait for it; 5,000 by default, at most 60,000. */
  readonly transactionTimeout?: number
  /** Milliseconds that a transaction waits for its turn; without end by default. Then kind `deadline_exceeded`. */
  readonly maxWait?: number
}

/**
 * SQLite's, without the queue for the one connection that other drivers have: only writers wait here. Migrations of
 * several tabs wait for each other in their transactions, as SQLite's DDL is transactional.
 */
class RockpoolAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

/**
 * Kysely's SQLite dialect on a Rockpool database: what it writes is kept, queued
 * and synced as any other write.
 *
 * @example
 * const kysely = new Kysely<Tables>({ dialect: new RockpoolDialect({ database: db }) })
 */
export class RockpoolDialect implements Dialect {
  readonly #config: RockpoolDialectConfig

  constructor(config: RockpoolDialectConfig) {
    this.#config = config
  }

  createDriver(): Driver {
    const { database, transactionTimeout, maxWait } = this.#config
    return new RockpoolDriver(statementsOf(database), { timeout: transactionTimeout, deadline: maxWait })
  }
  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler()
  }
  createAdapter(): DialectAdapter {
    return new RockpoolAdapter()
  }
  createIntrospector(database: Parameters<Dialect['createIntrospector']>[0]): DatabaseIntrospector {
    return new SqliteIntrospector(database)
  }
}
