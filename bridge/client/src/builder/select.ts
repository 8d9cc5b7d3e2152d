/**
 * The fluent builder. It is immutable: each step returns a new query, so a
 * query may be kept, shared and refined. It makes the tree that the core turns
 * into SQL, where every value is bound and every identifier quoted; no SQL
 * text is made here.
 */

import { failure } from '../error.ts'
import type { CallOptions } from '../session.ts'
import {
  type Expr,
  type Select,
  type JoinKind,
  type Nulls,
  type Order,
  type TableRef as TableName,
  FullJoin,
  InnerJoin,
  LeftJoin,
  RightJoin,
  ExprStar,
} from '../gen/query.ts'
import type { Schema } from '../gen/schema.ts'
import type { LiveQuery } from '../live.ts'
import { and, col, column, compare, conditions, count, isExpression, node, or, value, type Expression } from './expr.ts'
import { noted } from './made.ts'
import type {
  Chosen,
  ColumnOf,
  Comparand,
  Conditions,
  Joined,
  Nullable,
  NullableScope,
  NullableTable,
  OperatorFor,
  RowAt,
  RowIn,
  Scoped,
  Selectable,
  Selected,
  TableAt,
  TableRef,
  Tables,
  TypeOf,
  Widened,
} from './scope.ts'

/** How a builder reaches the database. */
export interface QueryRunner {
  run(ast: Select, options?: CallOptions): Promise<object[]>
  watch(ast: Select): unknown
  /** The schema in force, or null before it is known. */
  schema(): Schema | null
  /** What the queries around this one call their tables. */
  readonly outer?: readonly string[]
}

/** A table to join and when its rows are partners: what `related` of `@rockpool/client/expr` makes. */
export interface Partner<E extends string, Table> {
  readonly table: TableName
  readonly on: Expression<boolean | null>
  readonly as?: E
  readonly of?: Table
}

/** By the order of nulls (query.Nulls), twice. */
const DIRECTIONS = ['asc', 'desc', 'asc nulls first', 'desc nulls first', 'asc nulls last', 'desc nulls last'] as const

/** How `orderBy` sorts. NULLs come last when ascending and first when descending, unless it says otherwise. */
export type Direction = (typeof DIRECTIONS)[number]

type Named = Record<string, Expression<unknown>>

/**
 * A query on its way. `Scope` is the tables it may name columns of, `Out` its rows, `Picked` whether columns were chosen
 * yet; `Mode` is `live` where it can be watched.
 *
 * @example
 * const cheap = db.from('products').select('id', 'name').where('price', '<', 10).orderBy('name').limit(20)
 * const rows = await cheap.all()
 */
export class SelectBuilder<
  DB extends Tables,
  Scope,
  Out,
  Mode extends 'live' | 'once' = 'live',
  Picked extends boolean = false,
