/**
 * SQL as other clients speak it: statements with bound values, rows as lists,
 * declared types, and transactions by BEGIN, COMMIT and ROLLBACK. What Kysely,
 * Drizzle and Prisma run on; in a module of its own, as pages without them
 * need none of it.
 */

import type { ChunkReader } from './chunk.ts'
import type { SqlValue } from './codec.ts'
import { failure } from './error.ts'
import { beginInteractive, type Interactive, type TransactionOptions } from './interactive.ts'
import { askSql } from './requests.ts'
import { Rows } from './rows.ts'
import type { RowShape } from './shape.ts'
import type { Session } from './session.ts'
import { bound } from './values.ts'

export { toSql } from './values.ts'
export type { SqlValue } from './codec.ts'
export { brokenConstraint, type BrokenConstraint } from './constraint.ts'
export { failure, RockpoolError, type FailureFields, type Kind } from './error.ts'

/** A column of a result. `decl` is the type that its table declares, "" for an expression. */
export interface ResultColumn {
  readonly name: string
  readonly decl: string
}

/** What a statement gave. `columns` is empty for one that gives no rows; `lastId` is SQLite's rowid of the last insert. */
export interface StatementResult {
  readonly columns: readonly ResultColumn[]
  readonly rows: SqlValue[][]
  readonly changes: number
  readonly lastId: number | bigint
}

/** Runs statements, one at a time or many at once. */
export interface Statements {
  /** Runs one statement. Values are bound as `db.query` binds them. @throws as `db.query`. */
  run(sql: string, params?: readonly unknown[]): Promise<StatementResult>
}

/** A transaction that nobody else's statements get into. COMMIT and ROLLBACK as text end it, too. */
export interface StatementTransaction extends Statements {
  readonly isOver: boolean
  /** Resolves when it is durable. */
  commit(): Promise<void>
  /** Idempotent. */
  rollback(): Promise<void>
}

/** Where statements run: each in a transaction of its own, or in one that is begun. */
export interface StatementSource extends Statements {
  /** Waits for its turn. `deadline` bounds that wait, `timeout` the transaction. @throws `deadline_exceeded`, `cancelled`. */
  begin(options?: TransactionOptions): Promise<StatementTransaction>
}

/** What a text asks of the transaction it is in; savepoints are statements like others. */
export type Verb = 'begin' | 'commit' | 'rollback' | 'other'

/** Reads the verb of a text, past space and comments. */
export function verbOf(sql: string): Verb {
  const found =
    /^(?:\s|;|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*(begin|commit|end|rollback)\b(?!\s+(?:transaction\s+)?to\b)/i.exec(sql)
  switch (found?.[1]?.toLowerCase()) {
    case 'begin':
      return 'begin'
    case 'commit':
    case 'end':
      return 'commit'
    case 'rollback':
      return 'rollback'
    default:
      return 'other'
  }
}

/** Rows as lists of values: names may repeat. */
class Lists extends Rows<SqlValue[]> {
  protected override read(reader: ChunkReader, _shape: RowShape, out: SqlValue[][], limit: number): void {
    reader.readLists(out, limit)
  }
}

/** What the packages for other clients take: a database of this package, or one that has statements of its own (@rockpool/node). */
export type StatementDatabase = { readonly session: Session } | { readonly statements: StatementSource }

/** The statements of an open database. @throws whatever a call of the database throws. */
export function statementsOf(database: StatementDatabase): StatementSource {
  if ('statements' in database) return database.statements
  const { session } = database
  return {
    run: async (sql, params = []) => {
      const verb = verbOf(sql)
      if (verb !== 'other') {
        throw failure(
          'invalid_argument',
          'run statement',
          `${verb.toUpperCase()} on its own would take in whatever else this page runs`,
          "use the client's transactions",
        )
      }
      const sink = new Lists('sqlite')
      return resultOf(sink, await askSql(session, bound(sql, params), {}, sink))
    },
    begin: async (options = {}) => new Begun(await beginInteractive(session, options)),
  }
}

class Begun implements StatementTransaction {
  readonly #tx: Interactive

  constructor(tx: Interactive) {
    this.#tx = tx
  }

  get isOver(): boolean {
    return this.#tx.isOver
  }

  async run(sql: string, params: readonly unknown[] = []): Promise<StatementResult> {
    const verb = verbOf(sql)
    if (verb === 'commit' || verb === 'rollback') {
      await this[verb]()
      return { columns: [], rows: [], changes: 0, lastId: 0 }
    }
    const sink = new Lists('sqlite')
    return resultOf(sink, await this.#tx.query(bound(sql, params), sink))
  }

  async commit(): Promise<void> {
    this.#tx.check()
    await this.#tx.commit()
  }

  async rollback(): Promise<void> {
    if (!this.#tx.isOver) await this.#tx.rollback()
  }
}

function resultOf(sink: Lists, done: { readonly changes: number; readonly lastId: number | bigint }): StatementResult {
  return { columns: sink.shape.columns, rows: sink.take(), changes: done.changes, lastId: done.lastId }
}

/** A row as an object; of columns of one name the last one counts, as with other drivers of SQLite. */
export function toRecord(columns: readonly ResultColumn[], row: readonly SqlValue[]): Record<string, SqlValue> {
  return Object.fromEntries(columns.map(({ name }, at) => [name, row[at] ?? null]))
}
