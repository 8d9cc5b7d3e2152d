/** One table in Prisma's shape. */

import type { Row } from '../chunk.ts'
import type { Tables } from '../builder/scope.ts'
import { value } from '../builder/expr.ts'
import { failure } from '../error.ts'
import type { Select } from '../gen/query.ts'
import { lowerAggregate, lowerGroups, unflatten } from './aggregate.ts'
import { from } from '../builder/keyset.ts'
import { lowerFind, lowerOrder, reversed, total } from './find.ts'
import { ModelQuery, RowsQuery, type Source } from './query.ts'
import type { Described } from './relations.ts'
import type {
  Aggregated,
  Aggregates,
  CreateData,
  FindArgs,
  GroupArgs,
  OneOf,
  Result,
  RowOf,
  Shape,
  UpdateData,
  Where,
} from './types.ts'
import { filtered, isLoose, Scope, type Loose } from './where.ts'
import { Writing, type Writer } from './write.ts'

type Describe = (table: string) => Described
type Runner = (select: Select) => Promise<object[]>

/** The calls of one table. `A` is kept as given, so that results have the shape that was asked for. */
export class Model<DB extends Tables, Rel, T extends keyof DB & string> {
  readonly #source: Source
  readonly #tables: () => Promise<Describe>
  readonly #tablesNow: () => Describe
  readonly #table: string

  /** Not for applications: use `models`. */
  constructor(source: Source, tables: () => Promise<Describe>, tablesNow: () => Describe, table: string) {
    this.#source = source
    this.#tables = tables
    this.#tablesNow = tablesNow
    this.#table = table
  }

  // Reading

  /** The rows that meet `where`, in order. */
  findMany<const A extends FindArgs<DB, Rel, T>>(args?: A): RowsQuery<Result<DB, Rel, T, A>[], Result<DB, Rel, T, A>> {
    return this.#rows(args, (rows) => rows as Result<DB, Rel, T, A>[]) // of the columns asked for
  }

  /** The first row that meets `where`, or null. */
  findFirst<const A extends FindArgs<DB, Rel, T>>(
    args?: A,
  ): RowsQuery<Result<DB, Rel, T, A> | null, Result<DB, Rel, T, A>> {
    return this.#rows({ take: 1, ...args }, (rows) => (rows[0] ?? null) as Result<DB, Rel, T, A> | null) // as above
  }

  /** As findFirst. @throws `not_found`. */
  findFirstOrThrow<const A extends FindArgs<DB, Rel, T>>(
    args?: A,
  ): RowsQuery<Result<DB, Rel, T, A>, Result<DB, Rel, T, A>> {
    return this.#rows({ take: 1, ...args }, (rows) => this.#must(rows[0]) as Result<DB, Rel, T, A>) // as above
  }

  /** The row whose key or unique columns `where` gives, or null. */
  findUnique<const A extends { readonly where: Where<DB, Rel, T> } & Shape<DB, Rel, T>>(
    args: A,
  ): RowsQuery<Result<DB, Rel, T, A> | null, Result<DB, Rel, T, A>> {
    return this.findFirst(args as A & FindArgs<DB, Rel, T>) as never // the same rows by another name
  }

  /** As findUnique. @throws `not_found`. */
  findUniqueOrThrow<const A extends { readonly where: Where<DB, Rel, T> } & Shape<DB, Rel, T>>(
    args: A,
  ): RowsQuery<Result<DB, Rel, T, A>, Result<DB, Rel, T, A>> {
    return this.findFirstOrThrow(args as A & FindArgs<DB, Rel, T>) as never // as above
  }

