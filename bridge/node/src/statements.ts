/** The database as the packages for other clients know one: statements that are asked for by promises. */

import {
  failure,
  RockpoolError,
  toSql,
  verbOf,
  type Kind,
  type StatementResult,
  type StatementSource,
  type StatementTransaction,
} from '@rockpool/client/statements'
import type { Database } from './database.ts'
import { SqliteError } from './error.ts'
import { ruleOf } from './rule.ts'

/** Milliseconds until a transaction is rolled back, by default: everything else waits for it. */
const TRANSACTION_MS = 5_000

/** There is one connection: what is not of an open transaction waits until that has ended, in order. */
export function sourceOf(database: Database): StatementSource {
  let last: Promise<unknown> = Promise.resolve()
  /** Takes the connection for as long as `work` says. */
  const turn = <T>(work: (release: () => void) => T): Promise<T> => {
    const before = last
    let release = () => {}
    last = new Promise<void>((resolve) => {
      release = resolve
    })
    return before.then(() => {
      try {
        return work(release)
      } catch (error) {
        release()
        throw error
      }
    })
  }
  return {
    run: (sql, params = []) =>
      turn((release) => {
        if (verbOf(sql) !== 'other')
          throw failure('invalid_argument', 'run statement', 'it begins or ends a transaction', 'use `begin`')
        const result = runOn(database, sql, params)
        release()
        return result
      }),
    begin: async ({ timeout = TRANSACTION_MS, deadline, signal, readOnly } = {}) => {
      let isGivenUp = false
      const granted = turn((release) => {
        if (isGivenUp) {
          release()
          return null
        }
        return new NodeTransaction(database, timeout, readOnly === true, release)
      })
      const late = new Promise<never>((_, reject) => {
        const giveUp = (kind: Kind, message: string) => {
          isGivenUp = true
          reject(failure(kind, 'begin transaction', message, 'try again'))
        }
        const timer =
          deadline === undefined
            ? undefined
            : setTimeout(() => {
                giveUp('deadline_exceeded', `another transaction was open for ${deadline} ms`)
              }, deadline)
        const abort = () => {
          giveUp('cancelled', 'the signal was aborted')
        }
        signal?.addEventListener('abort', abort)
        const settled = () => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', abort)
        }
        granted.then(settled, settled)
      })
      const transaction = await Promise.race([granted, late])
      if (transaction === null) return late
      return transaction
    },
  }
}

class NodeTransaction implements StatementTransaction {
  readonly #database: Database
  readonly #release: () => void
  readonly #timer: ReturnType<typeof setTimeout>
  #over: 'no' | 'ended' | 'timeout' = 'no'

  constructor(database: Database, timeout: number, readOnly: boolean, release: () => void) {
    this.#database = database
    this.#release = release
    told(() => database.exec(readOnly ? 'BEGIN' : 'BEGIN IMMEDIATE'))
    this.#timer = setTimeout(() => {
      this.#end('timeout', 'ROLLBACK')
    }, timeout)
  }

  get isOver(): boolean {
    return this.#over !== 'no'
  }

  async run(sql: string, params: readonly unknown[] = []): Promise<StatementResult> {
    this.#check()
    const verb = verbOf(sql)
    if (verb === 'commit' || verb === 'rollback') {
      await this[verb]()
      return { columns: [], rows: [], changes: 0, lastId: 0 }
    }
    return runOn(this.#database, sql, params)
  }

  async commit(): Promise<void> {
    this.#check()
    this.#end('ended', 'COMMIT')
  }

  async rollback(): Promise<void> {
    if (!this.isOver) this.#end('ended', 'ROLLBACK')
  }

  #end(how: 'ended' | 'timeout', sql: string): void {
    this.#over = how
    clearTimeout(this.#timer)
    try {
      if (this.#database.inTransaction) told(() => this.#database.exec(sql))
    } finally {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK') // a COMMIT that failed
      this.#release()
    }
  }

  #check(): void {
    if (this.#over === 'timeout')
      throw failure('not_found', 'use transaction', 'it has passed its timeout', 'run it again')
    if (this.isOver) throw failure('closed', 'use transaction', 'it has ended')
  }
}

function runOn(database: Database, sql: string, params: readonly unknown[]): StatementResult {
  return told(() => {
    const statement = database.prepare(sql)
    const values = params.map((param, at) => toSql(param, `parameter ${at + 1}`))
    if (!statement.reader) {
      const { changes, lastInsertRowid } = statement.run(...values)
      return { columns: [], rows: [], changes, lastId: lastInsertRowid }
    }
    const columns = statement.columns().map(({ name, type }) => ({ name, decl: type ?? '' }))
    const before = database.totalChanges
    const rows = statement.raw().all(...values) as StatementResult['rows'] // raw gives lists
    return { columns, rows, changes: Number(database.totalChanges - before), lastId: 0 }
  })
}

/** Our kinds for SQLite's codes. */
function told<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof SqliteError)) throw error
    throw new RockpoolError({
      kind: kindOf(error),
      op: 'run statement',
      message: error.message,
      code: error.extendedCode,
      ...ruleOf(error.extendedCode, error.message),
      cause: error,
    })
  }
}

function kindOf({ code, message }: SqliteError): Kind {
  if (code.startsWith('SQLITE_CONSTRAINT')) return 'constraint'
  switch (code) {
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return 'busy'
    case 'SQLITE_MISMATCH':
      return 'type_mismatch'
    case 'SQLITE_NOMEM':
      return 'out_of_memory'
    case 'SQLITE_FULL':
      return 'quota_exceeded'
    case 'SQLITE_CORRUPT':
      return 'corrupt'
    case 'SQLITE_NOTADB':
      return 'not_a_database'
    case 'SQLITE_READONLY':
      return 'read_only'
    case 'SQLITE_TOOBIG':
      return 'too_large'
    case 'SQLITE_IOERR':
      return 'io'
    default:
      if (message.startsWith('no such table')) return 'unknown_table'
      return /^no such column| has no column named /.test(message) ? 'unknown_column' : 'invalid_sql'
  }
}