> {
  /** The query's tree. Never change it. */
  readonly ast: Select
  /** Not for applications: what it runs on. */
  readonly runner: QueryRunner

  constructor(runner: QueryRunner, ast: Select) {
    this.runner = runner
    this.ast = ast
    noted(this)
  }

  #with<S = Scope, O = Out, P extends boolean = Picked>(change: Partial<Select>): SelectBuilder<DB, S, O, Mode, P> {
    return new SelectBuilder(this.runner, { ...this.ast, ...change })
  }

  /** Chooses "column", "table.column", any of them "as name", "table.*" or "*". Several calls add up. */
  select<const C extends Selectable<Scope>>(
    ...columns: readonly C[]
  ): SelectBuilder<DB, Scope, Chosen<Out, Picked, Selected<Scope, C>>, Mode, true>
  /** Chooses expressions, named by the object's keys. */
  select<E extends Record<string, Expression<unknown, ColumnOf<Scope>>>>(
    expressions: E,
  ): SelectBuilder<
    DB,
    Scope,
    Chosen<Out, Picked, { [K in keyof E]: E[K] extends Expression<infer T, string> ? T : never }>,
    Mode,
    true
  >
  /** The same, of the query's tables: `(q) => ({ price: q('price') })`. */
  select<E extends Named>(
    make: (q: Scoped<DB, Scope>) => E,
  ): SelectBuilder<
    DB,
    Scope,
    Chosen<Out, Picked, { [K in keyof E]: E[K] extends Expression<infer T, string> ? T : never }>,
    Mode,
    true
  >
  select(
    ...columns: readonly (string | Named | ((q: Scoped<DB, Scope>) => Named))[]
  ): SelectBuilder<DB, Scope, never, Mode, true> {
    const added = columns.flatMap((one) =>
      typeof one === 'string'
        ? [named(one)]
        : Object.entries(this.#made(one)).map(([as, expression]) => ({ expr: expression.node, as })),
    )
    return this.#with({ columns: [...this.ast.columns, ...added] })
  }

  /** What a clause is about: itself, or what a function makes of the query's tables. */
  #made<T>(of: T | ((q: never) => T)): T {
    if (typeof of !== 'function') return of as T
    const q = (of: Term, ...[op, to]: readonly unknown[]) => {
      const left = expr(of)
      return noted({ node: op === undefined ? left : compare(left, op as string, to, left.name) }) // as Scoped has it
    }
    return (of as (q: unknown) => T)(Object.assign(q, this)) // nothing else is a function
  }

  /** Drops rows that are the same as another. */
  distinct(): SelectBuilder<DB, Scope, Out, Mode, Picked> {
    return this.#with({ distinct: true })
  }

  /**
   * Keeps rows for which this also holds. In an object, a property that holds an
   * object of operators compares by them: what comes from outside goes in as
   * `where(name, '=', value)`, where it is a value whatever it is.
   */
  where<C extends ColumnOf<Scope>, Op extends OperatorFor<TypeOf<Scope, C>>>(
    name: C,
    op: Op,
    to: Comparand<TypeOf<Scope, C>, Op>,
  ): SelectBuilder<DB, Scope, Out, Mode, Picked>
  where(all: Conditions<Scope>): SelectBuilder<DB, Scope, Out, Mode, Picked>
  where(expression: Expression<unknown, ColumnOf<Scope>>): SelectBuilder<DB, Scope, Out, Mode, Picked>
  /** The same, of the query's tables: `(q) => or(q('price', '<', 10), q('name', 'like', 'A%'))`. */
  where(make: (q: Scoped<DB, Scope>) => Expression<boolean | null>): SelectBuilder<DB, Scope, Out, Mode, Picked>
  where(first: unknown, op?: string, to?: unknown): SelectBuilder<DB, Scope, Out, Mode, Picked> {
    return this.#filter('where', and, condition(this.#made(first), op, to))
  }

  /** Keeps rows for which what was asked so far holds, or this. */
  orWhere<C extends ColumnOf<Scope>, Op extends OperatorFor<TypeOf<Scope, C>>>(
    name: C,
    op: Op,
    to: Comparand<TypeOf<Scope, C>, Op>,
  ): SelectBuilder<DB, Scope, Out, Mode, Picked>
  orWhere(all: Conditions<Scope>): SelectBuilder<DB, Scope, Out, Mode, Picked>
  orWhere(make: (q: Scoped<DB, Scope>) => Expression<boolean | null>): SelectBuilder<DB, Scope, Out, Mode, Picked>
  orWhere(first: unknown, op?: string, to?: unknown): SelectBuilder<DB, Scope, Out, Mode, Picked> {
    return this.#filter('where', or, condition(this.#made(first), op, to))
  }

  #filter(
    clause: 'where' | 'having',
    how: typeof and,
    added: Expr | undefined,
  ): SelectBuilder<DB, Scope, Out, Mode, Picked> {
    const all = [this.ast[clause], added].filter((one) => one != null)
    return this.#with({ [clause]: how(all) ?? null })
  }

  /**
   * Adds the columns of rows of another table ("name" or "name as alias") whose `right` equals `left`, or for which a test
   * holds; rows without a partner go.
   */
  join<const E extends TableRef<DB>>(
    table: E,
    left: ColumnOf<Joined<Scope, E, TableAt<DB, E>>>,
    right: ColumnOf<Joined<Scope, E, TableAt<DB, E>>>,
  ): JoinedBuilder<DB, Joined<Scope, E, TableAt<DB, E>>, Out, RowAt<DB, E>, Mode, Picked>
  /** The same, by a test: `(q) => q('a.id', '=', q('b.a_id'))`. */
  join<const E extends TableRef<DB>>(
    table: E,
    on: (q: Scoped<DB, Joined<Scope, E, TableAt<DB, E>>>) => Expression<boolean | null>,
  ): JoinedBuilder<DB, Joined<Scope, E, TableAt<DB, E>>, Out, RowAt<DB, E>, Mode, Picked>
  /** The same, by a relation: `(q) => related(q, 'customer')`. */
  join<E extends string, T>(
    make: (q: Scoped<DB, Scope>) => Partner<E, T>,
  ): JoinedBuilder<DB, Joined<Scope, E, T>, Out, RowIn<T>, Mode, Picked>
  join(...join: AnyJoin): unknown {
    return this.#join(InnerJoin, join)
  }

  /** As join, but rows without a partner stay, with nulls. */
  leftJoin<const E extends TableRef<DB>>(
    table: E,
    left: ColumnOf<Joined<Scope, E, NullableTable<TableAt<DB, E>>>>,
    right: ColumnOf<Joined<Scope, E, NullableTable<TableAt<DB, E>>>>,
  ): JoinedBuilder<DB, Joined<Scope, E, NullableTable<TableAt<DB, E>>>, Out, Nullable<RowAt<DB, E>>, Mode, Picked>
  leftJoin<const E extends TableRef<DB>>(
    table: E,
    on: (q: Scoped<DB, Joined<Scope, E, NullableTable<TableAt<DB, E>>>>) => Expression<boolean | null>,
  ): JoinedBuilder<DB, Joined<Scope, E, NullableTable<TableAt<DB, E>>>, Out, Nullable<RowAt<DB, E>>, Mode, Picked>
  leftJoin<E extends string, T>(
    make: (q: Scoped<DB, Scope>) => Partner<E, T>,
  ): JoinedBuilder<DB, Joined<Scope, E, NullableTable<T>>, Out, Nullable<RowIn<T>>, Mode, Picked>
  leftJoin(...join: AnyJoin): unknown {
    return this.#join(LeftJoin, join)
  }

  /** As join, but the other table's rows without a partner come too, with nulls before them. */
  rightJoin<const E extends TableRef<DB>>(
    table: E,
    left: ColumnOf<Joined<NullableScope<Scope>, E, TableAt<DB, E>>>,
    right: ColumnOf<Joined<NullableScope<Scope>, E, TableAt<DB, E>>>,
  ): JoinedBuilder<DB, Joined<NullableScope<Scope>, E, TableAt<DB, E>>, Nullable<Out>, RowAt<DB, E>, Mode, Picked>
  rightJoin<const E extends TableRef<DB>>(
    table: E,
    on: (q: Scoped<DB, Joined<NullableScope<Scope>, E, TableAt<DB, E>>>) => Expression<boolean | null>,
  ): JoinedBuilder<DB, Joined<NullableScope<Scope>, E, TableAt<DB, E>>, Nullable<Out>, RowAt<DB, E>, Mode, Picked>
  rightJoin<E extends string, T>(
    make: (q: Scoped<DB, Scope>) => Partner<E, T>,
  ): JoinedBuilder<DB, Joined<NullableScope<Scope>, E, T>, Nullable<Out>, RowIn<T>, Mode, Picked>
  rightJoin(...join: AnyJoin): unknown {
    return this.#join(RightJoin, join)
  }

  /** Both: nobody goes, and whoever has no partner has nulls for one. */
  fullJoin<const E extends TableRef<DB>>(
    table: E,
    left: ColumnOf<Joined<NullableScope<Scope>, E, NullableTable<TableAt<DB, E>>>>,
    right: ColumnOf<Joined<NullableScope<Scope>, E, NullableTable<TableAt<DB, E>>>>,
  ): JoinedBuilder<
    DB,
    Joined<NullableScope<Scope>, E, NullableTable<TableAt<DB, E>>>,
    Nullable<Out>,
    Nullable<RowAt<DB, E>>,
    Mode,
    Picked
  >
  fullJoin<const E extends TableRef<DB>>(
    table: E,
    on: (q: Scoped<DB, Joined<NullableScope<Scope>, E, NullableTable<TableAt<DB, E>>>>) => Expression<boolean | null>,
  ): JoinedBuilder<
    DB,
    Joined<NullableScope<Scope>, E, NullableTable<TableAt<DB, E>>>,
    Nullable<Out>,
    Nullable<RowAt<DB, E>>,
    Mode,
    Picked
  >
  fullJoin<E extends string, T>(
    make: (q: Scoped<DB, Scope>) => Partner<E, T>,
  ): JoinedBuilder<
    DB,
    Joined<NullableScope<Scope>, E, NullableTable<T>>,
    Nullable<Out>,
    Nullable<RowIn<T>>,
    Mode,
    Picked
  >
  fullJoin(...join: AnyJoin): unknown {
    return this.#join(FullJoin, join)
  }

  #join(kind: JoinKind, [to, on = '', right]: AnyJoin): unknown {
    const left = this.#made<Term>(on)
    const partner =
      typeof to === 'string'
        ? { table: tableRef(to), on: { node: right ? compare(expr(left), '=', col(right), to) : expr(left) } }
        : this.#made(to)
    return this.#with({ joins: [...this.ast.joins, { kind, table: partner.table, on: partner.on.node }] })
  }

  /** One row for each set of equal values. */
  groupBy(
    ...by: readonly (ColumnOf<Scope> | (keyof Out & string) | ((q: Scoped<DB, Scope>) => Expression<unknown>))[]
  ): SelectBuilder<DB, Scope, Out, Mode, Picked> {
    return this.#with({ groupBy: [...this.ast.groupBy, ...by.map((one) => expr(this.#made<Term>(one)))] })
  }

  /** Keeps groups for which this also holds. */
  having<T, Op extends OperatorFor<T>>(
    left: Expression<T, ColumnOf<Scope>>,
    op: Op,
    to: Comparand<T, Op>,
  ): SelectBuilder<DB, Scope, Out, Mode, Picked>
  having(make: (q: Scoped<DB, Scope>) => Expression<boolean | null>): SelectBuilder<DB, Scope, Out, Mode, Picked>
  having(first: unknown, op?: string, to?: unknown): SelectBuilder<DB, Scope, Out, Mode, Picked> {
    return this.#filter('having', and, condition(this.#made(first), op, to))
  }

  /** Sorts; several calls refine. NULLs come last when ascending, first when descending, as in Postgres, or as the direction says. @throws `invalid_argument` for another direction. */
  orderBy(
    by:
      | ColumnOf<Scope>
      | (keyof Out & string)
      | Expression<unknown, ColumnOf<Scope> | (keyof Out & string)>
      | ((q: Scoped<DB, Scope>) => Expression<unknown>),
    direction: Direction = 'asc',
  ): SelectBuilder<DB, Scope, Out, Mode, Picked> {
    const at = DIRECTIONS.indexOf(direction)
    if (at < 0)
      throw failure(
        'invalid_argument',
        'build order by',
        `${JSON.stringify(direction)} is no direction`,
        'sort ' + DIRECTIONS.join(', '),
      )
    const term: Order = { expr: expr(this.#made<Term>(by)), desc: at % 2 > 0, nulls: (at >> 1) as Nulls } // as the list has them
    return this.#with({ orderBy: [...this.ast.orderBy, term] })
  }

  /** At most this many rows. */
  limit(rows: number): SelectBuilder<DB, Scope, Out, Mode, Picked> {
    return this.#with({ limit: value(rows, 'limit') })
  }

  /** Leaves out the first rows. */
  offset(rows: number): SelectBuilder<DB, Scope, Out, Mode, Picked> {
    return this.#with({ offset: value(rows, 'offset') })
  }

  /** Runs it. Boolean columns are true and false; other values are SQLite's. @throws `unknown_table`, `unknown_column`, `type_mismatch`, `deadline_exceeded`, `cancelled`. */
  all(options?: CallOptions): Promise<Out[]> {
    return this.runner.run(this.ast, options) as Promise<Out[]> // the schema's promise about the rows; the core checks names
  }

  /** The first row, or undefined. */
  async first(options?: CallOptions): Promise<Out | undefined> {
    return (await this.limit(1).all(options))[0]
  }

  /** The number of rows it would return. */
  async count(options?: CallOptions): Promise<number> {
    const { groupBy, distinct, limit, offset } = this.ast
    if (groupBy.length > 0 || distinct || limit || offset) return (await this.all(options)).length
    const columns = [{ expr: count().node, as: 'n' }]
    const [row] = (await this.runner.run({ ...this.ast, columns, orderBy: [] }, options)) as { n: number }[]
    return row?.n ?? 0
  }

  /** Watches it: see LiveQuery. */
  live(): Mode extends 'live' ? LiveQuery<Out> : never {
    return this.runner.watch(this.ast) as Mode extends 'live' ? LiveQuery<Out> : never // as all
  }
}

type JoinedBuilder<
  DB extends Tables,
  S,
  Out,
  Row,
  Mode extends 'live' | 'once',
  Picked extends boolean,
> = SelectBuilder<DB, S, Picked extends true ? Out : Widened<Out, Row>, Mode, Picked>

type Term = string | Expression<unknown>

type AnyJoin = readonly [
  table: string | ((q: never) => Partner<string, unknown>),
  left?: Term | ((q: never) => Term),
  right?: string,
]

/** A column by its name, or an expression. */
function expr(of: Term): Expr {
  return isExpression(of) ? of.node : column(of)
}

/** An empty query of a table. */
export function emptySelect(table: string): Select {
  return {
    distinct: false,
    columns: [],
    from: tableRef(table),
    joins: [],
    where: null,
    groupBy: [],
    having: null,
    orderBy: [],
    limit: null,
    offset: null,
  }
}

/** A name, and the one behind "as", or "". @throws `invalid_argument` for more. */
function tableRef(text: string): TableName {
  const [name = '', alias = '', ...more] = text.split(/\s+as\s+/i)
  if (more.length > 0)
    throw failure('invalid_argument', 'build query', `${JSON.stringify(text)} names more than one alias`)
  return { name, alias }
}

/** A column of the result, or a star. */
function named(text: string): { expr: Expr; as: string } {
  const { name, alias } = tableRef(text)
  const expr = column(name)
  return { expr: expr.name === '*' ? node(ExprStar, { table: expr.table }) : expr, as: alias }
}

function condition(first: unknown, op: string | undefined, to: unknown): Expr | undefined {
  const isTerm = typeof first === 'string' || isExpression(first)
  if (isTerm && op !== undefined) return compare(expr(first), op, to, String(first))
  if (isExpression(first)) return first.node
  return conditions(first as Record<string, unknown>) // the overloads leave nothing else
}
