/** Prisma's writes as operations of one transaction: their nested writes too. */

import type { Row } from '../chunk.ts'
import { failure } from '../error.ts'
import type { Select } from '../gen/query.ts'
import type { DatabaseOperation } from '../operations.ts'
import { lowerFind } from './find.ts'
import { noProperty, type Described, type Relation } from './relations.ts'
import { isLoose, type Loose, type Scope } from './where.ts'

/** An open transaction. */
export interface Writer {
  run(select: Select): Promise<object[]>
  execute(...operations: readonly DatabaseOperation[]): Promise<Row[]>
}

/** Operations sent at once. */
const STEP = 1_000

/** The writes of models inside one transaction. */
export class Writing {
  readonly #tx: Writer
  readonly #scope: Scope
  constructor(tx: Writer, scope: Scope) {
    this.#tx = tx
    this.#scope = scope
  }

  /** Writes a row, what it belongs to before it, what belongs to it after it. */
  async create(of: Described, data: unknown): Promise<Row> {
    const { scalars, relations } = this.#split(of, data, 'create')
    for (const [relation, writes] of relations)
      if (relation.isHolder) Object.assign(scalars, await this.#attached(relation, writes))
    const row = await this.#one({ type: 'insert', table: of.name, data: scalars })
    for (const [relation, writes] of relations) if (!relation.isHolder) await this.#children(relation, row, writes)
    return row
  }

  /** Writes rows without nested writes. `isSkipping` leaves out those whose key or unique columns are taken. */
  async createMany(of: Described, data: unknown, isSkipping: boolean): Promise<Row[]> {
    const rows = listOf(data).map((one) => this.#split(of, one, 'create').scalars)
    if (isSkipping) {
      const made: Row[] = []
      for (const row of rows)
        if (!(await this.#isTaken(of, row))) made.push(await this.#one({ type: 'insert', table: of.name, data: row }))
      return made
    }
    return this.#all(rows.map((one) => ({ type: 'insert', table: of.name, data: one })))
  }

  async #isTaken(of: Described, row: Loose): Promise<boolean> {
    for (const unique of of.uniques) {
      const where = Object.fromEntries(unique.map((name) => [name, row[name]]))
      if (unique.some((name) => where[name] === undefined || where[name] === null)) continue
      if ((await this.find(of, where)) !== undefined) return true
    }
    return false
  }

  /** The first row that meets a condition. */
  async find(of: Described, where: unknown): Promise<Row | undefined> {
    return (await this.rows(of, { where, take: 1 }))[0]
  }

  /** Rows by the arguments of a read. */
  async rows(of: Described, args: Loose): Promise<Row[]> {
    return (await this.#tx.run(lowerFind(args, this.#scope.begin(of.name), this.#scope))) as Row[] // of the columns asked for
  }

  /** The row that `where` names. @throws `not_found`. */
  async mustFind(of: Described, where: unknown, op: string): Promise<Row> {
    if (!isLoose(where) || Object.values(where).every((one) => one === undefined))
      throw failure('invalid_argument', `${op} ${of.name}`, 'where names no row', 'give its key, or unique columns')
    const row = await this.find(of, where)
    if (row === undefined)
      throw failure('not_found', `${op} ${of.name}`, 'no row meets where', 'read first, or use upsert')
    return row
  }

  /** Changes a row that was read, and does the nested writes; the row after it. */
  async update(of: Described, row: Row, data: unknown): Promise<Row> {
    const { scalars, relations } = this.#split(of, data, 'update')
    const deletions: (() => Promise<void>)[] = []
    for (const [relation, writes] of relations) {
      if (!relation.isHolder) continue
      const { changed, doomed } = await this.#parent(relation, row, writes)
      Object.assign(scalars, changed)
      if (doomed !== undefined) deletions.push(doomed)
    }
    let after = row
    for (const operation of changes(of, row, scalars)) after = await this.#one(operation)
    for (const run of deletions) await run()
    for (const [relation, writes] of relations) if (!relation.isHolder) await this.#children(relation, after, writes)
    return after
  }

  /** Changes every row that meets a condition; their number. */
  async updateMany(of: Described, where: unknown, data: unknown): Promise<number> {
    const { scalars, relations } = this.#split(of, data, 'update')
    if (relations.length > 0)
      throw failure(
        'invalid_argument',
        `update ${of.name}`,
        'updateMany has no nested writes',
        'update one row at a time',
      )
    const rows = await this.rows(of, { where })
    await this.#all(rows.flatMap((row) => changes(of, row, scalars)))
    return rows.length
  }

  /** Deletes rows that were read. */
  async remove(of: Described, rows: readonly Row[]): Promise<void> {
    await this.#all(rows.map((row) => ({ type: 'delete', table: of.name, data: keyOf(of, row) })))
  }

  async upsert(of: Described, where: unknown, create: unknown, update: unknown): Promise<Row> {
    const row = await this.find(of, where)
    return row === undefined ? this.create(of, create) : this.update(of, row, update)
  }

  async #one(operation: DatabaseOperation): Promise<Row> {
    return (await this.#tx.execute(operation))[0] ?? {}
  }

  async #all(operations: readonly DatabaseOperation[]): Promise<Row[]> {
    const rows: Row[] = []
    for (let at = 0; at < operations.length; at += STEP)
      rows.push(...(await this.#tx.execute(...operations.slice(at, at + STEP))))
    return rows
  }

  #split(
    of: Described,
    data: unknown,
    op: string,
  ): { scalars: Record<string, unknown>; relations: [Relation, Loose][] } {
    if (!isLoose(data)) throw failure('invalid_argument', `${op} ${of.name}`, 'data takes an object')
    const scalars: Record<string, unknown> = {}
    const relations: [Relation, Loose][] = []
    for (const [name, given] of Object.entries(data)) {
      if (given === undefined) continue
      const relation = of.relations.get(name)
      if (of.columns.includes(name)) scalars[name] = given
      else if (relation === undefined) throw noProperty(of, name, `${op} ${of.name}`)
      else if (isLoose(given)) relations.push([relation, given])
      else
        throw failure(
          'invalid_argument',
          `${op} ${of.name}`,
          `${name} is a relation`,
          'give { create }, { connect } or another nested write',
        )
    }
    return { scalars, relations }
  }

  /** The columns that attach a new row to the one that it belongs to. */
  async #attached(relation: Relation, writes: Loose): Promise<Loose> {
    const of = this.#scope.describe(relation.table)
    let row: Row | undefined
    for (const [name, given] of Object.entries(writes)) {
      if (given === undefined) continue
      if (name === 'create') row = await this.create(of, given)
      else if (name === 'connect') row = await this.mustFind(of, given, 'connect')
      else if (name === 'connectOrCreate') row = await this.#connectOrCreate(of, given)
      else throw noWrite(of, name, 'create, connect, connectOrCreate')
    }
    return row === undefined ? {} : pairs(relation.here, relation.there, row)
  }

  async #connectOrCreate(of: Described, given: unknown): Promise<Row> {
    if (!isLoose(given))
      throw failure('invalid_argument', `connect ${of.name}`, 'connectOrCreate takes { where, create }')
    return (await this.find(of, given.where)) ?? this.create(of, given.create)
  }

  /** Writes to the row that another one belongs to: the columns of that other one which change, and what to delete once they have. */
  async #parent(
    relation: Relation,
    row: Row,
    writes: Loose,
  ): Promise<{ changed: Loose; doomed: (() => Promise<void>) | undefined }> {
    const of = this.#scope.describe(relation.table)
    const parent = () => this.mustFind(of, pairs(relation.there, relation.here, row), 'update')
    const detached = Object.fromEntries(relation.here.map((name) => [name, null]))
    let changed: Loose = {}
    let doomed: (() => Promise<void>) | undefined
    for (const [name, given] of Object.entries(writes)) {
      if (given === undefined || given === false) continue
      switch (name) {
        case 'create':
        case 'connect':
        case 'connectOrCreate':
          changed = { ...changed, ...(await this.#attached(relation, { [name]: given })) }
          break
        case 'disconnect':
          changed = { ...changed, ...detached }
          break
        case 'update':
          await this.update(of, await parent(), isLoose(given) && isLoose(given.data) ? given.data : given)
          break
        case 'upsert': {
          if (!isLoose(given)) throw failure('invalid_argument', `upsert ${of.name}`, 'upsert takes { create, update }')
          const found = await this.find(of, pairs(relation.there, relation.here, row))
          if (found === undefined)
            changed = { ...changed, ...(await this.#attached(relation, { create: given.create })) }
          else await this.update(of, found, given.update)
          break
        }
        case 'delete': {
          const found = await parent()
          changed = { ...changed, ...detached }
          doomed = () => this.remove(of, [found])
          break
        }
        default:
          throw noWrite(of, name, 'create, connect, connectOrCreate, disconnect, update, upsert, delete')
      }
    }
    return { changed, doomed }
  }

  /** Writes to the rows that belong to `row`. */
  async #children(relation: Relation, row: Row, writes: Loose): Promise<void> {
    const of = this.#scope.describe(relation.table)
    const attached = pairs(relation.there, relation.here, row)
    const detached = Object.fromEntries(relation.there.map((name) => [name, null]))
    /** The children that meet a condition; it must name one that is there when `isOne`. */
    const own = async (where: unknown, op: string, isOne: boolean): Promise<Row[]> => {
      const rows = await this.rows(of, {
        where: { AND: [attached, where === true || where === undefined ? {} : where] },
      })
      if (isOne && rows.length === 0)
        throw failure('not_found', `${op} ${of.name}`, 'no row of this relation meets where')
      return rows
    }
    for (const [name, given] of Object.entries(writes)) {
      if (given === undefined || given === false) continue
      const list = listOf(given)
      switch (name) {
        case 'create':
          for (const one of list) await this.create(of, isLoose(one) ? { ...one, ...attached } : one)
          break
        case 'createMany': {
          const { data, skipDuplicates } = isLoose(given) ? given : {}
          await this.createMany(
            of,
            listOf(data).map((one) => (isLoose(one) ? { ...one, ...attached } : one)),
            skipDuplicates === true,
          )
          break
        }
        case 'connect':
          for (const where of list) await this.update(of, await this.mustFind(of, where, 'connect'), attached)
          break
        case 'connectOrCreate':
          for (const one of list) {
            if (!isLoose(one))
              throw failure('invalid_argument', `connect ${of.name}`, 'connectOrCreate takes { where, create }')
            const found = await this.find(of, one.where)
            if (found !== undefined) await this.update(of, found, attached)
            else await this.create(of, isLoose(one.create) ? { ...one.create, ...attached } : one.create)
          }
          break
        case 'disconnect':
          for (const where of list)
            for (const child of await own(where, 'disconnect', relation.isMany)) await this.update(of, child, detached)
          break
        case 'set': {
          for (const child of await own({}, 'set', false)) await this.update(of, child, detached)
          for (const where of list) await this.update(of, await this.mustFind(of, where, 'set'), attached)
          break
        }
        case 'delete':
          for (const where of list) await this.remove(of, await own(where, 'delete', true))
          break
        case 'deleteMany':
          for (const where of list) await this.remove(of, await own(where, 'delete', false))
          break
        case 'update':
          for (const one of list) {
            const { where, data } = isLoose(one) && isLoose(one.data) ? one : { where: {}, data: one }
            for (const child of await own(where, 'update', true)) await this.update(of, child, data)
          }
          break
        case 'updateMany':
          for (const one of list) {
            if (!isLoose(one))
              throw failure('invalid_argument', `update ${of.name}`, 'updateMany takes { where, data }')
            for (const child of await own(one.where, 'update', false)) await this.update(of, child, one.data)
          }
          break
        case 'upsert':
          for (const one of list) {
            if (!isLoose(one))
              throw failure('invalid_argument', `upsert ${of.name}`, 'upsert takes { where, create, update }')
            const [child] = await own(one.where, 'upsert', false)
            if (child !== undefined) await this.update(of, child, one.update)
            else await this.create(of, isLoose(one.create) ? { ...one.create, ...attached } : one.create)
          }
          break
        default:
          throw noWrite(
            of,
            name,
            'create, createMany, connect, connectOrCreate, disconnect, set, update, updateMany, upsert, delete, deleteMany',
          )
      }
    }
  }
}

function noWrite(of: Described, name: string, known: string): Error {
  return failure(
    'invalid_argument',
    `write ${of.name}`,
    `there is no nested write ${JSON.stringify(name)}`,
    `nested writes are ${known}`,
  )
}

function listOf(of: unknown): readonly unknown[] {
  return Array.isArray(of) ? of : [of]
}

/** `{ left[i]: row[right[i]] }`. */
function pairs(left: readonly string[], right: readonly string[], row: Row): Record<string, unknown> {
  return Object.fromEntries(left.map((name, at) => [name, row[right[at] ?? '']]))
}

function keyOf(of: Described, row: Row): Record<string, unknown> {
  return pairs(of.key, of.key, row)
}

const ARITHMETIC = ['increment', 'decrement', 'multiply', 'divide'] as const

/** The operations that change a row: increments on their own, so that they add up with those of others. */
function changes(of: Described, row: Row, scalars: Loose): DatabaseOperation[] {
  const set: Record<string, unknown> = {}
  const add: Record<string, unknown> = {}
  for (const [name, given] of Object.entries(scalars)) {
    const how = isLoose(given) ? ARITHMETIC.find((one) => one in given) : undefined
    if (how === undefined || !isLoose(given)) {
      set[name] = isLoose(given) && Object.keys(given).length === 1 && 'set' in given ? given.set : given
      continue
    }
    const by = given[how]
    if (typeof by !== 'number' && typeof by !== 'bigint')
      throw failure('invalid_argument', `update ${of.name}.${name}`, `${how} takes a number`)
    if (how === 'increment') add[name] = by
    else if (how === 'decrement') add[name] = -by
    else set[name] = scaled(row[name], how, Number(by))
  }
  for (const name of of.key)
    if (name in add || (name in set && set[name] !== row[name]))
      throw failure(
        'invalid_argument',
        `update ${of.name}`,
        `${name} is part of the key, which does not change`,
        'insert another row and delete this one',
      )
  const key = keyOf(of, row)
  const operations: DatabaseOperation[] = []
  if (Object.keys(set).length > 0) operations.push({ type: 'update', table: of.name, data: { ...set, ...key } })
  if (Object.keys(add).length > 0) operations.push({ type: 'increment', table: of.name, data: { ...add, ...key } })
  return operations
}

function scaled(before: unknown, how: 'multiply' | 'divide', by: number): unknown {
  if (before === null || before === undefined) return null
  const number = Number(before)
  return how === 'multiply' ? number * by : number / by
}
