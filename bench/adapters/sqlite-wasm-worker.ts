/**
 * The official build in its own Worker, set up for speed at the durability that
 * Rockpool has: opfs-sahpool, WAL (which that VFS allows under exclusive
 * locking), a flush at each commit (synchronous=FULL), prepared statements that
 * are kept, a page cache as large as Rockpool's.
 */

import sqlite3InitModule, { type PreparedStatement, type SAHPoolUtil } from '@sqlite.org/sqlite-wasm'
import type { Answer, Ask } from './sqlite-wasm-messages.ts'

const FILE = '/bench.db'
const CACHE_KIB = 16_000

type Db = InstanceType<SAHPoolUtil['OpfsSAHPoolDb']>

const ready = (async () => {
  const sqlite3 = await sqlite3InitModule()
  const pool = await sqlite3.installOpfsSAHPoolVfs({ directory: '/sqlite-wasm', initialCapacity: 6 })
  return { pool, version: `sqlite-wasm, SQLite ${sqlite3.version.libVersion}` }
})()

let db: Db | undefined
const statements = new Map<string, PreparedStatement>()

function opened(): Db {
  if (db === undefined) throw new Error('open the database first')
  return db
}

function statement(sql: string): PreparedStatement {
  let found = statements.get(sql)
  if (found === undefined) {
    found = opened().prepare(sql)
    statements.set(sql, found)
  }
  return found
}

function open(pool: SAHPoolUtil): void {
  db = new pool.OpfsSAHPoolDb(FILE)
  db.exec(
    `PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-${CACHE_KIB};` +
      'CREATE TABLE IF NOT EXISTS t(id INTEGER, name TEXT, v REAL, grp INTEGER, PRIMARY KEY (id))',
  )
  if (db.selectValue('PRAGMA journal_mode') !== 'wal') throw new Error('the official build is not in WAL mode')
}

function close(): void {
  for (const one of statements.values()) one.finalize()
  statements.clear()
  db?.close()
  db = undefined
}

async function serve(ask: Ask): Promise<Omit<Answer, 'id'>> {
  const { pool, version } = await ready
  switch (ask.do) {
    case 'open':
      open(pool)
      return { version }
    case 'fresh':
      close()
      pool.unlink(FILE)
      open(pool)
      return {}
    case 'close':
      close()
      pool.pauseVfs()
      return {}
    case 'insert': {
      const insert = statement('INSERT INTO t(id, name, v, grp) VALUES (?, ?, ?, ?)')
      const isMany = ask.rows.length > 1
      if (isMany) opened().exec('BEGIN')
      for (const row of ask.rows) insert.bind([...row]).stepReset()
      if (isMany) opened().exec('COMMIT')
      return {}
    }
    case 'all': {
      const select = statement(ask.sql)
      if (ask.params.length > 0) select.bind([...ask.params])
      const rows: unknown[][] = []
      while (select.step()) rows.push(select.get([]))
      const names = select.columnCount > 0 ? select.getColumnNames() : [] // it throws for a write
      select.reset()
      return { names, rows }
    }
  }
}

self.onmessage = ({ data }: MessageEvent<Ask>) => {
  serve(data).then(
    (answer) => postMessage({ ...answer, id: data.id } satisfies Answer),
    (error: unknown) => postMessage({ id: data.id, error: String(error) } satisfies Answer),
  )
}