  /** How many rows meet `where`. */
  count(
    args: { readonly where?: Where<DB, Rel, T>; readonly take?: number; readonly skip?: number } = {},
  ): ModelQuery<number> {
    return this.#query(async (source, tables) => {
      const scope = new Scope(tables)
      const of = tables(this.#table)
      if (args.take === undefined && args.skip === undefined) {
        const select = lowerAggregate({ ...args, _count: true }, of, scope)
        const [row] = (await source.read((run) => run(select), true)) as { _count?: number }[] // of the column asked for
        return row?._count ?? 0
      }
      const keys = Object.fromEntries(of.key.map((name) => [name, true]))
      const select = lowerFind({ ...args, select: keys }, scope.begin(of.name), scope)
      return (await source.read((run) => run(select), true)).length
    })
  }

  /** Sums, means, least and greatest values, and counts. */
  aggregate<const A extends Aggregates<DB, T> & { readonly where?: Where<DB, Rel, T> }>(
    args: A,
  ): ModelQuery<Aggregated<DB, T, A>> {
    return this.#query(async (source, tables) => {
      const select = lowerAggregate(args as Loose, tables(this.#table), new Scope(tables))
      const [row] = await source.read((run) => run(select), true)
      return unflatten((row ?? {}) as Loose) as Aggregated<DB, T, A> // of the columns asked for
    })
  }

  /** The same for each set of rows with equal values. */
  groupBy<const A extends GroupArgs<DB, Rel, T>>(
    args: A,
  ): ModelQuery<
    (Pick<RowOf<DB, T>, OneOf<A['by']> & keyof RowOf<DB, T>> & Aggregated<DB, T, Omit<A, 'by' | 'where'>>)[]
  > {
    return this.#query(async (source, tables) => {
      const select = lowerGroups(args as Loose, tables(this.#table), new Scope(tables))
      const rows = await source.read((run) => run(select), true)
      return rows.map((row) => unflatten(row as Loose)) as never // as above
    })
  }

  // Writing

  /** Writes a row, with nested writes. */
  create<const A extends Shape<DB, Rel, T>>(
    args: A & { readonly data: CreateData<DB, Rel, T> },
  ): ModelQuery<Result<DB, Rel, T, A>> {
    return this.#write(args, (writing, of) => writing.create(of, args.data))
  }

  /** Writes rows as one transaction. */
  createMany(args: {
    readonly data: CreateData<DB, Rel, T> | readonly CreateData<DB, Rel, T>[]
    readonly skipDuplicates?: boolean
  }): ModelQuery<{ count: number }> {
    return this.#writing(async (writing, of) => ({
      count: (await writing.createMany(of, args.data, args.skipDuplicates === true)).length,
    }))
  }

  /** As createMany, with the rows. */
  createManyAndReturn(args: {
    readonly data: CreateData<DB, Rel, T> | readonly CreateData<DB, Rel, T>[]
    readonly skipDuplicates?: boolean
  }): ModelQuery<RowOf<DB, T>[]> {
    return this.#writing(
      async (writing, of) => (await writing.createMany(of, args.data, args.skipDuplicates === true)) as RowOf<DB, T>[],
    ) // the table's rows
  }

  /** Changes the row that `where` names, with nested writes. @throws `not_found`. */
  update<const A extends Shape<DB, Rel, T>>(
    args: A & { readonly where: Where<DB, Rel, T>; readonly data: UpdateData<DB, Rel, T> },
  ): ModelQuery<Result<DB, Rel, T, A>> {
    return this.#write(args, async (writing, of) =>
      writing.update(of, await writing.mustFind(of, args.where, 'update'), args.data),
    )
  }

  /** Changes every row that meets `where`. */
  updateMany(args: {
    readonly where?: Where<DB, Rel, T>
    readonly data: UpdateData<DB, Rel, T>
  }): ModelQuery<{ count: number }> {
    return this.#writing(async (writing, of) => ({ count: await writing.updateMany(of, args.where, args.data) }))
  }

  /** Changes the row that `where` names, or writes it. */
  upsert<const A extends Shape<DB, Rel, T>>(
    args: A & {
      readonly where: Where<DB, Rel, T>
      readonly create: CreateData<DB, Rel, T>
      readonly update: UpdateData<DB, Rel, T>
    },
  ): ModelQuery<Result<DB, Rel, T, A>> {
    return this.#write(args, (writing, of) => writing.upsert(of, args.where, args.create, args.update))
  }

  /** Deletes the row that `where` names; the row as it was. @throws `not_found`. */
  delete<const A extends Shape<DB, Rel, T>>(
    args: A & { readonly where: Where<DB, Rel, T> },
  ): ModelQuery<Result<DB, Rel, T, A>> {
    return this.#writing(async (writing, of) => {
      const row = await writing.mustFind(of, args.where, 'delete')
      const shown = await shaped(writing, of, row, args)
      await writing.remove(of, [row])
      return shown as Result<DB, Rel, T, A> // of the columns asked for
    })
  }

  /** Deletes every row that meets `where`. */
  deleteMany(args: { readonly where?: Where<DB, Rel, T> } = {}): ModelQuery<{ count: number }> {
    return this.#writing(async (writing, of) => {
      const rows = await writing.rows(of, { where: args.where })
      await writing.remove(of, rows)
      return { count: rows.length }
    })
  }

  #must(row: object | undefined): object {
    if (row !== undefined) return row
    throw failure('not_found', `read ${this.#table}`, 'no row meets where')
  }

  #query<R>(run: (source: Source, tables: Describe) => Promise<R>): ModelQuery<R> {
    return new ModelQuery(this.#source, async (source) => run(source, await this.#tables()))
  }

  #rows<R, One extends object>(args: object | undefined, shape: (rows: object[]) => R): RowsQuery<R, One> {
    const given = (args ?? {}) as Loose // the public types say what it holds
    return new RowsQuery<R, One>(
      this.#source,
      async (source) => {
        const tables = await this.#tables()
        return shape(await find(source, tables(this.#table), given, tables))
      },
      () => {
        const tables = this.#tablesNow()
        const scope = new Scope(tables)
        if (given.cursor !== undefined || given.distinct !== undefined || isFromEnd(given))
          throw failure(
            'invalid_argument',
            `watch ${this.#table}`,
            'a watched query has no cursor, no distinct and no negative take',
            'use where, orderBy, skip and take',
          )
        return lowerFind(given, scope.begin(this.#table), scope)
      },
    )
  }

  #writing<R>(work: (writing: Writing, of: Described) => Promise<R>): ModelQuery<R> {
    return this.#query((source, tables) =>
      source.write((tx: Writer) => work(new Writing(tx, new Scope(tables)), tables(this.#table))),
    )
  }

  #write<A extends object>(
    args: A,
    work: (writing: Writing, of: Described) => Promise<Row>,
  ): ModelQuery<Result<DB, Rel, T, A>> {
    return this.#writing(async (writing, of) => {
      const row = await work(writing, of)
      return (await shaped(writing, of, row, args)) as Result<DB, Rel, T, A> // of the columns asked for
    })
  }
}

/** A row that was written, as `select` or `include` want it. */
async function shaped(
  writing: Writing,
  of: Described,
  row: Row,
  { select, include }: { readonly select?: unknown; readonly include?: unknown },
): Promise<object> {
  if (select === undefined && include === undefined) return row
  const where = Object.fromEntries(of.key.map((name) => [name, row[name]]))
  const [shown] = await writing.rows(of, { where, select, include })
  return shown ?? row
}

function isFromEnd({ take }: Loose): boolean {
  return typeof take === 'number' && take < 0
}

/** Runs findMany: in one statement, unless a cursor has to be looked up first. */
async function find(source: Source, of: Described, args: Loose, tables: Describe): Promise<object[]> {
  const { cursor, distinct, take, skip, ...rest } = args
  const isWhole = distinct !== undefined
  const last = isFromEnd(args)
  const scope = new Scope(tables)
  const begun = scope.begin(of.name)
  // Rows that are left out by distinct do not count for skip and take.
  const bounds = isWhole ? {} : { skip, take: last ? -Number(take) : take }
  const names = distinct === undefined ? [] : Array.isArray(distinct) ? distinct.map(String) : [String(distinct)]
  const added = isLoose(rest.select) ? names.filter((name) => (rest.select as Loose)[name] !== true) : []
  const columns = isLoose(rest.select)
    ? { select: { ...rest.select, ...Object.fromEntries(added.map((name) => [name, true])) } }
    : {}
  let select = lowerFind({ ...rest, ...columns, ...bounds }, begun, scope)
  if (cursor !== undefined || last) {
    const order = total(select.orderBy, of, begun.alias)
    select = { ...select, orderBy: last ? reversed(order) : order }
  }
  const rows = await source.read(async (run) => {
    if (cursor === undefined) return run(select)
    const at = await lookedUp(run, of, cursor, rest, tables)
    return at === undefined ? [] : run(filtered(select, from(select.orderBy, at)))
  }, cursor === undefined)
  if (last) rows.reverse()
  if (!isWhole) return rows
  const unique = firstOf(rows as Loose[], names).map((row) => without(row, added))
  const start = typeof skip === 'number' ? skip : 0
  if (typeof take !== 'number') return unique.slice(start)
  return last ? unique.slice(take) : unique.slice(start, start + take)
}

/** The values of an order in the row that a cursor names; undefined when there is none. */
async function lookedUp(
  run: Runner,
  of: Described,
  cursor: unknown,
  args: Loose,
  tables: Describe,
): Promise<unknown[] | undefined> {
  const scope = new Scope(tables)
  const begun = scope.begin(of.name)
  const order = total(lowerOrder(args.orderBy, of, begun.alias, scope), of, begun.alias)
  const select = lowerFind({ where: cursor }, begun, scope)
  const columns = order.map(({ expr }, at) => ({ expr, as: `o${at}` }))
  const [row] = (await run({ ...select, columns, limit: value(1) })) as Loose[] // of those columns
  return row === undefined ? undefined : columns.map(({ as }) => row[as])
}

function without(row: Loose, names: readonly string[]): Loose {
  return names.length === 0 ? row : Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)))
}

/** The first row of each set of equal values. */
function firstOf(rows: readonly Loose[], names: readonly string[]): Loose[] {
  const seen = new Set<string>()
  return rows.filter((row) => {
    const key = JSON.stringify(names.map((name) => String(row[name])))
    return !seen.has(key) && seen.add(key)
  })
}
