/** An unmodified Prisma client on the real core, in Node. */

import { fileURLToPath } from 'node:url'
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { defineSchema, open, type Database } from '@rockpool/client'
import { nodeEnvironment } from '../../client/test/node-core.ts'
import { toArgument } from '../src/arguments.ts'
import { PrismaRockpool } from '../src/index.ts'
import { COLUMN_TYPES } from '../src/results.ts'
import { EXPECTED, runOperations, type Client } from './operations.ts'

const generated: { PrismaClient: new (options: object) => Client } = await import(
  /* @vite-ignore */ fileURLToPath(new URL('../../../build/prisma/node/client.ts', import.meta.url))
)

const schema = defineSchema({
  User: {
    key: ['id'],
    columns: { id: 'int', email: 'text', name: 'text?', big: 'bigint?', at: 'timestamptz' },
    unique: [['email']],
  },
  Post: {
    key: ['id'],
    columns: { id: 'int', title: 'text', published: { type: 'bool', default: 'false' }, authorId: 'int' },
    foreign: [{ columns: ['authorId'], table: 'User', references: ['id'] }],
  },
  Sample: {
    key: ['id'],
    columns: {
      id: 'int',
      amount: 'decimal?',
      ratio: 'float?',
      data: 'bytes?',
      facts: 'jsonb?',
      at: 'timestamptz?',
      count: 'bigint?',
    },
  },
})

let db: Database
let prisma: Client
let files = 0

beforeEach(async () => {
  db = (await open({
    name: `prisma-${++files}`,
    storage: 'memory',
    schema,
    environment: nodeEnvironment(),
  })) as unknown as Database // its types are not used here
  prisma = new generated.PrismaClient({ adapter: new PrismaRockpool(db) })
})
afterEach(async () => {
  await prisma.$disconnect()
  await db.close()
})

test('column types are those of @prisma/driver-adapter-utils', () => {
  expect(ColumnTypeEnum).toMatchObject(COLUMN_TYPES)
})

// Without a relay a part of the table may be elsewhere: whether a key refers to nothing is then the server's to say. In a
// browser, with the whole table here, all 24 are the same (web/e2e/tests/clients.spec.ts).
test('the 24 captured operations give what they gave on stock SQLite', async () => {
  const unknown = { id: 6, title: 'z', published: false, authorId: 999 }
  expect(await runOperations(prisma)).toEqual({ ...EXPECTED, 'fk violation': unknown })
})

test('a nested write is one queued mutation', async () => {
  await prisma.user.create({ data: { email: 'a@x', posts: { create: [{ title: 'p1' }, { title: 'p2' }] } } })
  const queued = await db.outbox.list()
  expect(queued.map((entry) => entry.operations.map((op) => `${op.type} ${op.table}`))).toEqual([
    ['insert User', 'insert Post', 'insert Post'],
  ])
})

test('every type comes back as it was, and is found by its value', async () => {
  const data = {
    id: 1,
    amount: '12345678901234567890.12',
    ratio: 0.5,
    data: new Uint8Array([0, 255, 7]),
    facts: { b: [1, 'x'], a: null },
    at: new Date('2026-01-01T12:00:00.250Z'),
    count: 2n ** 60n,
  }
  const made = (await prisma.sample.create({ data })) as typeof data
  expect({ ...made, amount: String(made.amount), data: [...made.data] }).toEqual({ ...data, data: [0, 255, 7] })
  for (const where of [
    { amount: data.amount },
    { amount: { gt: '12345678901234567890.11' } },
    { ratio: data.ratio },
    { data: data.data },
    { at: data.at },
    { at: { gt: new Date('2026-01-01T12:00:00.249Z'), lt: new Date('2026-01-01T12:00:00.251Z') } },
    { count: data.count },
  ])
    expect(
      await prisma.sample.count({ where }),
      JSON.stringify(where, (_, one) => String(one)),
    ).toBe(1)
  await prisma.sample.create({ data: { id: 2, amount: 9.5 } })
  await prisma.sample.create({ data: { id: 3, amount: 10 } })
  expect(await prisma.sample.count({ where: { amount: { lt: 10 } } })).toBe(1)
  expect(await db.query('select typeof(amount) as t, amount from Sample order by id')).toEqual([
    { t: 'text', amount: '12345678901234567890.12' },
    { t: 'text', amount: '9.5' },
    { t: 'text', amount: '10' },
  ])
})

