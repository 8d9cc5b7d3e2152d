/** A call of a model: nothing runs before it is awaited, or put into a transaction. */

import { noted } from '../builder/made.ts'
import type { Select } from '../gen/query.ts'
import type { Writer } from './write.ts'

/** Where a call runs: on the database, or in a transaction. */
export type Run<T> = (source: Source) => Promise<T>

/** What calls run on. */
export interface Source {
  /** Several reads of one state. */
  read<T>(work: (run: (select: Select) => Promise<object[]>) => Promise<T>, isOne: boolean): Promise<T>
  /** Writes as one transaction. */
  write<T>(work: (tx: Writer) => Promise<T>): Promise<T>
}

/** A call that has not run. Awaiting it runs it, once. */
export class ModelQuery<T> implements PromiseLike<T> {
  readonly #source: Source
  readonly #run: Run<T>
  #result: Promise<T> | undefined

  constructor(source: Source, run: Run<T>) {
    this.#source = source
    this.#run = run
  }

  /** Runs it on something else, as `$transaction` does. */
  on(source: Source): Promise<T> {
    return this.#run(source)
  }

  // biome-ignore lint/suspicious/noThenProperty: awaiting runs it, as with Prisma
  readonly then: Promise<T>['then'] = (done, failed) => {
    this.#result ??= this.#run(this.#source)
    return this.#result.then(done, failed)
  }

  readonly catch: Promise<T>['catch'] = (failed) => this.then(undefined, failed)

  readonly finally: Promise<T>['finally'] = (done) => this.then((value) => value).finally(done)
}

/** A read of rows: it can be watched too, as `useQuery` and `db.live` do. */
export class RowsQuery<T, R extends object> extends ModelQuery<T> {
  readonly #lower: () => Select
  #ast: Select | undefined

  constructor(source: Source, run: Run<T>, lower: () => Select) {
    super(source, run)
    this.#lower = lower
    noted(this)
  }

  /** The query's tree. @throws as the call; `closed` before the database is open. */
  get ast(): Select {
    this.#ast ??= this.#lower()
    return this.#ast
  }

  /** The rows, for the types of what takes queries. */
  async all(): Promise<R[]> {
    const found: unknown = await this
    return (Array.isArray(found) ? found : found === null ? [] : [found]) as R[] // the call's own rows
  }
}
