/** Prisma's driver adapter: connections, queries and transactions. */

import {
  statementsOf,
  type StatementResult,
  type Statements,
  type StatementSource,
  type StatementTransaction,
} from '@rockpool/client/statements'
import type {
  ConnectionInfo,
  IsolationLevel,
  SqlDriverAdapter,
  SqlDriverAdapterFactory,
  SqlQuery,
  SqlResultSet,
  Transaction,
  TransactionOptions,
} from '@prisma/driver-adapter-utils'
import { toArgument } from './arguments.ts'
import { DriverAdapterError, toAdapterError } from './errors.ts'
import { toResultSet } from './results.ts'

/** Parameters that one statement of the engine takes (SQLITE_MAX_VARIABLE_NUMBER). */
const BIND_VALUES_MAX = 32_766

/** Milliseconds until a transaction is rolled back here, by default: Prisma ends its own after its `timeout`, unless its tab is stopped. */
const TRANSACTION_MS = 15_000

const PROVIDER = 'sqlite'
const NAME = '@rockpool/prisma'

/** Options of the adapter. */
export interface PrismaRockpoolOptions {
  /**
   * Milliseconds until an open transaction is rolled back, whatever its tab does; 15,000 by default, at most 60,000.
   * Give more than the `timeout` of your `$transaction` calls.
   */
  readonly transactionTimeout?: number
}

/**
 * A driver adapter for Prisma Client 7: what it writes is kept, queued and synced
 * as any other write. The database stays its owner's to close: `$disconnect`
 * leaves it open.
 *
 * @example
 * const prisma = new PrismaClient({ adapter: new PrismaRockpool(db) })
 */
export class PrismaRockpool implements SqlDriverAdapterFactory {
  readonly provider = PROVIDER
  readonly adapterName = NAME
  readonly #database: Parameters<typeof statementsOf>[0]
  readonly #options: PrismaRockpoolOptions

  constructor(database: Parameters<typeof statementsOf>[0], options: PrismaRockpoolOptions = {}) {
    this.#database = database
    this.#options = options
  }

  async connect(): Promise<SqlDriverAdapter> {
    return new Adapter(statementsOf(this.#database), this.#options.transactionTimeout ?? TRANSACTION_MS)
  }
}

/** Runs Prisma's queries on statements of ours. */
class Queries {
  readonly provider = PROVIDER
  readonly adapterName = NAME
  readonly #statements: Statements

  constructor(statements: Statements) {
    this.#statements = statements
  }

  async queryRaw(query: SqlQuery): Promise<SqlResultSet> {
    return toResultSet(await this.#run(query))
  }

  async executeRaw(query: SqlQuery): Promise<number> {
    return (await this.#run(query)).changes
  }

  async #run({ sql, args, argTypes }: SqlQuery): Promise<StatementResult> {
    return mapped(() =>
      this.#statements.run(
        sql,
        args.map((arg, at) => toArgument(arg, argTypes[at])),
      ),
    )
  }
}

class Adapter extends Queries implements SqlDriverAdapter {
  readonly #source: StatementSource
  readonly #timeout: number
  readonly #open = new Set<StatementTransaction>()
  #isDisposed = false

  constructor(source: StatementSource, timeout: number) {
    super(source)
    this.#source = source
    this.#timeout = timeout
  }

  getConnectionInfo(): ConnectionInfo {
    return { maxBindValues: BIND_VALUES_MAX, supportsRelationJoins: false }
  }

  /** Scripts are what migrations send, and synced tables change at the source. */
  async executeScript(): Promise<void> {
    throw new DriverAdapterError({
      kind: PROVIDER,
      extendedCode: 1,
      message:
        'scripts of several statements are not run here: synced tables change at the source, tables of this device by db.query',
    })
  }

  async startTransaction(isolationLevel?: IsolationLevel): Promise<Transaction> {
    if (isolationLevel !== undefined && isolationLevel !== 'SERIALIZABLE')
      throw new DriverAdapterError({ kind: 'InvalidIsolationLevel', level: isolationLevel })
    const transaction = await mapped(() => this.#source.begin({ timeout: this.#timeout }))
    // Disposed while it waited for its turn: nobody would end it.
    if (this.#isDisposed) {
      await transaction.rollback()
      throw new DriverAdapterError({ kind: 'ConnectionClosed' })
    }
    this.#open.add(transaction)
    return new AdapterTransaction(transaction, () => this.#open.delete(transaction))
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true
    for (const transaction of this.#open) await transaction.rollback()
    this.#open.clear()
  }
}

/** Prisma sends COMMIT and ROLLBACK as statements, and then calls commit and rollback to give the session back. */
class AdapterTransaction extends Queries implements Transaction {
  readonly options: TransactionOptions = { usePhantomQuery: false }
  readonly #transaction: StatementTransaction
  readonly #ended: () => void

  constructor(transaction: StatementTransaction, ended: () => void) {
    super(transaction)
    this.#transaction = transaction
    this.#ended = ended
  }

  async commit(): Promise<void> {
    this.#ended()
    if (!this.#transaction.isOver) await mapped(() => this.#transaction.commit())
  }

  async rollback(): Promise<void> {
    this.#ended()
    await mapped(() => this.#transaction.rollback())
  }

  createSavepoint(name: string): Promise<void> {
    return this.#savepoint('SAVEPOINT', name)
  }
  rollbackToSavepoint(name: string): Promise<void> {
    return this.#savepoint('ROLLBACK TO', name)
  }
  releaseSavepoint(name: string): Promise<void> {
    return this.#savepoint('RELEASE', name)
  }

  async #savepoint(command: string, name: string): Promise<void> {
    await mapped(() => this.#transaction.run(`${command} "${name.replaceAll('"', '""')}"`))
  }
}

async function mapped<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    throw toAdapterError(thrown)
  }
}