test('moments have one form: what others wrote is found here, and the other way round', async () => {
  await db.execute([{ type: 'insert', table: 'Sample', data: { id: 1, at: '2026-01-01 12:00:00+00' } }])
  await prisma.sample.create({ data: { id: 2, at: new Date('2026-01-01T12:00:00Z') } })
  const where = { at: { gt: new Date('2026-01-01T06:00:00Z'), lt: new Date('2026-01-02T00:00:00Z') } }
  expect(await prisma.sample.count({ where })).toBe(2)
  expect(await prisma.sample.count({ where: { at: new Date('2026-01-01T12:00:00Z') } })).toBe(2)
  expect(await db.query('select distinct at from Sample')).toEqual([{ at: '2026-01-01T12:00:00.000000+00:00' }])
})

test('what runs beside an interactive transaction is not in it', async () => {
  let outside: Promise<unknown> = Promise.resolve()
  const inside = prisma.$transaction(async (tx) => {
    await tx.user.create({ data: { email: 'inside' } })
    expect(await prisma.user.count()).toBe(0)
    outside = prisma.user.create({ data: { email: 'outside' } })
    throw new Error('undone')
  })
  await expect(inside).rejects.toThrow('undone')
  await outside
  expect(await prisma.user.findMany({ select: { email: true } })).toEqual([{ email: 'outside' }])
})

test('Prisma’s own limits: a timeout rolls back, a wait that is too long keeps no turn', async () => {
  const slow = prisma.$transaction(
    async (tx) => {
      await tx.user.create({ data: { email: 'slow' } })
      await new Promise((done) => setTimeout(done, 200))
      await tx.user.count()
    },
    { timeout: 50 },
  )
  await expect(slow).rejects.toMatchObject({ code: 'P2028' })
  expect(await prisma.user.count()).toBe(0)
  let release = () => {}
  const holder = db.transaction(async (tx) => {
    await tx.query("insert into User(id, email, at) values (1, 'held', '2026-01-01')")
    await new Promise<void>((done) => {
      release = done
    })
  })
  await expect(prisma.$transaction(async () => 1, { maxWait: 50 })).rejects.toMatchObject({ code: 'P2028' })
  release()
  await holder
  // The turn that came too late has been given back: this does not wait for a timeout.
  const before = performance.now()
  await prisma.user.create({ data: { email: 'next' } })
  expect(performance.now() - before).toBeLessThan(5_000)
})

test('a transaction that our timeout has ended says so; other levels of isolation are refused', async () => {
  const short = new generated.PrismaClient({ adapter: new PrismaRockpool(db, { transactionTimeout: 30 }) })
  const ended = short.$transaction(async (tx) => {
    await tx.user.create({ data: { email: 'x' } })
    await prisma.user.create({ data: { email: 'waits for its end' } })
    await tx.user.count()
  })
  await expect(ended).rejects.toMatchObject({ code: 'P1018', message: expect.stringContaining('timeout') })
  expect(await prisma.user.findMany({ select: { email: true } })).toEqual([{ email: 'waits for its end' }])
  const loose = prisma.$transaction(async () => 1, { isolationLevel: 'ReadCommitted' })
  await expect(loose).rejects.toThrow(/READ COMMITTED/)
  await short.$disconnect()
})

test('errors say what they are', async () => {
  await expect(prisma.$queryRaw`select * from nowhere`).rejects.toMatchObject({ code: 'P2010' })
  await expect(
    prisma.$executeRaw`insert into User(id, email, at) values (1, null, '2026-01-01')`,
  ).rejects.toMatchObject({ code: 'P2010', message: expect.stringContaining('must not be NULL') })
  await expect(prisma.user.create({ data: { email: 'e', at: 'no date' } })).rejects.toThrow()
  await prisma.user.create({ data: { id: 1, email: 'e', posts: { create: { title: 'held' } } } })
  await expect(prisma.user.create({ data: { email: 'e' } })).rejects.toMatchObject({ code: 'P2002' })
  await expect(prisma.$executeRaw`delete from User`).rejects.toMatchObject({
    code: 'P2010',
    message: expect.stringContaining('rows of Post refer to it'),
  })
  await expect(prisma.post.create({ data: { title: 'lost', authorId: null as unknown as number } })).rejects.toThrow()
})

test('arguments', () => {
  const decimal = { scalarType: 'decimal', arity: 'scalar' } as const
  expect(toArgument('0.1', decimal)).toBe(0.1)
  expect(toArgument('-00012.50', decimal)).toBe(-12.5)
  expect(toArgument('0.1234567890123456', decimal)).toBe('0.1234567890123456')
  expect(toArgument('12345678901234567', decimal)).toBe('12345678901234567')
  expect(toArgument('0', { scalarType: 'bigint', arity: 'scalar' })).toBe(0n)
  expect(toArgument('AP8H', { scalarType: 'bytes', arity: 'scalar' })).toEqual(new Uint8Array([0, 255, 7]))
  expect(toArgument(null, decimal)).toBe(null)
})
