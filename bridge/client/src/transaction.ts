/** Interactive transactions: several statements that see each other, all of which apply, or none. */

import { encode, type SqlValue } from './codec.ts'
import type { Row } from './chunk.ts'
import { SelectBuilder, emptySelect, type QueryRunner, type Tables } from './builder/select.ts'
import { sql, type Statement } from './builder/sql.ts'
import { failure, RockpoolError, toError } from './error.ts'
import type { Select } from './gen/query.ts'
import {
  BeginTxMessage,
  OperationsDoneMessage,
  TxEndMessage,
  TxQueryMessage,
  TxStartedMessage,
  WriteDoneMessage,
  WriteStatusMessage,
  type WriteDone,
  PageBegin,
  PageStatus,
  PageTxEnd,
  PageTxQuery,
} from './gen/wire.ts'
import type { Schema } from './gen/schema.ts'
import { lowerOperation, toObjects, type DatabaseOperation } from './operations.ts'
import { newKey } from './key.ts'
import { millis, type WriteOptions } from './requests.ts'
import { RowSink, type Booleans } from './rows.ts'
import type { Session } from './session.ts'
import { toRow } from './values.ts'

/** Milliseconds after which an interactive transaction is rolled back, by default: it keeps other writers waiting. */
export const TRANSACTION_MS = 5_000

/** Options of an interactive transaction. */
export interface TransactionOptions extends WriteOptions {
  /** Milliseconds until it is rolled back; TRANSACTION_MS by default. */
  readonly timeout?: number
  readonly readOnly?: boolean
}

/** What the function given to `transaction` works with. It is dead once the function has returned. */
export class Transaction<DB extends Tables> implements QueryRunner {
  readonly #session: Session
  readonly #schema: () => Schema | null
  readonly #tx: number
  readonly #generation: number
  #isOver = false

  constructor(session: Session, schema: () => Schema | null, tx: number) {
    this.#session = session
    this.#schema = schema
    this.#tx = tx
    this.#generation = session.generation
  }

  /** Ends the use of the object; not for applications. */
  finish(): void {
    this.#isOver = true
  }

  /** Runs SQL text with bound parameters. Values are SQLite's. */
  query<R = Row>(text: string | Statement, params: readonly unknown[] = []): Promise<R[]> {
    const bound = typeof text === 'string' ? { sql: text, params: toRow(params) } : text
    return this.#rows({ sql: bound.sql, args: bound.params }, 'sqlite') as Promise<R[]> // the caller's promise about the rows
  }

  /** Runs a template: every value is bound. */
  sql<R = Row>(strings: TemplateStringsArray, ...values: readonly unknown[]): Promise<R[]> {
    return this.query<R>(sql(strings, ...values))
  }

  /** Begins a query that sees this transaction's writes. */
  from<T extends keyof DB & string>(table: T): SelectBuilder<DB, DB[T], DB[T], never> {
    return new SelectBuilder(this, emptySelect(table))
  }

  /** Runs operations inside this transaction. */
  async execute(...operations: readonly DatabaseOperation[]): Promise<Row[]> {
    this.#check()
    const done = await this.#session.ask(
      PageTxQuery,
      'write in transaction',
      TxQueryMessage,
      { tx: this.#tx, ops: operations.map(lowerOperation) },
      OperationsDoneMessage,
      { policy: 'once' },
    )
    return toObjects(done.results, operations, this.#schema())
  }

  /** Writes a row; returns it as it stands. */
  async insert(table: keyof DB & string, data: Readonly<Record<string, unknown>>): Promise<Row> {
    return this.#one({ type: 'insert', table, data })
  }
  /** Changes the row whose key is in the data. @throws `not_found`. */
  async update(table: keyof DB & string, data: Readonly<Record<string, unknown>>): Promise<Row> {
    return this.#one({ type: 'update', table, data })
  }
  /** Deletes the row whose key is in the data. */
  async delete(table: keyof DB & string, data: Readonly<Record<string, unknown>>): Promise<Row> {
    return this.#one({ type: 'delete', table, data })
  }
  /** Adds to columns of the row whose key is in the data; concurrent increments add up. */
  async increment(table: keyof DB & string, data: Readonly<Record<string, unknown>>): Promise<Row> {
    return this.#one({ type: 'increment', table, data })
  }

  /** For the builder. */
  run(select: Select): Promise<object[]> {
    return this.#rows({ select }, 'schema')
  }
  /** For the builder. @throws `invalid_argument`: a transaction ends before anything could be watched. */
  watch(): never {
    throw failure('invalid_argument', 'watch a query', 'a transaction has no live queries', 'use db.from(…).live()')
  }

  async #one(operation: DatabaseOperation): Promise<Row> {
    return (await this.execute(operation))[0] ?? {}
  }

