/** What a contender must do: the small surface that every workload is written against. */

/** One row to insert: id, name, v, grp. */
export type RowValues = readonly [id: number, name: string, v: number, grp: number]

/** A result's row as the page gets it: a plain object. */
export type PlainRow = Record<string, unknown>

/** A list that is followed: id, name and v of the first rows, by one condition and one column, then by id. */
export interface ListQuery {
  readonly column: 'grp'
  readonly op: '=' | '<'
  readonly value: number
  readonly order: 'v' | 'name'
  readonly limit: number
}

/**
 * A database behind its public page-side API. Every promise of a write resolves
 * when the write is flushed to OPFS, for every contender alike.
 */
export interface Adapter {
  /** The engine and its version. */
  readonly version: string
  /** How writes are made durable, in words. */
  readonly durability: string
  /** Opens the database, creating it with an empty table `t(id, name, v, grp)` where it is not there. */
  open(): Promise<void>
  /** Deletes everything and opens an empty database again, in the same Worker. */
  fresh(): Promise<void>
  /** Inserts rows into `t` in one transaction. */
  insertMany(rows: readonly RowValues[]): Promise<void>
  /** Inserts one row into `t` in a transaction of its own. */
  insertOne(row: RowValues): Promise<void>
  /** Runs a query with a prepared statement; plain objects on the page. */
  all(sql: string, params: readonly (number | string)[]): Promise<PlainRow[]>
  /** Checks a query without running it, where the contender can: the number of its problems. */
  validate?(sql: string): Promise<number>
  /** Makes an index of `t` unless it is there. */
  index(name: string, columns: readonly string[]): Promise<void>
  /** Sets one column of one row, in a transaction of its own. */
  update(id: number, column: 'name' | 'v', value: number | string): Promise<void>
  /** Calls back with the list's rows, and again when they may have changed; returns the way to stop. */
  follow(list: ListQuery, callback: (rows: readonly PlainRow[]) => void): Promise<() => void>
  /** Gives the files back. */
  close(): Promise<void>
}
