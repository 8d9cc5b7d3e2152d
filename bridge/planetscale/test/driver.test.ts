/** The unmodified driver on the real core, in Node. */

import { connect, Client, DatabaseError, type Connection } from '@planetscale/database'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { defineSchema, open, type Database } from '@rockpool/client'
import { TypeTimestamp, TypeTimestampTZ } from '../../client/src/gen/schema.ts'
import { nodeEnvironment } from '../../client/test/node-core.ts'
import { localFetch, TIMESTAMP, TIMESTAMP_TZ } from '../src/index.ts'

const schema = defineSchema({
  people: {
    key: ['id'],
    columns: {
      id: 'int',
      name: 'text?',
      big: 'bigint?',
      ratio: 'float?',
      price: { type: 'decimal?', scale: 2 },
      is_open: 'bool?',
      facts: 'jsonb?',
      photo: 'bytes?',
      seen: 'timestamptz?',
      born: 'date?',
    },
    checks: { no_debt: 'big >= 0' },
  },
  pets: {
    key: ['id'],
    columns: { id: 'int', name: 'text', owner: 'int?' },
    foreign: [{ columns: ['owner'], table: 'people', references: ['id'] }],
  },
})

let db: Database
let connection: Connection
let files = 0
const config = (fetch = localFetch(db)) => ({ host: 'local', username: 'u', password: 'p', fetch })

beforeEach(async () => {
  db = (await open({
    name: `planetscale-${++files}`,
    storage: 'memory',
    schema,
    environment: nodeEnvironment(),
  })) as unknown as Database // its types are not used here
  connection = connect(config())
})
afterEach(async () => {
  await db.close()
})

test('the types it knows moments by are the schema’s', () => {
  expect([TIMESTAMP, TIMESTAMP_TZ]).toEqual([TypeTimestamp, TypeTimestampTZ])
})

test('every type is written by parameters and comes back as with the service', async () => {
  const photo = new Uint8Array([0, 255, 7])
  const seen = new Date('2026-01-02T03:04:05.678Z')
  const written = await connection.execute(
    'INSERT INTO people (id, name, big, ratio, price, is_open, facts, photo, seen, born) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    [1, "o'x\n\\%_é日本", 9007199254740993n, 0.5, '12.30', true, '{"a": "é"}', photo, seen, '2000-02-29'],
  )
  expect(written).toMatchObject({ rowsAffected: 1, rows: [] })
  const { rows, types, fields } = await connection.execute('SELECT * FROM people')
  expect(rows).toEqual([
    {
      id: 1,
      name: "o'x\n\\%_é日本",
      big: '9007199254740993',
      ratio: 0.5,
      price: '12.30',
      is_open: 1,
      facts: { a: 'é' },
      photo,
      seen: '2026-01-02 03:04:05.678',
      born: '2000-02-29',
    },
  ])
  expect(types).toEqual({
    id: 'INT32',
    name: 'TEXT',
    big: 'INT64',
    ratio: 'FLOAT64',
    price: 'DECIMAL',
    is_open: 'INT8',
    facts: 'JSON',
    photo: 'BLOB',
    seen: 'TIMESTAMP',
    born: 'DATE',
  })
  expect(fields).toHaveLength(10)
  for (const [where, value] of [
    ['seen = ?', seen],
    ['seen >= ?', '2026-01-02 03:04:05'],
    ['photo = ?', photo],
    ['name LIKE ?', 'o%\\%\\_é%'],
    ["seen BETWEEN ? AND '2027-01-01'", seen],
  ] as const)
    expect((await connection.execute(`SELECT id FROM people WHERE ${where}`, [value])).rows, where).toEqual([{ id: 1 }])
  const nulls = await connection.execute('SELECT NULL AS n, 1 + 1 AS two, 7 / 2 AS half, ? AS text', ['x'])
  expect(nulls.rows).toEqual([{ n: null, two: '2', half: 3.5, text: 'x' }])
  const stored = await db.query('SELECT seen, price FROM people')
  expect(stored).toEqual([{ seen: '2026-01-02T03:04:05.678000+00:00', price: '12.30' }])
})

test('a write is queued as one mutation; a transaction too', async () => {
  await connection.execute('INSERT INTO people (id, name) VALUES (1, :name)', { name: 'Ada' })
  await connection.transaction(async (tx) => {
    await tx.execute('INSERT INTO people (id, name) VALUES (2, ?)', ['Grace'])
    await tx.execute('UPDATE people SET name = CONCAT(name, ?) WHERE id = 1', ['!'])
  })
  const queued = await db.outbox.list()
  expect(queued.map((entry) => entry.operations.map((op) => `${op.type} ${op.table}`))).toEqual([
    ['insert people'],
    ['insert people', 'update people'],
  ])
  await connection.execute("INSERT INTO people (id, name) VALUES (1, 'x') ON DUPLICATE KEY UPDATE name = VALUES(name)")
  expect((await connection.execute('SELECT name FROM people ORDER BY id')).rows).toEqual([
    { name: 'x' },
    { name: 'Grace' },
  ])
})

