/** Unmodified Drizzle on the real core, in Node: no relay, so what is queued is looked at in the outbox. */

import { asc, count, desc, eq, gt, relations, sql } from 'drizzle-orm'
import { integer, numeric, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { defineSchema, open, type Database } from '@rockpool/client'
import { nodeEnvironment } from '../../client/test/node-core.ts'
import { bytes, drizzle, timestamptz, type RockpoolDatabase } from '../src/index.ts'

const person = sqliteTable('person', {
  id: integer('id').primaryKey(),
  name: text('name').notNull(),
  isActive: integer('active', { mode: 'boolean' }).notNull().default(true),
  seen: timestamptz('seen'),
  worth: numeric('worth'),
  face: bytes('face'),
  facts: text('facts', { mode: 'json' }).$type<{ readonly likes: readonly string[] }>(),
})
const pet = sqliteTable('pet', {
  id: integer('id').primaryKey(),
  ownerId: integer('owner_id').notNull(),
  name: text('name').notNull(),
})
const personRelations = relations(person, ({ many }) => ({ pets: many(pet) }))
const petRelations = relations(pet, ({ one }) => ({
  owner: one(person, { fields: [pet.ownerId], references: [person.id] }),
}))
const tables = { person, pet, personRelations, petRelations }

const schema = defineSchema({
  person: {
    key: ['id'],
    columns: {
      id: 'int',
      name: 'text',
      active: 'bool',
      seen: 'timestamptz?',
      worth: 'decimal?',
      face: 'bytes?',
      facts: 'jsonb?',
    },
  },
  pet: { key: ['id'], columns: { id: 'int', owner_id: 'int', name: 'text' } },
})

let db: Database
let orm: RockpoolDatabase<typeof tables>
let files = 0
beforeEach(async () => {
  db = (await open({
    name: `drizzle-${++files}`,
    storage: 'memory',
    schema,
    environment: nodeEnvironment(),
  })) as unknown as Database // its types are not used here
  orm = drizzle(db, { schema: tables })
})
afterEach(async () => {
  await db.close()
})

const queued = async () =>
  (await db.outbox.list()).map((entry) => entry.operations.map((op) => `${op.type} ${op.table}`))

test('reads, writes and relations; every write is one queued mutation', async () => {
  expect(await orm.insert(person).values({ name: 'Ada' })).toEqual({ changes: 1, lastInsertRowid: 1 })
  const [grace] = await orm.insert(person).values({ name: 'Grace', isActive: false }).returning()
  expect(grace).toMatchObject({ id: 2, name: 'Grace', isActive: false, seen: null })
  await orm.insert(pet).values([
    { ownerId: 1, name: 'Rex' },
    { ownerId: 1, name: 'Tom' },
  ])
  await orm.update(person).set({ name: 'Ada L.' }).where(eq(person.id, 1))
  await orm
    .insert(person)
    .values({ id: 2, name: 'x' })
    .onConflictDoUpdate({ target: person.id, set: { name: 'Grace H.' } })
  await orm.delete(pet).where(eq(pet.name, 'Tom'))
  const joined = await orm.select().from(person).leftJoin(pet, eq(pet.ownerId, person.id)).orderBy(asc(person.id))
  expect(joined.map((row) => [row.person.name, row.pet])).toEqual([
    ['Ada L.', { id: 1, ownerId: 1, name: 'Rex' }],
    ['Grace H.', null],
  ])
  expect(await orm.query.person.findMany({ columns: { name: true }, with: { pets: true } })).toEqual([
    { name: 'Ada L.', pets: [{ id: 1, ownerId: 1, name: 'Rex' }] },
    { name: 'Grace H.', pets: [] },
  ])
  expect(await orm.query.pet.findFirst({ with: { owner: { columns: { name: true } } } })).toMatchObject({
    owner: { name: 'Ada L.' },
  })
  expect(await orm.query.pet.findFirst({ where: eq(pet.id, 99) })).toBeUndefined()
  expect(await orm.$count(person)).toBe(2)
  expect(await orm.select({ n: count() }).from(person).get()).toEqual({ n: 2 })
  expect(await orm.all(sql`select name from ${person} order by id`)).toEqual([{ name: 'Ada L.' }, { name: 'Grace H.' }])
  expect(await orm.values(sql`select id, id from ${person} order by id`)).toEqual([
    [1, 1],
    [2, 2],
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

test('a transaction is one mutation; nested ones are savepoints; what throws leaves nothing', async () => {
  await orm.transaction(async (tx) => {
    await tx.insert(person).values({ name: 'kept' })
    await tx
      .transaction(async (nested) => {
        await nested.insert(person).values({ name: 'dropped' })
        nested.rollback()
      })
      .catch(() => {})
    await tx.transaction(async (nested) => {
      await nested.insert(pet).values({ ownerId: 1, name: 'Rex' })
    })
    expect(await tx.query.person.findMany({ columns: { name: true } })).toEqual([{ name: 'kept' }])
  })
  await expect(
    orm.transaction(async (tx) => {
      await tx.delete(pet)
      throw new Error('no')
    }),
  ).rejects.toThrow('no')
  expect(await orm.select({ name: pet.name }).from(pet)).toEqual([{ name: 'Rex' }])
  expect(await queued()).toEqual([['insert person', 'insert pet']])
})

test('what runs beside an open transaction is not in it', async () => {
  let outside: Promise<unknown> = Promise.resolve()
  const inside = orm.transaction(async (tx) => {
    await tx.insert(person).values({ name: 'inside' })
    expect(await orm.select().from(person)).toEqual([])
    outside = Promise.all([
      orm.insert(person).values({ name: 'outside' }),
      orm.transaction((other) => other.insert(person).values({ name: 'later' })),
    ])
    throw new Error('undone')
  })
  await expect(inside).rejects.toThrow('undone')
  await outside
  const names = orm.select({ name: person.name }).from(person)
  expect(await names.orderBy(asc(person.name))).toEqual([{ name: 'later' }, { name: 'outside' }])
  await expect(orm.run(sql`begin`)).rejects.toMatchObject({ cause: { kind: 'invalid_argument' } })
})

test('a batch is one transaction: all of it or nothing', async () => {
  const results = await orm.batch([
    orm.insert(person).values({ name: 'Ada' }).returning({ id: person.id }),
    orm.insert(pet).values({ ownerId: 1, name: 'Rex' }),
    orm.query.person.findMany({ columns: { name: true } }),
    orm.select({ name: pet.name }).from(person).leftJoin(pet, eq(pet.ownerId, person.id)),
  ])
  expect(results).toEqual([[{ id: 1 }], { changes: 1, lastInsertRowid: 1 }, [{ name: 'Ada' }], [{ name: 'Rex' }]])
  await expect(
    orm.batch([orm.insert(pet).values({ ownerId: 1, name: 'Tom' }), orm.insert(person).values({ id: 1, name: 'x' })]),
  ).rejects.toMatchObject({ cause: { kind: 'constraint' } })
  expect(await orm.$count(pet)).toBe(1)
  expect(await queued()).toEqual([['insert person', 'insert pet']])
})

test('limits: a wait that is too long keeps no turn, a timeout rolls back', async () => {
  const hasty = drizzle(db, { schema: tables, maxWait: 20, transactionTimeout: 40 })
  await orm.transaction(async () => {
    await expect(hasty.transaction(async () => {})).rejects.toMatchObject({ kind: 'deadline_exceeded' })
  })
  const slow = hasty.transaction(async (tx) => {
    await tx.insert(person).values({ name: 'slow' })
    await orm.insert(person).values({ name: 'waits for its end' })
    await tx.insert(person).values({ name: 'late' })
  })
  await expect(slow).rejects.toMatchObject({ cause: { kind: 'not_found' } })
  expect(await orm.select({ name: person.name }).from(person)).toEqual([{ name: 'waits for its end' }])
})

test('every type comes back as it was, in the one stored form', async () => {
  const seen = new Date('2026-01-01T12:00:00.250Z')
  await orm.insert(person).values({
    name: 'Ada',
    seen,
    worth: '12345678901234567890.12',
    face: new Uint8Array([0, 255]),
    facts: { likes: ['tea'] },
  })
  await db.execute([
    { type: 'insert', table: 'person', data: { id: 9, name: 'G', active: true, seen: '2026-01-01 12:00:00.25+00' } },
  ])
  const [ada] = await orm.select().from(person).where(eq(person.seen, seen)).orderBy(asc(person.id))
  expect(ada).toMatchObject({ seen, worth: '12345678901234567890.12', facts: { likes: ['tea'] }, isActive: true })
  expect([...(ada?.face ?? [])]).toEqual([0, 255])
  const later = orm
    .select({ id: person.id })
    .from(person)
    .where(gt(person.seen, new Date('2026-01-01T12:00:00Z')))
  expect(await later.orderBy(desc(person.id))).toEqual([{ id: 9 }, { id: 1 }])
  expect(await db.query('select distinct seen from person')).toEqual([{ seen: '2026-01-01T12:00:00.250000+00:00' }])
})

test('prepared queries with placeholders, and a logger that is told', async () => {
  const told: string[] = []
  const logged = drizzle(db, { schema: tables, logger: { logQuery: (text) => void told.push(text) } })
  await logged.insert(person).values([{ name: 'a' }, { name: 'b' }])
  const prepared = logged
    .select({ id: person.id })
    .from(person)
    .where(eq(person.name, sql.placeholder('name')))
    .prepare()
  expect(await prepared.all({ name: 'b' })).toEqual([{ id: 2 }])
  expect(await prepared.get({ name: 'a' })).toEqual({ id: 1 })
  expect(await prepared.get({ name: 'c' })).toBeUndefined()
  expect(told).toHaveLength(4)
})
