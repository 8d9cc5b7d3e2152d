import { expect, test, type Browser, type Page } from '@playwright/test'
import { EXPECTED } from '../../../bridge/prisma/test/operations.ts'
import { startEmbedded, type Truth } from '../truth.ts'

// Clients from npm, unmodified, on the database of a page that is in step with a relay.

let truth: Truth
test.beforeEach(async () => {
  truth = await startEmbedded(
    `tables:
  person:
    key: [id]
    columns:
      id: { type: integer, not_null: true }
      name: { type: text, not_null: true }
      seen: { type: timestamptz }
  pet:
    key: [id]
    columns:
      id: { type: integer, not_null: true }
      owner_id: { type: integer, not_null: true }
      name: { type: text, not_null: true }
  User:
    key: [id]
    columns:
      id: { type: integer, not_null: true }
      email: { type: text, not_null: true }
      name: { type: text }
      big: { type: bigint }
      at: { type: timestamptz, not_null: true }
    unique: [[email]]
  Post:
    key: [id]
    columns:
      id: { type: integer, not_null: true }
      title: { type: text, not_null: true }
      published: { type: boolean, not_null: true, default: "false" }
      authorId: { type: integer, not_null: true }
    foreign:
      - { columns: [authorId], table: User, references: [id] }
`,
    { person: [{ id: 1, name: 'Ada', seen: '2026-01-01 12:00:00+00' }] },
  )
})
test.afterEach(async () => {
  await truth.close()
})

async function withClients(browser: Browser, tables = ['person', 'pet']): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  await page.goto(`${truth.url}/clients.html`)
  await page.evaluate(async (names) => {
    const db = await window.rockpool.open({ name: 'lab', relay: { url: window.relayUrl } })
    await Promise.all(names.map((name) => db.sync.subscribe(name).ready))
    Object.assign(window, { db })
  }, tables)
  return page
}

