/** The surface that better-sqlite3 has, on the real engine and real files. */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Database, SqliteError } from '../src/index.ts'

describe('in memory', () => {
  let db: Database
  beforeEach(() => {
    db = new Database()
    db.exec('create table t(a integer primary key, b text, c blob); create table u(a integer references t(a), d real)')
  })
  afterEach(() => {
    db.close()
  })

  test('run, get, all, and the forms of rows', () => {
    const insert = db.prepare('insert into t(a, b, c) values (?, ?, ?)')
    expect(insert.run(1, 'one', Buffer.from([0, 255]))).toEqual({ changes: 1, lastInsertRowid: 1 })
    expect(insert.run([2, 'two', null])).toEqual({ changes: 1, lastInsertRowid: 2 })
    expect(db.prepare('update t set b = b where a > 5').run()).toEqual({ changes: 0, lastInsertRowid: 2 })
    db.prepare('insert into u values (1, 0.5)').run()
    const all = db.prepare('select a, b, c from t order by a')
    expect(all.all()).toEqual([
      { a: 1, b: 'one', c: Buffer.from([0, 255]) },
      { a: 2, b: 'two', c: null },
    ])
    expect(all.get()).toEqual({ a: 1, b: 'one', c: Buffer.from([0, 255]) })
    expect(all.raw().get()).toEqual([1, 'one', Buffer.from([0, 255])])
    expect(all.pluck().all()).toEqual([1, 2])
    const joined = db.prepare('select t.a, u.d, t.a + 1 as next from t join u on u.a = t.a').expand()
    expect(joined.all()).toEqual([{ t: { a: 1 }, u: { d: 0.5 }, $: { next: 2 } }])
    expect(db.prepare('select a from t where a = 9').get()).toBeUndefined()
    expect(all.columns().map(({ name, table, column, type }) => [name, table, column, type])).toEqual([
      ['a', 't', 'a', 'INTEGER'],
      ['b', 't', 'b', 'TEXT'],
      ['c', 't', 'c', 'BLOB'],
    ])
    expect(joined.columns()[2]).toEqual({ name: 'next', column: null, table: null, database: null, type: null })
    const returning = db.prepare('insert into t(b) values (?) returning a')
    expect([returning.reader, returning.readonly]).toEqual([true, false])
    expect(returning.get('three')).toEqual({ a: 3 })
    expect(db.prepare('select count(*) from t').pluck().get()).toBe(3)
  })

  test('parameters: by place, by name, bound for good, and what is wrong with them', () => {
    const named = db.prepare('select @a as a, :b as b, $c as c, ? as d')
    expect(named.get({ a: 1, b: 'x', c: 2n ** 60n }, 4)).toEqual({ a: 1, b: 'x', c: 2n ** 60n, d: 4 })
    expect(() => named.get(4)).toThrow('Missing named parameters')
    expect(() => named.get({ a: 1, b: 2 }, 4)).toThrow('Missing named parameter "c"')
    const two = db.prepare('select ?, ?').raw()
    expect(() => two.get(1)).toThrow('Too few')
    expect(() => two.get(1, 2, 3)).toThrow('Too many')
    expect(() => two.get(1, true)).toThrow(TypeError)
    expect(two.bind(1, 2).get()).toEqual([1, 2])
    expect(() => two.get(3, 4)).toThrow('already has bound')
    expect(() => db.prepare('select 1; select 2')).toThrow(RangeError)
    expect(() => db.prepare(' -- nothing')).toThrow(RangeError)
    expect(db.prepare('select 1 as one; -- and no more').get()).toEqual({ one: 1 })
  })

  test('integers and floats keep their digits', () => {
    const give = db.prepare('select ? as v').pluck()
    for (const value of [0, -1, 2 ** 53 - 1, 0.5, -0.25, 1e300, 2n ** 62n, -(2n ** 63n), 'a😀ü', null])
      expect(give.get(value)).toBe(value)
    expect(db.prepare('select typeof(?)').pluck().get(3)).toBe('integer')
    expect(db.prepare('select 3 as v').pluck().safeIntegers().get()).toBe(3n)
    expect(() => give.get(2n ** 63n)).toThrow()
  })

  test('iterate gives rows one by one, in any number, and can be left', () => {
    const insert = db.prepare('insert into t(b) values (?)')
    for (let n = 0; n < 1000; n++) insert.run(`row ${n} ${'x'.repeat(n % 200)}`)
    const each = db.prepare('select a from t order by a').pluck()
    let sum = 0
    for (const a of each.iterate()) {
      sum += Number(a)
      if (sum < 10) expect(() => each.get()).toThrow('busy')
    }
    expect(sum).toBe(500_500)
    for (const a of each.iterate()) if (a === 3) break
    expect(each.get()).toBe(1)
    expect(each.all()).toHaveLength(1000)
    const big = 'y'.repeat(3 << 20)
    insert.run(big)
    expect(db.prepare('select b from t order by a desc').pluck().get()).toBe(big)
  })

  test('transactions: all of it or nothing, nested as savepoints', () => {
    const insert = db.prepare('insert into t(b) values (?)')
    const count = db.prepare('select count(*) from t').pluck()
    const both = db.transaction((first: string, second: string) => {
      insert.run(first)
      expect(db.inTransaction).toBe(true)
      if (second === '') throw new Error('no')
      insert.run(second)
      return 'done'
    })
    expect(both('a', 'b')).toBe('done')
    expect(() => both.immediate('c', '')).toThrow('no')
    const outer = db.transaction(() => {
      insert.run('outer')
      expect(() => both('inner', '')).toThrow('no')
      both.exclusive('x', 'y')
    })
    outer.deferred()
    expect(count.get()).toBe(5)
    expect(db.inTransaction).toBe(false)
    expect(() => db.transaction(async () => {})()).toThrow(TypeError)
  })

  test('functions, aggregates and collations in JavaScript', () => {
    db.function('twice', { deterministic: true }, (x: number) => x * 2)
    db.function('joined', { varargs: true }, (...parts: string[]) => parts.join('-'))
    db.function('fails', () => {
      throw new RangeError('on purpose')
    })
    expect(db.prepare("select twice(21) as a, joined('x', 1, null) as b").get()).toEqual({ a: 42, b: 'x-1-' })
    expect(() => db.prepare('select fails()').get()).toThrow(RangeError)
    expect(() => db.prepare('select twice(1, 2)').get()).toThrow(SqliteError)
    db.aggregate('product', { start: 1, step: (total: number, x: number) => total * x })
    db.aggregate('longest', {
      start: () => '',
      step: (best: string, next: string) => (next.length > best.length ? next : best),
      result: (best: string) => best.toUpperCase(),
    })
    for (const [a, b] of [
      [2, 'bb'],
      [3, 'ccc'],
      [4, 'd'],
    ])
      db.prepare('insert into t(a, b) values (?, ?)').run(a, b)
    expect(db.prepare('select product(a) as p, longest(b) as l from t').get()).toEqual({ p: 24, l: 'CCC' })
    expect(db.prepare('select product(a) as p from t where a > 9').get()).toEqual({ p: 1 })
    expect(db.prepare('select a % 2 as odd, product(a) as p from t group by 1 order by 1').all()).toEqual([
      { odd: 0, p: 8 },
      { odd: 1, p: 3 },
    ])
    db.collation('by_length', (a, b) => a.length - b.length)
    expect(db.prepare('select b from t order by b collate by_length').pluck().all()).toEqual(['d', 'bb', 'ccc'])
  })

  test('errors have the names of SQLite’s codes', () => {
    db.prepare("insert into t values (1, 'x', null)").run()
    const code = (sql: string) => {
      try {
        db.exec(sql)
        return 'it ran'
      } catch (error) {
        return error instanceof SqliteError ? error.code : String(error)
      }
    }
    expect(code('insert into t values (1, null, null)')).toBe('SQLITE_CONSTRAINT_PRIMARYKEY')
    expect(code('insert into u values (99, 1)')).toBe('SQLITE_CONSTRAINT_FOREIGNKEY')
    expect(code('select * from nowhere')).toBe('SQLITE_ERROR')
    expect(() => db.prepare('selec')).toThrow('syntax error')
    const statement = db.prepare('select 1')
    db.close()
    expect(db.open).toBe(false)
    expect(() => statement.get()).toThrow('not open')
    expect(() => db.exec('select 1')).toThrow('not open')
    expect(() => db.prepare('select 1').run()).toThrow('not open')
  })

  test('pragma, full-text search, JSON', () => {
    expect(db.pragma('cache_size', { simple: true })).toBe(-16000)
    expect(db.pragma('user_version', { simple: true })).toBe(0)
    db.pragma('user_version = 7')
    expect(db.pragma('user_version')).toEqual([{ user_version: 7 }])
    db.exec("create virtual table f using fts5(x); insert into f values ('the tide goes out')")
    expect(db.prepare("select x from f where f match 'tide'").pluck().get()).toBe('the tide goes out')
    expect(db.prepare(`select value from json_each('[1,2]')`).pluck().all()).toEqual([1, 2])
  })
})

