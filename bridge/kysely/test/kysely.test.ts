/** Unmodified Kysely on the real core, in Node: no relay, so what is queued is looked at in the outbox. */

import { afterEach, beforeEach, expect, test } from 'vitest'
import { Kysely, sql, type Generated } from 'kysely'
import { Migrator } from 'kysely/migration'
import { defineSchema, open, type Database } from '@rockpool/client'
import { jsonArrayFrom } from 'kysely/helpers/sqlite'
import { nodeEnvironment } from '../../client/test/node-core.ts'
import { RockpoolDialect } from '../src/index.ts'

interface Tables {
  person: { id: Generated<number>; name: string; age: number | null; seen: string | Date | null }
  pet: { id: Generated<number>; owner_id: number; name: string }
}

const schema = defineSchema({
  person: { key: ['id'], columns: { id: 'int', name: 'text', age: 'int?', seen: 'timestamptz?' } },
  pet: { key: ['id'], columns: { id: 'int', owner_id: 'int', name: 'text' } },
})

let db: Database
let kysely: Kysely<Tables>
let files = 0
beforeEach(async () => {
  db = (await open({
    name: `kysely-${++files}`,
    storage: 'memory',
    schema,
    environment: nodeEnvironment(),
  })) as unknown as Database
  kysely = new Kysely<Tables>({ dialect: new RockpoolDialect({ database: db }) })
})
afterEach(async () => {
  await kysely.destroy()
  await db.close()
})

const queued = async () =>
  (await db.outbox.list()).map((entry) => entry.operations.map((op) => `${op.type} ${op.table}`))

test('reads and writes; every write is one queued mutation', async () => {
  const inserted = await kysely.insertInto('person').values({ name: 'Ada', age: 36 }).executeTakeFirstOrThrow()
  expect(inserted.insertId).toBe(1n)
  const grace = await kysely.insertInto('person').values({ name: 'Grace' }).returningAll().executeTakeFirstOrThrow()
  expect(grace).toEqual({ id: 2, name: 'Grace', age: null, seen: null })
  await kysely
    .insertInto('pet')
    .values([
      { owner_id: 1, name: 'Rex' },
      { owner_id: 1, name: 'Tom' },
    ])
    .execute()
  const updated = await kysely.updateTable('person').set({ age: 37 }).where('name', '=', 'Ada').executeTakeFirst()
  expect(updated.numUpdatedRows).toBe(1n)
  const none = await kysely.updateTable('person').set({ age: 1 }).where('name', '=', 'Nobody').executeTakeFirst()
  expect(none.numUpdatedRows).toBe(0n)
  await kysely
    .insertInto('person')
    .values({ id: 2, name: 'Grace' })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ name: 'Grace H.' }))
    .execute()
  const deleted = await kysely.deleteFrom('pet').where('name', '=', 'Tom').executeTakeFirst()
  expect(deleted.numDeletedRows).toBe(1n)
  const people = await kysely
    .selectFrom('person')
    .select((eb) => [
      'name',
      'age',
      jsonArrayFrom(eb.selectFrom('pet').select('pet.name').whereRef('pet.owner_id', '=', 'person.id')).as('pets'),
    ])
    .orderBy('id')
    .execute()
  expect(people).toEqual([
    { name: 'Ada', age: 37, pets: '[{"name":"Rex"}]' },
    { name: 'Grace H.', age: null, pets: '[]' },
  ])
  expect(await queued()).toEqual([
    ['insert person'],
    ['insert person'],
    ['insert pet', 'insert pet'],
    ['update person'],
    ['update person'],
    ['delete pet'],
  ])
})