/** Waits until everything that was written here is decided at the relay. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(() => window.db.sync.now())
}

declare global {
  interface Window {
    db: import('@rockpool/client').Database
  }
}

interface Tables {
  person: { id: number; name: string; seen: string | Date | null }
  pet: { id: number; owner_id: number; name: string }
}

test('Kysely: writes are synced mutations, a transaction is one', async ({ browser }) => {
  const page = await withClients(browser)
  const got = await page.evaluate(async () => {
    const { kysely: k, RockpoolDialect } = window.clients
    const kysely = new k.Kysely<Tables>({ dialect: new RockpoolDialect({ database: window.db }) })
    const at = new Date('2026-01-01T12:00:00Z')
    await kysely.insertInto('person').values({ id: 2, name: 'Grace', seen: at }).execute()
    await kysely.transaction().execute(async (tx) => {
      await tx.insertInto('pet').values({ id: 1, owner_id: 2, name: 'Rex' }).execute()
      await tx.updateTable('person').set({ name: 'Grace Hopper' }).where('id', '=', 2).execute()
    })
    const undone = await kysely
      .transaction()
      .execute(async (tx) => {
        await tx.deleteFrom('person').execute()
        throw new Error('undone')
      })
      .catch((error: unknown) => String(error))
    // What the relay brought and what was written here have one form.
    const seen = await kysely.selectFrom('person').select('name').where('seen', '=', at).orderBy('id').execute()
    const outbox = await window.db.outbox.list()
    return { undone, seen, mutations: outbox.map((entry) => entry.operations.length) }
  })
  expect(got.undone).toBe('Error: undone')
  expect(got.seen).toEqual([{ name: 'Ada' }, { name: 'Grace Hopper' }])
  await settled(page)
  expect(await truth.query('select id, name, seen from person order by id')).toEqual([
    { id: '1', name: 'Ada', seen: '2026-01-01T12:00:00.000000+00:00' },
    { id: '2', name: 'Grace Hopper', seen: '2026-01-01T12:00:00.000000+00:00' },
  ])
  expect(await truth.query('select name from pet')).toEqual([{ name: 'Rex' }])
  await page.context().close()
})

test('Prisma: the 24 captured operations give what they gave elsewhere, and the relay has what they wrote', async ({
  browser,
}) => {
  const page = await withClients(browser, ['User', 'Post'])
  const given = await page.evaluate(async () => {
    const prisma = await window.clients.prismaOf(window.db)
    const given = await window.clients.runOperations(prisma)
    await prisma.$disconnect()
    return given
  })
  expect(given).toEqual(EXPECTED)
  await settled(page)
  const users = await truth.query('select id, email, name, big, length(at) as n from User order by id')
  expect(users.slice(0, 4)).toEqual([
    { id: '1', email: 'a@x', name: 'raw', big: '9007199254740994', n: '32' },
    { id: '2', email: 'b@x', name: 'B', big: 'NULL', n: '32' },
    { id: '3', email: 'c@x', name: 'C', big: 'NULL', n: '32' },
    { id: '4', email: 't1@x', name: 'NULL', big: 'NULL', n: '32' },
  ])
  expect(
    users
      .slice(4)
      .map((user) => user.email)
      .sort(),
  ).toEqual(['cc1@x', 'cc2@x', 'cc3@x'])
  expect(await truth.query('select id, title, published, authorId from Post order by id')).toEqual([
    { id: '1', title: 'p1', published: '0', authorId: '1' },
    { id: '2', title: 'p2', published: '1', authorId: '1' },
    { id: '4', title: 'q2', published: '0', authorId: '2' },
    { id: '5', title: 'q3', published: '0', authorId: '2' },
  ])
  await page.context().close()
})

test('Drizzle: its writes, its transactions and its batches are synced mutations', async ({ browser }) => {
  const page = await withClients(browser)
  const got = await page.evaluate(async () => {
    const { columns, drizzle, orm } = window.clients
    const person = columns.sqliteTable('person', {
      id: columns.integer('id').primaryKey(),
      name: columns.text('name').notNull(),
      seen: drizzle.timestamptz('seen'),
    })
    const pet = columns.sqliteTable('pet', {
      id: columns.integer('id').primaryKey(),
      ownerId: columns.integer('owner_id').notNull(),
      name: columns.text('name').notNull(),
    })
    const db = drizzle.drizzle(window.db, { schema: { person, pet } })
    const seen = new Date('2026-01-01T12:00:00Z')
    await db.insert(person).values({ id: 2, name: 'Grace', seen })
    await db.transaction(async (tx) => {
      await tx.insert(pet).values({ id: 1, ownerId: 2, name: 'Rex' })
      await tx.transaction(async (nested) => {
        await nested.update(person).set({ name: 'Grace Hopper' }).where(orm.eq(person.id, 2))
      })
    })
    await db.batch([
      db.insert(pet).values({ id: 2, ownerId: 1, name: 'Tom' }),
      db.update(pet).set({ name: 'Rex II' }).where(orm.eq(pet.id, 1)),
    ])
    const undone = await db
      .transaction(async (tx) => {
        await tx.delete(person)
        throw new Error('undone')
      })
      .catch((error: unknown) => String(error))
    const found = await db.query.person.findMany({ where: orm.eq(person.seen, seen), columns: { name: true } })
    return { undone, found }
  })
  expect(got).toEqual({ undone: 'Error: undone', found: [{ name: 'Ada' }, { name: 'Grace Hopper' }] })
  await settled(page)
  expect(await truth.query('select name, seen from person where id = 2')).toEqual([
    { name: 'Grace Hopper', seen: '2026-01-01T12:00:00.000000+00:00' },
  ])
  expect(await truth.query('select name from pet order by id')).toEqual([{ name: 'Rex II' }, { name: 'Tom' }])
  await page.context().close()
})

test('a transaction whose tab dies is rolled back, and what waited for it goes on', async ({ browser }) => {
  const context = await browser.newContext()
  const open = async () => {
    const page = await context.newPage()
    await page.goto(`${truth.url}/clients.html`)
    await page.evaluate(async () => {
      const db = await window.rockpool.open({ name: 'lab', relay: { url: window.relayUrl } })
      await db.sync.subscribe('person').ready
      Object.assign(window, { db })
    })
    return page
  }
  const leader = await open()
  const dying = await open()
  await dying.evaluate(async () => {
    const { kysely: k, RockpoolDialect } = window.clients
    const dialect = new RockpoolDialect({ database: window.db, transactionTimeout: 60_000 })
    const kysely = new k.Kysely<Tables>({ dialect })
    const tx = await kysely.startTransaction().execute()
    await tx.insertInto('person').values({ id: 9, name: 'never', seen: null }).execute()
  })
  const written = leader.evaluate(async () => {
    const { kysely: k, RockpoolDialect } = window.clients
    const kysely = new k.Kysely<Tables>({ dialect: new RockpoolDialect({ database: window.db }) })
    await kysely.insertInto('person').values({ id: 3, name: 'after', seen: null }).execute()
    return kysely.selectFrom('person').select('name').orderBy('id').execute()
  })
  await dying.close()
  expect(await written).toEqual([{ name: 'Ada' }, { name: 'after' }])
  await context.close()
})

test('PlanetScale: the driver runs on the local database, and what it writes reaches the relay', async ({
  browser,
}) => {
  const page = await withClients(browser)
  const got = await page.evaluate(async () => {
    const { planetscale, planetscaleFetch } = window.clients
    const connection = planetscale.connect({
      host: 'local',
      username: '',
      password: '',
      fetch: planetscaleFetch(window.db),
    })
    const seen = new Date('2026-01-01T12:00:00Z')
    await connection.execute('INSERT INTO `person` (id, name, seen) VALUES (?, ?, ?)', [2, "Grace 'O\\", seen])
    await connection.transaction(async (tx) => {
      await tx.execute('INSERT INTO pet (id, owner_id, name) VALUES (1, 2, :name)', { name: 'Rex' })
      await tx.execute("UPDATE person SET name = CONCAT(name, '!') WHERE id = 2")
    })
    const taken = await connection
      .execute("INSERT INTO pet (id, owner_id, name) VALUES (1, 2, 'Max')")
      .catch((error: unknown) => String(error))
    // What the relay brought is found by a moment that is written as MySQL writes it.
    const { rows } = await connection.execute(
      "SELECT id, name, seen FROM person WHERE seen = '2026-01-01 12:00:00' ORDER BY id",
    )
    return { rows, taken }
  })
  expect(got.rows).toEqual([
    { id: 1, name: 'Ada', seen: '2026-01-01 12:00:00' },
    { id: 2, name: "Grace 'O\\!", seen: '2026-01-01 12:00:00' },
  ])
  expect(got.taken).toContain("Duplicate entry for key 'pet.id' (errno 1062) (sqlstate 23000)")
  await settled(page)
  expect(await truth.query('select id, seen from person order by id')).toEqual([
    { id: '1', seen: '2026-01-01T12:00:00.000000+00:00' },
    { id: '2', seen: '2026-01-01T12:00:00.000000+00:00' },
  ])
  expect(await truth.query('select name from pet')).toEqual([{ name: 'Rex' }])
  await page.context().close()
})
