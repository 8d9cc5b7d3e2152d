/** Functions that run in a transaction, as better-sqlite3 makes them. */

import type { Database } from './database.ts'

/** Runs in a transaction; its variants begin it otherwise. */
export interface Transactional<A extends unknown[], R> {
  (...args: A): R
  readonly default: (...args: A) => R
  readonly deferred: (...args: A) => R
  readonly immediate: (...args: A) => R
  readonly exclusive: (...args: A) => R
}

/** Within a transaction it is a savepoint. What throws takes back what it has done. @throws TypeError for a promise. */
export function transactional<A extends unknown[], R>(
  database: Database,
  work: (...args: A) => R,
): Transactional<A, R> {
  const variant = (begin: string) =>
    function run(this: unknown, ...args: A): R {
      const isNested = database.inTransaction
      const save = '`\t_rockpool.\t`'
      database.exec(isNested ? `SAVEPOINT ${save}` : begin)
      try {
        const result = work.apply(this, args)
        if (result instanceof Promise) {
          result.catch(() => {})
          throw new TypeError('Transaction function cannot return a promise')
        }
        database.exec(isNested ? `RELEASE ${save}` : 'COMMIT')
        return result
      } catch (error) {
        // SQLite may have rolled it back on its own (disk full, out of memory).
        if (database.inTransaction) {
          database.exec(isNested ? `ROLLBACK TO ${save}; RELEASE ${save}` : 'ROLLBACK')
        }
        throw error
      }
    }
  const deferred = variant('BEGIN')
  return Object.assign(
    function run(this: unknown, ...args: A): R {
      return deferred.apply(this, args)
    },
    {
      default: deferred,
      deferred: variant('BEGIN DEFERRED'),
      immediate: variant('BEGIN IMMEDIATE'),
      exclusive: variant('BEGIN EXCLUSIVE'),
    },
  )
}
