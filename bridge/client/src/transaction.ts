/** Interactive transactions: several statements that see each other, all of which apply, or none. */

import type { Init } from './codec.ts'
import type { Row } from './chunk.ts'
import type { RowAt, ScopeOf, TableRef, Tables } from './builder/scope.ts'
import { SelectBuilder, emptySelect, type QueryRunner } from './builder/select.ts'
import { sql, type Statement } from './builder/sql.ts'
import { cancelled, failure } from './error.ts'
import type { Select } from './gen/query.ts'
import { OperationsDoneMessage, TxQueryMessage, type TxQuery, type WriteDone, PageTxQuery } from './gen/wire.ts'
import type { Schema } from './gen/schema.ts'
import { beginInteractive, type Interactive, type TransactionOptions } from './interactive.ts'
import { lowerOperation, toObjects, type DatabaseOperation, type OperationKind } from './operations.ts'
import { RowSink } from './rows.ts'
import type { Booleans } from './shape.ts'
import type { Session } from './session.ts'
import { bound } from './values.ts'

/** What the function given to `transaction` works with. It is dead once the function has returned. */
export class Transaction<DB extends Tables> implements QueryRunner {
  readonly schema: () => Schema | null
  readonly #tx: Interactive

  constructor(schema: () => Schema | null, tx: Interactive) {
    this.schema = schema
    this.#tx = tx
  }

  /** Runs SQL text with bound parameters. Values are SQLite's. */
  query<R = Row>(text: string | Statement, params: readonly unknown[] = []): Promise<R[]> {
    return this.#rows(bound(text, params), 'sqlite') as Promise<R[]> // the caller's promise about the rows
  }

  /** Runs a template: every value is bound. */
  sql<R = Row>(strings: TemplateStringsArray, ...values: readonly unknown[]): Promise<R[]> {
    return this.query<R>(sql(strings, ...values))
  }

  /** Begins a query that sees this transaction's writes. */
  from<const E extends TableRef<DB>>(table: E): SelectBuilder<DB, ScopeOf<DB, E>, RowAt<DB, E>, 'once'> {
    return new SelectBuilder(this, emptySelect(table))
  }

  /** Runs operations inside this transaction. */
  async execute(...operations: readonly DatabaseOperation[]): Promise<Row[]> {
    this.#tx.check()
    const done = await this.#tx.session.ask(
      PageTxQuery,
      'write in transaction',
      TxQueryMessage,
      { tx: this.#tx.id, ops: operations.map(lowerOperation) },
      OperationsDoneMessage,
      { policy: 'once' },
    )
    return toObjects(done.results, operations, this.schema())
  }

  /** Writes a row; returns it as it stands. */
  async insert<T extends keyof DB & string>(table: T, data: DB[T]['insert']): Promise<DB[T]['row']> {
    return this.#one('insert', table, data)
  }
  /** Changes the row whose key is in the data. @throws `not_found`. */
  async update<T extends keyof DB & string>(table: T, data: DB[T]['update']): Promise<DB[T]['row']> {
    return this.#one('update', table, data)
  }
  /** Deletes the row whose key is in the data. */
  async delete<T extends keyof DB & string>(table: T, data: Partial<DB[T]['row']>): Promise<DB[T]['row']> {
    return this.#one('delete', table, data)
  }
  /** Adds to columns of the row whose key is in the data; concurrent increments add up. */
  async increment<T extends keyof DB & string>(table: T, data: Partial<DB[T]['row']>): Promise<DB[T]['row']> {
    return this.#one('increment', table, data)
  }

  /** For the builder. */
  run(select: Select): Promise<object[]> {
    return this.#rows({ select }, 'schema')
  }
  /** For the builder. @throws `invalid_argument`: a transaction ends before anything could be watched. */
  watch(): never {
    throw failure('invalid_argument', 'watch a query', 'a transaction has no live queries', 'use db.from(…).live()')
  }

  async #one<T extends keyof DB & string>(type: OperationKind, table: T, data: object): Promise<DB[T]['row']> {
    return (await this.execute({ type, table, data: { ...data } }))[0] ?? {}
  }

  async #rows(what: Init<TxQuery>, booleans: Booleans): Promise<Row[]> {
    const sink = new RowSink(booleans)
    await this.#tx.query(what, sink)
    return sink.take()
  }
}

/** Runs `work` in a transaction and commits, or rolls back what it throws. */
export async function runTransaction<DB extends Tables, T>(
  session: Session,
  schema: () => Schema | null,
  work: (tx: Transaction<DB>) => Promise<T>,
  options: TransactionOptions,
): Promise<{ result: T; done: WriteDone }> {
  const tx = await beginInteractive(session, options)
  let result: T
  try {
    result = await work(new Transaction<DB>(schema, tx))
    options.signal?.throwIfAborted()
  } catch (thrown) {
    await tx.rollback()
    throw thrown === options.signal?.reason && options.signal?.aborted === true
      ? cancelled('run transaction', options.signal)
      : thrown
  }
  return { result, done: await tx.commit() }
}
