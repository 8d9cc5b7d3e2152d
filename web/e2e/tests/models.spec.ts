import { expect, test } from '@playwright/test'
import { Device } from '../device.ts'
import { startEmbedded, type Truth } from '../truth.ts'

// What Prisma's own client answers to these calls was captured with it; the
// same calls in Prisma's shape must answer the same.

interface User {
  id: number
  email: string
  name: string | null
  big: number | bigint | null
  at: string
}
interface Post {
  id: number
  title: string
  published: boolean
  views: number
  author_id: number
}
interface Profile {
  id: number
  bio: string | null
  user_id: number
}
type Table<Row> = { row: Row; insert: Partial<Row>; update: Partial<Row> }
type DB = { users: Table<User>; posts: Table<Post>; profiles: Table<Profile> }
type Rel = {
  users: { posts: 'posts[]'; profiles: 'profiles' }
  posts: { author: 'users' }
  profiles: { user: 'users' }
}

let truth: Truth
let device: Device
test.beforeEach(async ({ browser }) => {
  truth = await startEmbedded(
    `tables:
  users:
    key: [id]
    unique: [[email]]
    columns:
      id: { type: integer, not_null: true }
      email: { type: text, not_null: true }
      name: { type: text }
      big: { type: bigint }
      at: { type: timestamptz, not_null: true }
  posts:
    key: [id]
    foreign: [{ columns: [author_id], table: users, references: [id] }]
    columns:
      id: { type: integer, not_null: true }
      title: { type: text, not_null: true }
      published: { type: boolean, not_null: true, default: 'false' }
      views: { type: integer, not_null: true, default: '0' }
      author_id: { type: integer, not_null: true }
  profiles:
    key: [id]
    unique: [[user_id]]
    foreign: [{ columns: [user_id], table: users, references: [id] }]
    columns:
      id: { type: integer, not_null: true }
      bio: { type: text }
      user_id: { type: integer, not_null: true }
`,
    {},
  )
  device = await Device.open(browser, truth.url, ['users', 'posts', 'profiles'])
})
test.afterEach(async () => {
  await truth.close()
})