  #rows(what: { sql?: string; args?: readonly SqlValue[]; select?: Select }, booleans: Booleans): Promise<Row[]> {
    this.#check()
    const sink = new RowSink(booleans)
    return this.#session.call({
      type: PageTxQuery,
      op: 'query in transaction',
      policy: 'once',
      sink,
      body: encode(TxQueryMessage, { tx: this.#tx, sql: what.sql, args: what.args, select: what.select }),
      decode: () => sink.take(),
    })
  }

  #check(): void {
    if (this.#isOver) throw failure('closed', 'use transaction', 'it has ended', 'await everything inside the function')
    if (this.#generation !== this.#session.generation)
      throw failure(
        'rolled_back',
        'use transaction',
        'the leading tab has changed: the transaction was rolled back',
        'run it again',
      )
  }
}

/** Runs `work` in a transaction and commits, or rolls back what it throws. */
export async function runTransaction<DB extends Tables, T>(
  session: Session,
  schema: () => Schema | null,
  work: (tx: Transaction<DB>) => Promise<T>,
  options: TransactionOptions,
): Promise<{ result: T; done: WriteDone }> {
  const key = options.idempotencyKey ?? newKey()
  const { tx: id } = await session.ask(
    PageBegin,
    'begin transaction',
    BeginTxMessage,
    { timeoutMillis: millis(options.timeout ?? TRANSACTION_MS), idempotencyKey: key, readOnly: options.readOnly },
    TxStartedMessage,
    { signal: options.signal, deadline: options.deadline },
  )
  const tx = new Transaction<DB>(session, schema, id)
  const generation = session.generation
  const end = (commit: boolean) =>
    session.ask(PageTxEnd, commit ? 'commit' : 'roll back', TxEndMessage, { tx: id, commit }, WriteDoneMessage, {
      policy: 'once',
    })
  let result: T
  try {
    result = await work(tx)
    options.signal?.throwIfAborted()
  } catch (thrown) {
    tx.finish()
    // It is rolled back in any case: by this, by its timeout, or with the Worker that held it.
    if (generation === session.generation) await end(false).catch(() => {})
    throw thrown === options.signal?.reason && options.signal?.aborted === true
      ? new RockpoolError({
          kind: 'cancelled',
          op: 'run transaction',
          message: 'the signal was aborted',
          cause: thrown,
        })
      : thrown
  }
  tx.finish()
  if (generation !== session.generation) {
    throw failure(
      'rolled_back',
      'commit',
      'the leading tab has changed: the transaction was rolled back',
      'run it again',
    )
  }
  try {
    return { result, done: await end(true) }
  } catch (thrown) {
    return { result, done: await afterLostCommit(session, key, toError(thrown, 'commit')) }
  }
}

/** The answer to a commit was lost with its link: the key tells whether it took effect. */
async function afterLostCommit(session: Session, key: string, error: RockpoolError): Promise<WriteDone> {
  if (error.kind !== 'worker_died' && error.kind !== 'leader_unreachable' && error.kind !== 'leader_frozen') throw error
  let status: WriteDone
  try {
    status = await session.ask(
      PageStatus,
      'ask for the outcome',
      WriteStatusMessage,
      { idempotencyKey: key },
      WriteDoneMessage,
      { deadline: 4_000 },
    )
  } catch (cause) {
    throw new RockpoolError({
      kind: 'outcome_unknown',
      op: 'commit',
      message: 'the commit was sent and no answer came',
      idempotencyKey: key,
      cause,
      hint: 'run the transaction again with the same idempotencyKey: it applies once',
    })
  }
  if (status.known) return status
  throw new RockpoolError({
    kind: 'rolled_back',
    op: 'commit',
    message: 'the Worker died before the commit: nothing was applied',
    hint: 'run it again',
    cause: error,
  })
}
