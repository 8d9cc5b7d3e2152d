/** The official build of SQLite for the browser, behind a small RPC: one message there, one back. */

import type { Adapter, ListQuery, PlainRow, RowValues } from './adapter.ts'
import type { Answer, Ask } from './sqlite-wasm-messages.ts'

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

/** See the file's comment. */
export class SqliteWasm implements Adapter {
  version = ''
  readonly durability = 'WAL, locking_mode=EXCLUSIVE, synchronous=FULL: a flush of the WAL at each commit'
  readonly #waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>()
  #worker: Worker | undefined
  #next = 1
  #followed: (() => Promise<void>) | undefined

  async open(): Promise<void> {
    const worker = new Worker(new URL('./sqlite-wasm-worker.ts', import.meta.url), { type: 'module' })
    this.#worker = worker
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      const waiting = this.#waiting.get(data.id)
      this.#waiting.delete(data.id)
      if (data.error === undefined) waiting?.resolve(data)
      else waiting?.reject(new Error(data.error))
    }
    worker.onerror = (event) => {
      for (const waiting of this.#waiting.values()) waiting.reject(new Error(event.message))
    }
    this.version = (await this.#ask({ do: 'open' })).version ?? ''
  }

  async fresh(): Promise<void> {
    await this.#ask({ do: 'fresh' })
  }

  async insertMany(rows: readonly RowValues[]): Promise<void> {
    await this.#ask({ do: 'insert', rows })
  }

  async insertOne(row: RowValues): Promise<void> {
    await this.#ask({ do: 'insert', rows: [row] })
  }

  async all(sql: string, params: readonly (number | string)[]): Promise<PlainRow[]> {
    const { names = [], rows = [] } = await this.#ask({ do: 'all', sql, params })
    return rows.map((row) => {
      const object: PlainRow = {}
      for (let at = 0; at < names.length; at++) object[names[at] ?? ''] = row[at]
      return object
    })
  }

  async index(name: string, columns: readonly string[]): Promise<void> {
    await this.all(`CREATE INDEX IF NOT EXISTS ${name} ON t(${columns.join(', ')})`, [])
  }

  /** There are no live queries: the list is read again after each write. */
  async update(id: number, column: 'name' | 'v', value: number | string): Promise<void> {
    await this.all(`UPDATE t SET ${column} = ? WHERE id = ?`, [value, id])
    await this.#followed?.()
  }

  async follow(list: ListQuery, callback: (rows: readonly PlainRow[]) => void): Promise<() => void> {
    const sql = `SELECT id, name, v FROM t WHERE ${list.column} ${list.op} ? ORDER BY ${list.order}, id LIMIT ${list.limit}`
    this.#followed = async () => {
      callback(await this.all(sql, [list.value]))
    }
    await this.#followed()
    return () => {
      this.#followed = undefined
    }
  }

  async close(): Promise<void> {
    await this.#ask({ do: 'close' })
    this.#worker?.terminate()
    this.#worker = undefined
  }

  #ask(ask: Without<Ask, 'id'>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const id = this.#next++
      this.#waiting.set(id, { resolve, reject })
      this.#worker?.postMessage({ ...ask, id } satisfies Ask)
    })
  }
}
