/**
 * Prisma's shape on a Rockpool database: `models(db).orders.findMany({ where, include })`. Reads are one statement each,
 * includes and all; writes are synced mutations like any other, with their nested writes in one transaction.
 */

import { RockpoolError, failure } from '../error.ts'
import type { Row } from '../chunk.ts'
import { sql } from '../builder/sql.ts'
import type { Tables } from '../builder/scope.ts'
import type { Database } from '../database.ts'
import type { Select } from '../gen/query.ts'
import type { TransactionOptions } from '../interactive.ts'
import type { Transaction } from '../transaction.ts'
import { Model } from './model.ts'
import { ModelQuery, type Source } from './query.ts'
import { describe, type Described } from './relations.ts'
import type { AnyRelations, Relations } from './types.ts'

export { Model } from './model.ts'
export { ModelQuery, RowsQuery } from './query.ts'
export type * from './types.ts'

/** Models by table, and what concerns several. */
export type Models<DB extends Tables, Rel = AnyRelations> = {
  readonly [T in keyof DB & string]: Model<DB, Rel, T>
} & Extra<DB, Rel>

/** Models inside a transaction. */
export type ModelsIn<DB extends Tables, Rel = AnyRelations> = {
  readonly [T in keyof DB & string]: Model<DB, Rel, T>
} & Pick<Extra<DB, Rel>, '$queryRaw' | '$executeRaw'>

interface Extra<DB extends Tables, Rel> {
  /** Runs calls as one transaction, in order: all apply, or none. */
  $transaction<const Q extends readonly ModelQuery<unknown>[]>(
    calls: Q,
    options?: TransactionOptions,
  ): Promise<{ -readonly [I in keyof Q]: Q[I] extends ModelQuery<infer T> ? T : never }>
  /** Runs a function in a transaction; what it throws rolls back. */
  $transaction<T>(work: (tx: ModelsIn<DB, Rel>) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** Runs a template that reads: every value is bound. */
  $queryRaw<R = Row>(strings: TemplateStringsArray, ...values: readonly unknown[]): Promise<R[]>
  /** Runs a template that writes; the number of rows changed. */
  $executeRaw(strings: TemplateStringsArray, ...values: readonly unknown[]): Promise<number>
}

/**
 * The models of a database.
 *
 * @example
 * const prisma = models(db)
 * await prisma.orders.findMany({ where: { paid: true }, include: { lines: true }, take: 10 })
 */
export function models<DB extends Tables, const Rel extends Relations<DB> = AnyRelations & Relations<DB>>(
  db: Database<DB>,
): Models<DB, Rel> {
  const tables = async () => {
    await db.ready
    return schemaOf(db)
  }
  return byTable(sourceOf(db), tables, () => schemaOf(db), {
    async $transaction(work: unknown, options: TransactionOptions = {}): Promise<unknown> {
      return db.transaction(async (tx) => {
        const source = sourceIn(tx)
        if (typeof work === 'function') return work(byTable(source, tables, () => schemaOf(db), raw(tx)))
        if (!Array.isArray(work))
          throw failure('invalid_argument', 'run $transaction', 'it takes a function or a list of calls')
        const results: unknown[] = []
        for (const call of work) {
          if (!(call instanceof ModelQuery))
            throw failure('invalid_argument', 'run $transaction', 'the list holds something that is no call of a model')
          results.push(await call.on(source))
        }
        return results
      }, options)
    },
    $queryRaw: (strings: TemplateStringsArray, ...values: unknown[]) => db.sql(strings, ...values),
    $executeRaw: async (strings: TemplateStringsArray, ...values: unknown[]) =>
      (await db.queryResult(sql(strings, ...values))).changes,
  }) as Models<DB, Rel> // the names come from the schema
}

function raw<DB extends Tables>(tx: Transaction<DB>): object {
  return {
    $queryRaw: (strings: TemplateStringsArray, ...values: unknown[]) => tx.sql(strings, ...values),
    $executeRaw: async (strings: TemplateStringsArray, ...values: unknown[]) => {
      await tx.query(sql(strings, ...values))
      return Number((await tx.query<{ n: number }>('SELECT changes() AS n'))[0]?.n ?? 0)
    },
  }
}

function schemaOf<DB extends Tables>(db: Database<DB>): (table: string) => Described {
  const schema = db.schema.get()
  if (schema === null)
    throw new RockpoolError({
      kind: 'closed',
      op: 'use models',
      message: 'the schema is not known yet',
      hint: 'await db.ready, or open the database with a schema',
    })
  return (table) => describe(schema, table)
}

/** An object with a model for whatever table is named. */
function byTable(
  source: Source,
  tables: () => Promise<(table: string) => Described>,
  tablesNow: () => (table: string) => Described,
  extra: object,
): object {
  const made = new Map<string, unknown>()
  return new Proxy(extra, {
    get(target, name) {
      if (typeof name !== 'string' || name in target || name === 'then') return Reflect.get(target, name)
      let model = made.get(name)
      if (model === undefined) {
        model = new Model(source, tables, tablesNow, name)
        made.set(name, model)
      }
      return model
    },
  })
}

function sourceOf<DB extends Tables>(db: Database<DB>): Source {
  return {
    read: (work, isOne) =>
      isOne
        ? work((ast: Select) => db.run({ ast }))
        : db.transaction((tx) => work((ast) => tx.run(ast)), { readOnly: true }),
    write: (work) => db.transaction((tx) => work(tx)),
  }
}

function sourceIn<DB extends Tables>(tx: Transaction<DB>): Source {
  return { read: (work) => work((ast) => tx.run(ast)), write: (work) => work(tx) }
}