test('what throws rolls back, and others wait outside of a transaction', async () => {
  const client = new Client(config())
  let outside: Promise<unknown> | undefined
  const failed = client.transaction(async (tx) => {
    await tx.execute("INSERT INTO people (id, name) VALUES (1, 'inside')")
    outside = client.execute("INSERT INTO people (id, name) VALUES (2, 'outside')")
    expect((await client.execute('SELECT id FROM people')).rows).toEqual([])
    throw new Error('nope')
  })
  await expect(failed).rejects.toThrow('nope')
  await outside
  expect((await connection.execute('SELECT id FROM people')).rows).toEqual([{ id: 2 }])
})

test('a transaction that passes its timeout is rolled back, and its commit says so', async () => {
  const slow = connect(config(localFetch(db, { transactionTimeout: 50 })))
  await slow.execute('BEGIN')
  await slow.execute("INSERT INTO people (id, name) VALUES (1, 'late')")
  await connection.execute("INSERT INTO people (id, name) VALUES (2, 'waited')") // until the other one has ended
  await expect(slow.execute('COMMIT')).rejects.toThrow(DatabaseError)
  await slow.execute('ROLLBACK')
  expect((await connection.execute('SELECT id FROM people')).rows).toEqual([{ id: 2 }])
})

test('errors have the service’s form', async () => {
  await connection.execute("INSERT INTO people (id, name) VALUES (1, 'Ada')")
  await connection.execute("INSERT INTO pets (id, name, owner) VALUES (1, 'Rex', 1)")
  const cases: [string, string, RegExp][] = [
    [
      'INSERT INTO people (id) VALUES (1)',
      'ALREADY_EXISTS',
      /Duplicate entry for key 'people.id' \(errno 1062\) \(sqlstate 23000\)/,
    ],
    ['INSERT INTO pets (id) VALUES (2)', 'INVALID_ARGUMENT', /name.*\(errno 1048\) \(sqlstate 23000\)/],
    ['UPDATE people SET big = -1', 'FAILED_PRECONDITION', /no_debt.*\(errno 3819\) \(sqlstate HY000\)/],
    ['DELETE FROM people', 'FAILED_PRECONDITION', /\(errno 1451\) \(sqlstate 23000\)/],
    ['SELECT * FROM persons', 'NOT_FOUND', /persons.*\(errno 1146\) \(sqlstate 42S02\)/],
    ['SELECT nam FROM people', 'NOT_FOUND', /name.*\(errno 1054\) \(sqlstate 42S22\)/],
    ['SELEC 1', 'INVALID_ARGUMENT', /\(errno 1064\) \(sqlstate 42000\)/],
    ['SELECT a || b FROM people', 'INVALID_ARGUMENT', /\|\|.*\(errno 1064\)/],
    ['CREATE TABLE t (a INT)', 'INVALID_ARGUMENT', /tables are made at the source.*\(errno 1064\)/],
    ['DELETE FROM _rockpool_tx', 'PERMISSION_DENIED', /\(errno 1142\)/],
  ]
  for (const [sql, code, message] of cases) {
    const error: unknown = await connection.execute(sql).catch((thrown: unknown) => thrown)
    expect(error, sql).toBeInstanceOf(DatabaseError)
    const { body } = error as DatabaseError
    expect(body.code, sql).toBe(code)
    expect(body.message, sql).toMatch(message)
  }
  await expect(localFetch(db)('https://local/other', { body: '{}' })).resolves.toMatchObject({ ok: false, status: 404 })
  await expect(
    (await localFetch(db)('https://local/psdb.v1alpha1.Database/Execute', { body: 'no JSON' })).text(),
  ).resolves.toContain('there is no query')
})

test('sessions: refresh makes one, any token is taken, the last insert id is its own', async () => {
  await connection.refresh()
  expect((await connection.execute('SELECT LAST_INSERT_ID() AS id')).rows).toEqual([{ id: '0' }])
  const { insertId } = await connection.execute("INSERT INTO people (id, name) VALUES (7, 'x')")
  expect((await connection.execute('SELECT LAST_INSERT_ID() AS id')).rows).toEqual([{ id: insertId }])
  const odd = await localFetch(db)('https://local/psdb.v1alpha1.Database/Execute', {
    body: JSON.stringify({ query: 'SELECT 1', session: 42 }),
  })
  expect(JSON.parse(await odd.text())).toMatchObject({ result: { rows: [{ lengths: ['1'], values: btoa('1') }] } })
})
