/** What models must and must not compile. Checked by tsc; nothing here runs. */

import type { Database } from '../src/index.ts'
import { models } from '../src/models/index.ts'

interface User {
  id: number
  email: string
  name: string | null
}
interface Post {
  id: number
  title: string
  author_id: number
}
type Table<Row> = { row: Row; insert: Partial<Row>; update: Partial<Row> }
type DB = { users: Table<User>; posts: Table<Post> }
declare const db: Database<DB>
const prisma = models<DB, { users: { posts: 'posts[]' }; posts: { author: 'users' } }>(db)
const same = <T>(_value: T): void => {}

export async function compiles(): Promise<void> {
  same<User[]>(await prisma.users.findMany({ where: { name: null, email: { contains: 'x' } }, orderBy: { id: 'asc' } }))
  same<{ id: number }[]>(await prisma.users.findMany({ select: { id: true, email: false } }))
  same<(User & { posts: { title: string }[] })[]>(
    await prisma.users.findMany({ include: { posts: { select: { title: true } } } }),
  )
  same<{ title: string; author: User | null } | null>(
    await prisma.posts.findUnique({ where: { id: 1 }, select: { title: true, author: true } }),
  )
  same<User>(await prisma.users.update({ where: { id: 1 }, data: { name: { set: 'x' } } }))
  same<{ email: string }>(await prisma.users.create({ data: { id: 1, email: 'a' }, select: { email: true } }))
  same<{ _count: number; _max: { id: number | null } }>(
    await prisma.posts.aggregate({ _count: true, _max: { id: true } }),
  )
  same<{ author_id: number; _count: { _all: number } }[]>(
    await prisma.posts.groupBy({ by: 'author_id', _count: { _all: true } }),
  )
  same<[number, { count: number }]>(
    await prisma.$transaction([prisma.users.count(), prisma.posts.updateMany({ data: { title: 'x' } })]),
  )
  same<readonly { id: number }[]>(db.live(prisma.users.findMany({ select: { id: true } })).get().rows)
  same<{ posts: unknown } | undefined>((await models(db).users.findMany({ include: { posts: true } }))[0])
}

export async function doesNotCompile(): Promise<void> {
  // @ts-expect-error no such table
  await prisma.userz.findMany()
  // @ts-expect-error no such column
  await prisma.users.findMany({ where: { emial: 'x' } })
  // @ts-expect-error a text is no number
  await prisma.users.findMany({ where: { id: 'x' } })
  // @ts-expect-error no such filter
  await prisma.users.findMany({ where: { id: { above: 1 } } })
  // @ts-expect-error no such relation
  await prisma.users.findMany({ include: { post: true } })
  // @ts-expect-error a list has no is
  await prisma.users.findMany({ where: { posts: { is: {} } } })
  // @ts-expect-error no such order
  await prisma.users.findMany({ orderBy: { id: 'up' } })
  // @ts-expect-error a column that was not selected
  ;(await prisma.users.findMany({ select: { id: true } }))[0]?.email
  // @ts-expect-error a text is no number
  await prisma.users.create({ data: { id: 'x' } })
  // @ts-expect-error no such column of the nested rows
  await prisma.users.findMany({ include: { posts: { where: { name: 'x' } } } })
}