test('a transaction is one mutation, and one that throws leaves nothing', async () => {
  await kysely.transaction().execute(async (tx) => {
    await tx.insertInto('person').values({ name: 'Ada' }).execute()
    await tx.insertInto('pet').values({ owner_id: 1, name: 'Rex' }).execute()
    expect(await tx.selectFrom('pet').select('name').execute()).toEqual([{ name: 'Rex' }])
  })
  const thrown = kysely.transaction().execute(async (tx) => {
    await tx.deleteFrom('pet').execute()
    throw new Error('no')
  })
  await expect(thrown).rejects.toThrow('no')
  expect(await kysely.selectFrom('pet').select('name').execute()).toEqual([{ name: 'Rex' }])
  expect(await queued()).toEqual([['insert person', 'insert pet']])
})

test('the log has all that runs, and an error tells who asked', async () => {
  const told: string[] = []
  const logged = new Kysely<Tables>({
    dialect: new RockpoolDialect({ database: db }),
    log: (event) => void told.push(event.query.sql),
  })
  await logged.transaction().execute((tx) => tx.selectFrom('person').select('id').execute())
  await logged
    .transaction()
    .execute(() => Promise.reject(new Error('no')))
    .catch(() => {})
  expect(told).toEqual(['begin', 'select "id" from "person"', 'commit', 'begin', 'rollback'])
  const error: unknown = await sql`select nothing`.execute(logged).catch((thrown: unknown) => thrown)
  expect(error instanceof Error ? error.stack : '').toContain('kysely.test.ts')
})

test('savepoints of a controlled transaction', async () => {
  const tx = await kysely.startTransaction().execute()
  await tx.insertInto('person').values({ name: 'kept' }).execute()
  const saved = await tx.savepoint('half way').execute()
  await saved.insertInto('person').values({ name: 'dropped' }).execute()
  await saved.rollbackToSavepoint('half way').execute()
  await saved.releaseSavepoint('half way').execute()
  await tx.commit().execute()
  expect(await kysely.selectFrom('person').select('name').execute()).toEqual([{ name: 'kept' }])
})

test('what runs outside of an open transaction never gets into it', async () => {
  const tx = await kysely.startTransaction().execute()
  await tx.insertInto('person').values({ name: 'inside' }).execute()
  // A read sees what was committed; a write waits.
  expect(await kysely.selectFrom('person').select('name').execute()).toEqual([])
  let isWritten = false
  const outside = kysely
    .insertInto('person')
    .values({ name: 'outside' })
    .execute()
    .then(() => {
      isWritten = true
    })
  const another = kysely
    .transaction()
    .execute((other) => other.insertInto('person').values({ name: 'later' }).execute())
  await tx.selectFrom('person').selectAll().execute()
  expect(isWritten).toBe(false)
  await tx.rollback().execute()
  await Promise.all([outside, another])
  expect(await kysely.selectFrom('person').select('name').execute()).toEqual([{ name: 'outside' }, { name: 'later' }])
  await expect(sql`begin`.execute(kysely)).resolves.toBeDefined()
  await expect(db.query('begin')).resolves.toBeDefined()
  await db.query('rollback')
})

test('a transaction that waits too long is given up, and its turn is not kept', async () => {
  const hasty = new Kysely<Tables>({ dialect: new RockpoolDialect({ database: db, maxWait: 20 }) })
  const tx = await kysely.startTransaction().execute()
  await expect(hasty.transaction().execute(async () => {})).rejects.toMatchObject({ kind: 'deadline_exceeded' })
  await tx.commit().execute()
  // Were the late turn kept, this would wait until its timeout of 5 s.
  const before = performance.now()
  await kysely.insertInto('person').values({ name: 'next' }).execute()
  expect(performance.now() - before).toBeLessThan(2_000)
})

test('a transaction that passes its timeout is rolled back, and others go on', async () => {
  const short = new Kysely<Tables>({ dialect: new RockpoolDialect({ database: db, transactionTimeout: 30 }) })
  const tx = await short.startTransaction().execute()
  await tx.insertInto('person').values({ name: 'too slow' }).execute()
  await kysely.insertInto('person').values({ name: 'next' }).execute()
  await expect(tx.insertInto('person').values({ name: 'late' }).execute()).rejects.toMatchObject({ kind: 'not_found' })
  expect(await kysely.selectFrom('person').select('name').execute()).toEqual([{ name: 'next' }])
})

