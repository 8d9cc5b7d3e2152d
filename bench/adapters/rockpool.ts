/** Rockpool through its public face. */

import { type Database, defineSchema, open } from '@rockpool/client'
import type { Adapter, ListQuery, PlainRow, RowValues } from './adapter.ts'

const columns = { id: 'int', name: 'text', v: 'float', grp: 'int' } as const
/** The same table twice: only on this device, and synced, where each write also goes to the outbox. */
const schemas = {
  local: defineSchema({ t: { key: ['id'], columns, localOnly: true } }),
  synced: defineSchema({ t: { key: ['id'], columns } }),
}

type Tables = NonNullable<typeof schemas.synced.types>

/** Rockpool with a table of that kind. There is no relay: what a synced table costs here is its capture and its outbox. */
export class Rockpool implements Adapter {
  readonly durability = 'WAL, synchronous=NORMAL, and one flush of the WAL before promises resolve (group commit)'
  readonly #kind: keyof typeof schemas
  #open: Database<Tables> | undefined

  constructor(kind: keyof typeof schemas) {
    this.#kind = kind
  }

  get version(): string {
    return `Rockpool on SQLite ${this.#db.engine}`
  }

  get #db(): Database<Tables> {
    if (this.#open === undefined) throw new Error('open the database first')
    return this.#open
  }

  async open(): Promise<void> {
    this.#open = (await open({ name: `bench-${this.#kind}`, schema: schemas[this.#kind] })) as Database<Tables>
  }

  async fresh(): Promise<void> {
    await this.#db.reset()
  }

  async insertMany(rows: readonly RowValues[]): Promise<void> {
    await this.#db.batch('INSERT INTO t(id, name, v, grp) VALUES (?, ?, ?, ?)', rows)
  }

  async insertOne(row: RowValues): Promise<void> {
    await this.#db.query('INSERT INTO t(id, name, v, grp) VALUES (?, ?, ?, ?)', row)
  }

  all(sql: string, params: readonly (number | string)[]): Promise<PlainRow[]> {
    return this.#db.query<PlainRow>(sql, params)
  }

  async validate(sql: string): Promise<number> {
    return (await this.#db.validate({ sql })).problems.length
  }

  async index(name: string, columns: readonly string[]): Promise<void> {
    await this.#db.query(`CREATE INDEX IF NOT EXISTS ${name} ON t(${columns.join(', ')})`)
  }

  async update(id: number, column: 'name' | 'v', value: number | string): Promise<void> {
    await this.#db.query(`UPDATE t SET ${column} = ? WHERE id = ?`, [value, id])
  }

  async follow(list: ListQuery, callback: (rows: readonly PlainRow[]) => void): Promise<() => void> {
    const live = this.#db
      .from('t')
      .select('id', 'name', 'v')
      .where(list.column, list.op, list.value)
      .orderBy(list.order)
      .orderBy('id')
      .limit(list.limit)
      .live()
    const stop = live.each(callback)
    await live.ready
    return stop
  }

  async close(): Promise<void> {
    await this.#db.close()
  }
}