describe('in a file', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rockpool-node-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  test('what is written is there after it was closed, and serialize gives the file', () => {
    const path = join(folder, 'a.db')
    const db = new Database(path)
    db.pragma('journal_mode = WAL')
    db.exec("create table t(a); insert into t values ('kept')")
    const other = new Database(path)
    expect(other.prepare('select a from t').pluck().get()).toBe('kept')
    other.close()
    db.prepare('insert into t values (?)').run('more')
    const bytes = db.serialize()
    db.close()
    expect(existsSync(`${path}-wal`)).toBe(false)
    expect(readFileSync(path).subarray(0, 15).toString()).toBe('SQLite format 3')
    const again = new Database(path, { readonly: true, fileMustExist: true })
    expect(again.prepare('select a from t').pluck().all()).toEqual(['kept', 'more'])
    expect(() => again.exec('delete from t')).toThrow('readonly')
    again.close()
    const copy = join(folder, 'copy.db')
    writeFileSync(copy, bytes)
    const copied = new Database(copy)
    expect(copied.prepare('select count(*) from t').pluck().get()).toBe(2)
    expect(copied.pragma('integrity_check', { simple: true })).toBe('ok')
    copied.close()
  })

  test('a key encrypts; without it the file does not open', () => {
    const path = join(folder, 'secret.db')
    const db = new Database(path, { key: 'open sesame' })
    db.exec("create table t(a); insert into t values ('the crown jewels')")
    db.close()
    expect(readFileSync(path).includes('crown jewels')).toBe(false)
    expect(() => new Database(path)).toThrow(SqliteError)
    const again = new Database(path, { key: 'open sesame' })
    expect(again.prepare('select a from t').pluck().get()).toBe('the crown jewels')
    again.close()
  })

  test('a file that another process has is refused, one whose process is gone is not', () => {
    const path = join(folder, 'b.db')
    writeFileSync(`${path}-lock`, '1') // the first process of the machine
    expect(() => new Database(path)).toThrow(/process 1 has/)
    writeFileSync(`${path}-lock`, '999999999')
    new Database(path).close()
    expect(existsSync(`${path}-lock`)).toBe(false)
    expect(() => new Database(join(folder, 'none', 'c.db'))).toThrow(SqliteError)
    expect(() => new Database(join(folder, 'none.db'), { fileMustExist: true })).toThrow('there is none')
  })
})
