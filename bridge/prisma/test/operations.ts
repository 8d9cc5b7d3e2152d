/**
 * The operations that were captured from an unmodified client on stock SQLite,
 * and what they gave there. Tests run them in Node and in a browser.
 */

/** As much of a generated client as the operations use: its types are made by `prisma generate`, which a check does not run. */
export interface Client {
  readonly user: Model
  readonly post: Model
  readonly sample: Model
  $transaction(work: readonly Promise<unknown>[]): Promise<unknown[]>
  $transaction<T>(work: (tx: Client) => Promise<T>, options?: Readonly<Record<string, unknown>>): Promise<T>
  $queryRaw(strings: TemplateStringsArray, ...values: readonly unknown[]): Promise<unknown>
  $executeRaw(strings: TemplateStringsArray, ...values: readonly unknown[]): Promise<number>
  $disconnect(): Promise<void>
}

/** A model's calls. */
export type Model = Readonly<
  Record<
    | 'create'
    | 'createMany'
    | 'createManyAndReturn'
    | 'findMany'
    | 'findFirst'
    | 'findUniqueOrThrow'
    | 'update'
    | 'updateMany'
    | 'upsert'
    | 'delete'
    | 'deleteMany'
    | 'count'
    | 'aggregate'
    | 'groupBy',
    (args?: object) => Promise<unknown>
  >
>

const operations: Readonly<Record<string, (prisma: Client) => Promise<unknown>>> = {
  'create nested': ({ user }) =>
    user.create({
      data: {
        email: 'a@x',
        name: 'A',
        big: 9007199254740993n,
        posts: { create: [{ title: 'p1' }, { title: 'p2', published: true }] },
      },
      include: { posts: true },
    }),
  create: ({ user }) => user.create({ data: { email: 'b@x' } }),
  'findMany include where': ({ user }) =>
    user.findMany({
      where: { email: { contains: 'x' }, posts: { some: { published: true } } },
      include: { posts: { where: { published: true }, orderBy: { id: 'desc' } }, _count: { select: { posts: true } } },
      orderBy: { id: 'asc' },
    }),
  createMany: ({ post }) =>
    post.createMany({
      data: [
        { title: 'q1', authorId: 2 },
        { title: 'q2', authorId: 2 },
      ],
    }),
  createManyAndReturn: ({ post }) => post.createManyAndReturn({ data: [{ title: 'q3', authorId: 2 }] }),
  update: ({ user }) => user.update({ where: { email: 'b@x' }, data: { name: 'B' } }),
  'updateMany increment': ({ user }) => user.updateMany({ where: { id: 1 }, data: { big: { increment: 1 } } }),
  upsert: ({ user }) =>
    user.upsert({ where: { email: 'c@x' }, create: { email: 'c@x', name: 'C' }, update: { name: 'C2' } }),
  aggregate: ({ post }) => post.aggregate({ _count: true, _max: { id: true } }),
  groupBy: ({ post }) => post.groupBy({ by: ['authorId'], _count: { _all: true }, orderBy: { authorId: 'asc' } }),
  'unique violation': ({ user }) => user.create({ data: { email: 'a@x' } }),
  'fk violation': ({ post }) => post.create({ data: { title: 'z', authorId: 999 } }),
  'not found': ({ user }) => user.findUniqueOrThrow({ where: { id: 12345 } }),
  '$transaction array': (prisma) =>
    prisma.$transaction([prisma.user.count(), prisma.post.deleteMany({ where: { title: 'q1' } })]),
  '$transaction interactive commit': (prisma) =>
    prisma.$transaction(async (tx) => {
      await tx.user.create({ data: { email: 't1@x' } })
      return tx.user.count()
    }),
  '$transaction interactive rollback': (prisma) =>
    prisma.$transaction(async (tx) => {
      await tx.user.create({ data: { email: 't2@x' } })
      throw new Error('nope')
    }),
  'count after rollback': ({ user }) => user.count(),
  '$transaction isolation': (prisma) =>
    prisma.$transaction((tx) => tx.user.count(), { isolationLevel: 'Serializable' }),
  $queryRaw: (prisma) => prisma.$queryRaw`select id, email, at from User where id = ${1}`,
  $executeRaw: (prisma) => prisma.$executeRaw`update User set name=${'raw'} where id = ${1}`,
  'date filter': ({ user }) => user.findMany({ where: { at: { lte: new Date() } }, select: { id: true, at: true } }),
  cursor: ({ post }) =>
    post.findMany({ cursor: { id: 2 }, skip: 1, take: 2, orderBy: { id: 'asc' }, include: { author: true } }),
  'concurrent itx': async (prisma) => {
    const counts = await Promise.all(
      ['cc1@x', 'cc2@x', 'cc3@x'].map((email) =>
        prisma.$transaction(async (tx) => {
          await tx.user.create({ data: { email } })
          return tx.user.count()
        }),
      ),
    )
    return counts.sort()
  },
  'delete cascade fk': ({ user }) => user.delete({ where: { id: 1 } }),
}