test('read-only transactions see one moment; SQLite’s only isolation level is taken', async () => {
  await kysely.insertInto('person').values({ name: 'Ada' }).execute()
  await kysely
    .transaction()
    .setAccessMode('read only')
    .setIsolationLevel('serializable')
    .execute(async (tx) => {
      expect(await tx.selectFrom('person').select('name').execute()).toHaveLength(1)
      await kysely.insertInto('person').values({ name: 'Grace' }).execute()
      expect(await tx.selectFrom('person').select('name').execute()).toHaveLength(1)
      await expect(tx.deleteFrom('person').execute()).rejects.toMatchObject({ kind: 'read_only' })
    })
  const loose = kysely.transaction().setIsolationLevel('read committed')
  await expect(loose.execute(async () => {})).rejects.toMatchObject({ kind: 'invalid_argument' })
})

test('a Date is stored in the one form, and found by it', async () => {
  await kysely
    .insertInto('person')
    .values({ name: 'Ada', seen: new Date('2026-01-01T12:00:00Z') })
    .execute()
  await db.execute([
    { type: 'insert', table: 'person', data: { id: 9, name: 'Grace', seen: '2026-01-01 12:00:00+00' } },
  ])
  const at = new Date('2026-01-01T12:00:00Z')
  const rows = await kysely.selectFrom('person').select(['name', 'seen']).where('seen', '=', at).orderBy('id').execute()
  expect(rows).toEqual([
    { name: 'Ada', seen: '2026-01-01T12:00:00.000000+00:00' },
    { name: 'Grace', seen: '2026-01-01T12:00:00.000000+00:00' },
  ])
})

test('streams, introspection, migrations of local tables, and typed errors', async () => {
  await kysely
    .insertInto('person')
    .values([{ name: 'a' }, { name: 'b' }, { name: 'c' }])
    .execute()
  const streamed: string[] = []
  for await (const row of kysely.selectFrom('person').select('name').stream(2)) streamed.push(row.name)
  expect(streamed).toEqual(['a', 'b', 'c'])
  const migrator = new Migrator({
    db: kysely,
    provider: {
      getMigrations: async () => ({
        first: {
          up: (on) =>
            on.schema
              .createTable('draft')
              .addColumn('id', 'integer', (c) => c.primaryKey())
              .execute(),
        },
      }),
    },
  })
  // Two tabs that start at once: each migration runs once.
  const migrated = await Promise.all([migrator.migrateToLatest(), migrator.migrateToLatest()])
  expect(migrated.map(({ error }) => error)).toEqual([undefined, undefined])
  expect(migrated.flatMap(({ results = [] }) => results.map((one) => one.status))).toEqual(['Success'])
  const tables = await kysely.introspection.getTables()
  expect(tables.map((table) => table.name)).toEqual(expect.arrayContaining(['draft', 'person', 'pet']))
  const person = tables.find((table) => table.name === 'person')
  expect(person?.columns.map((column) => `${column.name} ${column.dataType}`)).toEqual([
    'id INTEGER',
    'name TEXT',
    'age INTEGER',
    'seen TIMESTAMPTZ_TEXT',
  ])
  await expect(kysely.insertInto('person').values({ id: 1, name: 'x' }).execute()).rejects.toMatchObject({
    kind: 'constraint',
    code: 1555,
    table: 'person',
    columns: ['id'],
  })
  const nameless = { owner_id: 1, name: null as unknown as string }
  await expect(kysely.insertInto('pet').values(nameless).execute()).rejects.toMatchObject({
    kind: 'constraint',
    code: 1299,
    table: 'pet',
    columns: ['name'],
  })
  await expect(sql`select * from nowhere`.execute(kysely)).rejects.toMatchObject({ kind: 'unknown_table' })
  await expect(sql`drop table person`.execute(kysely)).rejects.toMatchObject({ kind: 'schema_ddl' })
})