test('the calls of the captured session answer as Prisma answered', async () => {
  const got = await device.page.evaluate(async () => {
    const prisma = window.models<DB, Rel>(window.device.db as never)
    const at = new Date('2026-11-23T21:07:33.811Z').toISOString()
    const code = async (call: PromiseLike<unknown>) => {
      try {
        await call
        return 'it did not fail'
      } catch (error) {
        return error instanceof window.rockpool.RockpoolError ? error.kind : String(error)
      }
    }
    const out: Record<string, unknown> = {}
    out.createNested = await prisma.users.create({
      data: {
        id: 1,
        email: 'a@x',
        name: 'A',
        big: 9007199254740993n,
        at,
        posts: {
          create: [
            { id: 1, title: 'p1' },
            { id: 2, title: 'p2', published: true },
          ],
        },
      },
      include: { posts: { orderBy: { id: 'asc' } } },
    })
    out.create = await prisma.users.create({ data: { id: 2, email: 'b@x', at } })
    out.find = await prisma.users.findMany({
      where: { posts: { some: { published: true } } },
      include: { posts: { where: { published: true } }, _count: { select: { posts: true } } },
    })
    out.createMany = await prisma.posts.createMany({
      data: [
        { id: 3, title: 'q1', author_id: 2 },
        { id: 4, title: 'q2', author_id: 2 },
      ],
    })
    out.createManyAndReturn = await prisma.posts.createManyAndReturn({ data: [{ id: 5, title: 'q3', author_id: 2 }] })
    out.update = (await prisma.users.update({ where: { email: 'b@x' }, data: { name: 'B' } })).name
    out.updateMany = await prisma.posts.updateMany({
      where: { title: { startsWith: 'q1' } },
      data: { views: { increment: 2 } },
    })
    const upsert = { where: { id: 3 }, create: { id: 3, email: 'c@x', at }, update: { name: 'C' } }
    await prisma.users.upsert(upsert)
    out.upsert = await prisma.users.upsert({ ...upsert, select: { name: true } })
    out.aggregate = await prisma.posts.aggregate({ _count: true, _max: { id: true }, _sum: { views: true } })
    out.groupBy = await prisma.posts.groupBy({
      by: ['author_id'],
      _count: { _all: true },
      orderBy: { author_id: 'asc' },
    })
    out.having = await prisma.posts.groupBy({
      by: 'author_id',
      _sum: { views: true },
      having: { views: { _sum: { gt: 1 } } },
    })
    out.unique = await code(prisma.users.create({ data: { id: 9, email: 'a@x', at } }))
    out.foreign = await code(prisma.posts.create({ data: { id: 9, title: 'x', author_id: 99 } }))
    out.missing = await code(prisma.users.update({ where: { id: 99 }, data: { name: 'x' } }))
    out.missingOrThrow = await code(prisma.users.findUniqueOrThrow({ where: { id: 99 } }))
    out.array = await prisma.$transaction([
      prisma.users.count(),
      prisma.posts.updateMany({ where: { id: 1 }, data: { published: true } }),
    ])
    out.interactive = await prisma.$transaction(async (tx) => {
      await tx.users.create({ data: { id: 4, email: 'd@x', at } })
      return tx.users.count()
    })
    out.rollback = await code(
      prisma.$transaction(async (tx) => {
        await tx.users.create({ data: { id: 5, email: 'e@x', at } })
        throw new Error('nope')
      }),
    )
    out.count = await prisma.users.count()
    out.raw = await prisma.$queryRaw<{ email: string }>`SELECT email FROM users WHERE id = ${1}`
    out.executeRaw = await prisma.$executeRaw`UPDATE posts SET views = views + 1 WHERE id = ${1}`
    out.dates = (
      await prisma.users.findMany({ where: { at: { gte: at } }, select: { id: true }, orderBy: { id: 'asc' } })
    ).map((user) => user.id)
    out.cursor = await prisma.posts.findMany({
      cursor: { id: 3 },
      skip: 1,
      take: 2,
      orderBy: { id: 'asc' },
      include: { author: { select: { email: true } } },
    })
    out.fromEnd = (await prisma.posts.findMany({ take: -2, orderBy: { id: 'asc' }, select: { id: true } })).map(
      (post) => post.id,
    )
    out.distinct = await prisma.posts.findMany({ distinct: 'author_id', orderBy: { id: 'asc' }, select: { id: true } })
    out.restricted = await code(prisma.users.delete({ where: { id: 1 } }))
    out.deleted = (await prisma.posts.delete({ where: { id: 5 } })).title
    out.deleteMany = await prisma.posts.deleteMany({ where: { author: { is: { email: 'b@x' } } } })
    return out
  })
  const at = '2026-11-23T21:07:33.811000+00:00'
  const p1 = { id: 1, title: 'p1', published: false, views: 0, author_id: 1 }
  const p2 = { id: 2, title: 'p2', published: true, views: 0, author_id: 1 }
  const a = { id: 1, email: 'a@x', name: 'A', big: 9007199254740993n, at }
  expect(got).toEqual({
    createNested: { ...a, posts: [p1, p2] },
    create: { id: 2, email: 'b@x', name: null, big: null, at },
    find: [{ ...a, posts: [p2], _count: { posts: 2 } }],
    createMany: { count: 2 },
    createManyAndReturn: [{ id: 5, title: 'q3', published: false, views: 0, author_id: 2 }],
    update: 'B',
    updateMany: { count: 1 },
    upsert: { name: 'C' },
    aggregate: { _count: 5, _max: { id: 5 }, _sum: { views: 2 } },
    groupBy: [
      { author_id: 1, _count: { _all: 2 } },
      { author_id: 2, _count: { _all: 3 } },
    ],
    having: [{ author_id: 2, _sum: { views: 2 } }],
    unique: 'constraint',
    foreign: 'constraint',
    missing: 'not_found',
    missingOrThrow: 'not_found',
    array: [3, { count: 1 }],
    interactive: 4,
    rollback: 'Error: nope',
    count: 4,
    raw: [{ email: 'a@x' }],
    executeRaw: 1,
    dates: [1, 2, 3, 4],
    cursor: [
      { id: 4, title: 'q2', published: false, views: 0, author_id: 2, author: { email: 'b@x' } },
      { id: 5, title: 'q3', published: false, views: 0, author_id: 2, author: { email: 'b@x' } },
    ],
    fromEnd: [4, 5],
    distinct: [{ id: 1 }, { id: 3 }],
    restricted: 'constraint',
    deleted: 'q3',
    deleteMany: { count: 2 },
  })
  await device.sync()
  expect(await truth.query('SELECT id FROM posts')).toHaveLength(2)
  expect(await truth.query('SELECT id FROM users')).toHaveLength(4)
})