const user = (id: number, email: string, name: string | null, big: string | null = null) => ({
  id,
  email,
  name,
  big,
  at: 'a date',
})
const author = user(2, 'b@x', 'B')
const violated = (code: string, kind: string) => ({ error: code, kind })

/** What each gave; dates and BigInts as `plain` writes them. */
export const EXPECTED: Readonly<Record<string, unknown>> = {
  'create nested': {
    ...user(1, 'a@x', 'A', '9007199254740993n'),
    posts: [
      { id: 1, title: 'p1', published: false, authorId: 1 },
      { id: 2, title: 'p2', published: true, authorId: 1 },
    ],
  },
  create: user(2, 'b@x', null),
  'findMany include where': [
    {
      ...user(1, 'a@x', 'A', '9007199254740993n'),
      posts: [{ id: 2, title: 'p2', published: true, authorId: 1 }],
      _count: { posts: 2 },
    },
  ],
  createMany: { count: 2 },
  createManyAndReturn: [{ id: 5, title: 'q3', published: false, authorId: 2 }],
  update: author,
  'updateMany increment': { count: 1 },
  upsert: user(3, 'c@x', 'C'),
  aggregate: { _count: 5, _max: { id: 5 } },
  groupBy: [
    { _count: { _all: 2 }, authorId: 1 },
    { _count: { _all: 3 }, authorId: 2 },
  ],
  'unique violation': violated('P2002', 'UniqueConstraintViolation email'),
  'fk violation': violated('P2003', 'ForeignKeyConstraintViolation'),
  'not found': violated('P2025', ''),
  '$transaction array': [3, { count: 1 }],
  '$transaction interactive commit': 4,
  '$transaction interactive rollback': { error: 'nope' },
  'count after rollback': 4,
  '$transaction isolation': 4,
  $queryRaw: [{ id: 1, email: 'a@x', at: 'a date' }],
  $executeRaw: 1,
  'date filter': [1, 2, 3, 4].map((id) => ({ id, at: 'a date' })),
  cursor: [
    { id: 4, title: 'q2', published: false, authorId: 2, author },
    { id: 5, title: 'q3', published: false, authorId: 2, author },
  ],
  'concurrent itx': [5, 6, 7],
  'delete cascade fk': violated('P2003', 'ForeignKeyConstraintViolation'),
}

/** Runs all, in order, and tells what each gave in a form that leaves a browser. */
export async function runOperations(prisma: Client): Promise<Record<string, unknown>> {
  const given: Record<string, unknown> = {}
  for (const [name, run] of Object.entries(operations)) {
    given[name] = await run(prisma).then(plain, told)
  }
  return given
}

/** A value without what JSON has not: dates by what they are, BigInts with their n. */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'no date' : 'a date'
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]))
}

interface KnownError {
  readonly code?: string
  readonly message: string
  readonly meta?: {
    readonly driverAdapterError?: {
      readonly cause: { readonly kind: string; readonly constraint?: { readonly fields?: string[] } }
    }
  }
}

function told(thrown: KnownError): unknown {
  if (thrown.code === undefined) return { error: thrown.message }
  const cause = thrown.meta?.driverAdapterError?.cause
  return { error: thrown.code, kind: [cause?.kind ?? '', ...(cause?.constraint?.fields ?? [])].join(' ') }
}
