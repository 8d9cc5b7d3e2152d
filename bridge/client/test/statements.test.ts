/** What other clients' packages run on, on the real core. */

import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { open, type Database } from '../src/index.ts'
import { statementsOf, toRecord, verbOf, type StatementSource } from '../src/statements.ts'
import { nodeEnvironment } from './node-core.ts'

test.each([
  ['begin', 'begin'],
  [' /* x */ -- y\n ; BEGIN IMMEDIATE', 'begin'],
  ['commit;', 'commit'],
  ['END TRANSACTION', 'commit'],
  ['rollback', 'rollback'],
  ['ROLLBACK TRANSACTION', 'rollback'],
  ['rollback to x', 'other'],
  ['rollback transaction to savepoint x', 'other'],
  ['savepoint x', 'other'],
  ['select 1 -- commit', 'other'],
  ["insert into t values ('commit')", 'other'],
  ['beginning', 'other'],
])('%s is %s', (sql, verb) => {
  expect(verbOf(sql)).toBe(verb)
})

describe('statements', () => {
  let db: Database
  let statements: StatementSource
  let files = 0
  beforeEach(async () => {
    db = await open({ name: `statements-${++files}`, storage: 'memory', environment: nodeEnvironment() })
    statements = statementsOf(db)
    await db.query('create table t(a integer primary key, b timestamptz_text)')
  })
  afterEach(async () => {
    await db.close()
  })

  test('rows are lists, and columns tell what their table declares', async () => {
    const written = await statements.run('insert into t values (?, ?), (?, ?)', [1, 'x', 2n ** 60n, null])
    expect(written).toEqual({ columns: [], rows: [], changes: 2, lastId: 2n ** 60n })
    const read = await statements.run('select a, b, a as a, 1 + 1 from t order by a')
    expect(read.columns.map(({ name, decl }) => [name, decl])).toEqual([
      ['a', 'INTEGER'],
      ['b', 'timestamptz_text'],
      ['a', 'INTEGER'],
      ['1 + 1', ''],
    ])
    expect(read.rows).toEqual([
      [1, 'x', 1, 2],
      [2n ** 60n, null, 2n ** 60n, 2],
    ])
    expect(toRecord(read.columns, read.rows[0] ?? [])).toEqual({ a: 1, b: 'x', '1 + 1': 2 })
    const none = await statements.run('select a from t where a = 0')
    expect([none.columns.length, none.rows]).toEqual([1, []])
  })

  test('BEGIN without a session is refused; COMMIT as text ends a session', async () => {
    for (const sql of ['begin', 'commit', 'rollback'])
      await expect(statements.run(sql)).rejects.toMatchObject({ kind: 'invalid_argument' })
    const tx = await statements.begin()
    await tx.run('insert into t(a) values (1)')
    await tx.run('commit')
    expect(tx.isOver).toBe(true)
    await tx.rollback()
    await expect(tx.run('select 1')).rejects.toMatchObject({ kind: 'closed' })
    await expect(tx.commit()).rejects.toMatchObject({ kind: 'closed' })
    expect((await statements.run('select a from t')).rows).toEqual([[1]])
  })

  test('a wait for a turn that is aborted, at whatever moment, leaves no transaction open', async () => {
    let begun = 0
    for (let turns = 0; turns < 500; turns++) {
      const abort = new AbortController()
      const transaction = db.transaction(
        async (tx) => {
          begun++
          await tx.query('delete from t')
          await new Promise(() => {}) // for ever
        },
        { signal: abort.signal, timeout: 60_000 },
      )
      transaction.catch(() => {})
      for (let n = 0; n < turns && begun === 0; n++) await setImmediate()
      if (begun > 0) break // from here on its function runs, which nobody can stop
      abort.abort()
      await expect(transaction).rejects.toMatchObject({ kind: 'cancelled' })
      await db.query('insert into t(b) values (?)', ['written'])
    }
    expect(begun).toBe(1)
  })
})