test('nested writes are one transaction; relation filters, orders and counts read them back', async () => {
  const got = await device.page.evaluate(async () => {
    const prisma = window.models<DB, Rel>(window.device.db as never)
    const at = '2026-01-01T00:00:00Z'
    const out: Record<string, unknown> = {}
    await prisma.users.create({ data: { id: 1, email: 'a@x', at, profiles: { create: { id: 1, bio: 'hello' } } } })
    await prisma.posts.create({
      data: {
        id: 1,
        title: 'one',
        author: { connectOrCreate: { where: { id: 2 }, create: { id: 2, email: 'b@x', at } } },
      },
    })
    await prisma.users.update({
      where: { id: 1 },
      data: {
        profiles: { update: { bio: 'changed' } },
        posts: {
          create: { id: 2, title: 'two' },
          createMany: {
            data: [
              { id: 3, title: 'three' },
              { id: 4, title: 'four' },
            ],
          },
          connect: { id: 1 },
        },
      },
    })
    const mine = () =>
      prisma.users.findUnique({
        where: { id: 1 },
        include: { posts: { select: { id: true, views: true }, orderBy: { id: 'asc' } }, profiles: true },
      })
    out.connected = await mine()
    await prisma.users.update({
      where: { id: 1 },
      data: {
        posts: {
          update: { where: { id: 2 }, data: { views: { increment: 5 } } },
          updateMany: { where: { views: 0 }, data: { views: { set: 1 } } },
          delete: { id: 3 },
          deleteMany: { title: 'four' },
          upsert: { where: { id: 9 }, create: { id: 9, title: 'nine' }, update: {} },
        },
      },
    })
    out.changed = (await mine())?.posts
    out.every = await prisma.users.findMany({
      where: { posts: { every: { views: { gte: 1 } } } },
      select: { id: true },
      orderBy: { id: 'asc' },
    })
    out.none = await prisma.users.findMany({ where: { posts: { none: {} } }, select: { id: true } })
    out.isNull = await prisma.users.findMany({ where: { profiles: null }, select: { id: true } })
    out.or = await prisma.posts.findMany({
      where: { OR: [{ title: { contains: 'N', mode: 'insensitive' } }, { views: { gt: 4 } }], NOT: { id: 9 } },
      select: { id: true },
      orderBy: [{ author: { email: 'asc' } }, { id: 'desc' }],
    })
    out.byCount = await prisma.users.findMany({
      orderBy: { posts: { _count: 'desc' } },
      select: { id: true, _count: { select: { posts: { where: { views: { gt: 0 } } } } } },
    })
    const db = window.device.db
    const query = prisma.users.findMany({
      where: { id: 1 },
      select: { posts: { select: { title: true }, orderBy: { id: 'asc' } } },
    })
    const live = db.live(query)
    await live.ready
    const seen = new Promise<object[]>((resolve) => {
      const stop = live.each((rows) => {
        if (JSON.stringify(rows).includes('first')) {
          stop()
          resolve([...rows])
        }
      })
    })
    await prisma.posts.update({ where: { id: 1 }, data: { title: 'first' } })
    out.live = await seen
    const before = await prisma.posts.count()
    const failed: Record<string, unknown> = {}
    const fails = async (name: string, call: PromiseLike<unknown>) => {
      try {
        await call
        failed[name] = 'it did not fail'
      } catch (error) {
        failed[name] =
          error instanceof window.rockpool.RockpoolError ? `${error.kind}: ${error.message}` : String(error)
      }
    }
    const loose = prisma as unknown as Record<string, Record<string, (args: object) => PromiseLike<unknown>>>
    await fails(
      'half of it',
      prisma.users.create({
        data: {
          id: 7,
          email: 'g@x',
          at,
          posts: {
            create: [
              { id: 20, title: 'x' },
              { id: 1, title: 'taken' },
            ],
          },
        },
      }),
    )
    await fails('column', loose.users?.findMany?.({ where: { emial: 'x' } }) ?? Promise.resolve())
    await fails('relation', loose.users?.findMany?.({ include: { post: true } }) ?? Promise.resolve())
    await fails('table', loose.userz?.findMany?.({}) ?? Promise.resolve())
    await fails('operator', loose.users?.findMany?.({ where: { id: { above: 1 } } }) ?? Promise.resolve())
    await fails(
      'nested write',
      loose.users?.update?.({ where: { id: 1 }, data: { posts: { replace: {} } } }) ?? Promise.resolve(),
    )
    await fails('key', loose.users?.update?.({ where: { id: 1 }, data: { id: 5 } }) ?? Promise.resolve())
    await fails('no where', loose.users?.update?.({ where: {}, data: { name: 'x' } }) ?? Promise.resolve())
    out.failed = failed
    out.unchanged = (await prisma.posts.count()) === before && (await prisma.users.count()) === 2
    return out
  })
  expect(got).toMatchObject({
    connected: {
      id: 1,
      posts: [
        { id: 1, views: 0 },
        { id: 2, views: 0 },
        { id: 3, views: 0 },
        { id: 4, views: 0 },
      ],
      profiles: { id: 1, bio: 'changed' },
    },
    changed: [
      { id: 1, views: 1 },
      { id: 2, views: 5 },
      { id: 9, views: 0 },
    ],
    every: [{ id: 2 }],
    none: [{ id: 2 }],
    isNull: [{ id: 2 }],
    or: [{ id: 2 }, { id: 1 }],
    byCount: [
      { id: 1, _count: { posts: 2 } },
      { id: 2, _count: { posts: 0 } },
    ],
    live: [{ posts: [{ title: 'first' }, { title: 'two' }, { title: 'nine' }] }],
    unchanged: true,
  })
  const { failed } = got as { failed: Record<string, string> }
  expect(failed['half of it']).toContain('constraint')
  expect(failed.column).toMatch(/^unknown_column: .*users has no column or relation "emial" \(it has id, email/)
  expect(failed.relation).toMatch(/^unknown_column: .*users has no column or relation "post"/)
  expect(failed.table).toContain('unknown_table')
  expect(failed.operator).toContain('there is no filter "above"')
  expect(failed['nested write']).toContain('there is no nested write "replace"')
  expect(failed.key).toContain('part of the key')
  expect(failed['no where']).toContain('where names no row')
  await device.sync()
  expect((await truth.query('SELECT title FROM posts ORDER BY id')).map((row) => row.title)).toEqual([
    'first',
    'two',
    'nine',
  ])
})
