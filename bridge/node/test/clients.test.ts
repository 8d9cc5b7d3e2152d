/** Kysely, Drizzle and Prisma, unmodified, on a database of Node. */

import { fileURLToPath } from 'node:url'
import { eq } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { Kysely, type Generated } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { drizzle } from '../../drizzle/src/index.ts'
import { RockpoolDialect } from '../../kysely/src/index.ts'
import { PrismaRockpool } from '../../prisma/src/index.ts'
import { EXPECTED, runOperations, type Client } from '../../prisma/test/operations.ts'
import { Database } from '../src/index.ts'

const generated: { PrismaClient: new (options: object) => Client } = await import(
  /* @vite-ignore */ fileURLToPath(new URL('../../../build/prisma/node/client.ts', import.meta.url))
)

let db: Database
beforeEach(() => {
  db = new Database()
})
afterEach(() => {
  db.close()
})

test('Prisma: the 24 captured operations give what they gave on stock SQLite', async () => {
  db.exec(`create table User(id integer primary key autoincrement, email text not null unique, name text, big bigint, at datetime not null);
    create table Post(id integer primary key autoincrement, title text not null, published boolean not null default 0,
      authorId integer not null references User(id))`)
  const prisma = new generated.PrismaClient({ adapter: new PrismaRockpool(db) })
  expect(await runOperations(prisma)).toEqual(EXPECTED)
  await prisma.$disconnect()
  expect(db.open).toBe(true)
})

test('Kysely: what runs beside a transaction waits for its end', async () => {
  db.exec('create table person(id integer primary key, name text)')
  const kysely = new Kysely<{ person: { id: Generated<number>; name: string } }>({
    dialect: new RockpoolDialect({ database: db, transactionTimeout: 500, maxWait: 50 }),
  })
  const tx = await kysely.startTransaction().execute()
  await tx.insertInto('person').values({ name: 'inside' }).execute()
  const beside = kysely.selectFrom('person').selectAll().execute()
  await expect(kysely.transaction().execute(async () => {})).rejects.toMatchObject({ kind: 'deadline_exceeded' })
  await tx.rollback().execute()
  expect(await beside).toEqual([])
  const slow = await kysely.startTransaction().execute()
  await slow.insertInto('person').values({ name: 'slow' }).execute()
  await kysely.insertInto('person').values({ name: 'waits for the timeout' }).execute()
  await expect(slow.insertInto('person').values({ name: 'late' }).execute()).rejects.toMatchObject({
    kind: 'not_found',
  })
  expect(await kysely.selectFrom('person').select('name').execute()).toEqual([{ name: 'waits for the timeout' }])
  const broken = kysely.insertInto('person').values({ id: 1, name: 'x' }).execute()
  await expect(broken).rejects.toMatchObject({ kind: 'constraint', code: 1555, columns: ['id'] })
})

test('Drizzle: transactions and batches', async () => {
  db.exec('create table person(id integer primary key, name text not null)')
  const person = sqliteTable('person', { id: integer('id').primaryKey(), name: text('name').notNull() })
  const orm = drizzle(db, { schema: { person } })
  await orm.transaction(async (tx) => {
    await tx.insert(person).values({ name: 'Ada' })
    await tx
      .transaction(async (nested) => {
        await nested.delete(person)
        nested.rollback()
      })
      .catch(() => {})
  })
  const [grace] = await orm.batch([orm.insert(person).values({ name: 'Grace' }).returning(), orm.select().from(person)])
  expect(grace).toEqual([{ id: 2, name: 'Grace' }])
  expect(await orm.query.person.findMany({ where: eq(person.id, 1) })).toEqual([{ id: 1, name: 'Ada' }])
})
