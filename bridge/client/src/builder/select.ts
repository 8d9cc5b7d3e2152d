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
  InnerJoin,
  LeftJoin,
  ExprCall,
  ExprCompare,
  ExprStar,
} from '../gen/query.ts'
import {
  and,
  column,
  compare,
  conditions,
  isExpression,
  node,
  noteQuery,
  or,
  value,
  type Expression,
  type Operator,
} from './expr.ts'

/** Tables by name, each a flat interface of its row. */
export type Tables = { readonly [table: string]: object }

/** Tables of a database that was opened without a schema: any name, any column. */
export type UntypedTables = Record<string, Record<string, unknown>>

/** A column of the tables in scope, or "table.column". */
export type ColumnOf<Scope> = (keyof Scope & string) | `${string}.${string}`

/** What a column holds, or unknown for "table.column". */
export type TypeOf<Scope, C> = C extends keyof Scope ? Scope[C] : unknown

/** What a column may be compared to with an operator. */
export type Comparand<T, Op> = Op extends 'in' | 'not in'
  ? readonly T[] | AnyQuery
  : Op extends 'between'
    ? readonly [T, T]
    : T | null | Expression<unknown>

/** An object of conditions, all of which must hold: a value, a list (IN), or operators. */
export type Conditions<Scope> = {
  readonly [C in keyof Scope & string]?:
    | Scope[C]
    | readonly Scope[C][]
    | null
    | { readonly [Op in Operator]?: Comparand<Scope[C], Op> }
} & { readonly [qualified: `${string}.${string}`]: unknown }

/** Any query, where its columns do not matter. */
export interface AnyQuery {
  readonly ast: Select
}

/** How a builder reaches the database. */
export interface QueryRunner {
  run(ast: Select, options?: CallOptions): Promise<object[]>
  watch(ast: Select): unknown
}

type Simplify<T> = { [K in keyof T]: T[K] } & {}

/**
 * A query on its way. `Scope` is the columns it may name, `Out` its rows.
 *
 * @example
 * const cheap = db.from('products').select('id', 'name').where('price', '<', 10).orderBy('name').limit(20)
 * const rows = await cheap.all()
 */
export class SelectBuilder<DB extends Tables, Scope, Out, Live = unknown> {
  /** The query's tree. Never change it. */
  readonly ast: Select
  readonly #runner: QueryRunner

  constructor(runner: QueryRunner, ast: Select) {
    this.#runner = runner
    this.ast = ast
    noteQuery(this)
  }

  #with<S = Scope, O = Out>(change: Partial<Select>): SelectBuilder<DB, S, O, Live> {
    return new SelectBuilder(this.#runner, { ...this.ast, ...change })
  }

  /** Chooses columns of the tables in scope. Several calls add up. */
  select<C extends keyof Scope & string>(
    ...columns: readonly C[]
  ): SelectBuilder<DB, Scope, Simplify<Pick<Scope, C>>, Live>
  /** Chooses expressions, named by the object's keys. */
  select<E extends Record<string, Expression<unknown>>>(
    expressions: E,
  ): SelectBuilder<DB, Scope, Simplify<{ [K in keyof E]: E[K] extends Expression<infer T> ? T : never }>, Live>
  /** Chooses "column", "table.column", "table.*" or any of them "as name". */
  select(...columns: readonly string[]): SelectBuilder<DB, Scope, Record<string, unknown>, Live>
  select(...columns: readonly (string | Record<string, Expression<unknown>>)[]): SelectBuilder<DB, Scope, never, Live> {
    const added = columns.flatMap((one) =>
      typeof one === 'string'
        ? [named(one)]
        : Object.entries(one).map(([as, expression]) => ({ expr: expression.node, as })),
    )
    return this.#with({ columns: [...this.ast.columns, ...added] })
  }

  /** Drops rows that are the same as another. */
  distinct(): SelectBuilder<DB, Scope, Out, Live> {
    return this.#with({ distinct: true })
  }

  /**
   * Keeps rows for which this also holds. In an object, a property that holds an
   * object of operators compares by them: what comes from outside goes in as
   * `where(name, '=', value)`, where it is a value whatever it is.
   */
  where<C extends ColumnOf<Scope>, Op extends Operator>(
    name: C,
    op: Op,
    to: Comparand<TypeOf<Scope, C>, Op>,
  ): SelectBuilder<DB, Scope, Out, Live>
  where(all: Conditions<Scope>): SelectBuilder<DB, Scope, Out, Live>
  where(expression: Expression<unknown>): SelectBuilder<DB, Scope, Out, Live>
  where(first: unknown, op?: string, to?: unknown): SelectBuilder<DB, Scope, Out, Live> {
    return this.#filter(this.ast.where, and, condition(first, op, to))
  }

  /** Keeps rows for which what was asked so far holds, or this. */
  orWhere<C extends ColumnOf<Scope>, Op extends Operator>(
    name: C,
    op: Op,
    to: Comparand<TypeOf<Scope, C>, Op>,
  ): SelectBuilder<DB, Scope, Out, Live>
  orWhere(all: Conditions<Scope>): SelectBuilder<DB, Scope, Out, Live>
  orWhere(first: unknown, op?: string, to?: unknown): SelectBuilder<DB, Scope, Out, Live> {
    return this.#filter(this.ast.where, or, condition(first, op, to))
  }

  #filter(before: Expr | null, how: typeof and, added: Expr | undefined): SelectBuilder<DB, Scope, Out, Live> {
    if (added === undefined) return this
    const where = before === null ? added : how([before, added])
    return where === undefined ? this : this.#with({ where })
  }

  /** Adds the columns of rows of another table whose `right` equals `left`; rows without a partner go. */
  join<T extends keyof DB & string>(
    table: T,
    left: string,
    right: string,
  ): SelectBuilder<DB, Scope & DB[T], Out & DB[T], Live> {
    return this.#join(InnerJoin, table, left, right)
  }

  /** As join, but rows without a partner stay, with nulls. */
  leftJoin<T extends keyof DB & string>(
    table: T,
    left: string,
    right: string,
  ): SelectBuilder<
    DB,
    Scope & { [C in keyof DB[T]]: DB[T][C] | null },
    Out & { [C in keyof DB[T]]: DB[T][C] | null },
    Live
  > {
    return this.#join(LeftJoin, table, left, right)
  }

  #join<S, O>(kind: JoinKind, table: string, left: string, right: string): SelectBuilder<DB, S, O, Live> {
    const on = node(ExprCompare, { name: '=', args: [column(left), column(right)] })
    return this.#with({ joins: [...this.ast.joins, { kind, table: tableRef(table), on }] })
  }

  /** One row for each set of equal values. */
  groupBy(...names: readonly ColumnOf<Scope>[]): SelectBuilder<DB, Scope, Out, Live> {
    return this.#with({ groupBy: [...this.ast.groupBy, ...names.map(column)] })
  }

  /** Keeps groups for which this also holds. */
  having(left: Expression<unknown>, op: Operator, to: unknown): SelectBuilder<DB, Scope, Out, Live> {
    const test = compare(left.node, op, to, 'having')
    const having = this.ast.having === null ? test : and([this.ast.having, test])
    return having === undefined ? this : this.#with({ having })
  }

  /** Sorts; several calls refine. NULLs come last when ascending, first when descending, as in Postgres. @throws `invalid_argument` for another direction. */
  orderBy(
    by: ColumnOf<Scope> | (keyof Out & string) | Expression<unknown>,
    direction: 'asc' | 'desc' = 'asc',
  ): SelectBuilder<DB, Scope, Out, Live> {
    if (direction !== 'asc' && direction !== 'desc') {
      throw failure(
        'invalid_argument',
        'build order by',
        `${JSON.stringify(direction)} is no direction`,
        'sort asc or desc',
      )
    }
    const expr = isExpression(by) ? by.node : column(by)
    return this.#with({ orderBy: [...this.ast.orderBy, { expr, desc: direction === 'desc', nulls: 0 }] })
  }

  /** At most this many rows. */
  limit(rows: number): SelectBuilder<DB, Scope, Out, Live> {
    return this.#with({ limit: value(rows, 'limit') })
  }

  /** Leaves out the first rows. */
  offset(rows: number): SelectBuilder<DB, Scope, Out, Live> {
    return this.#with({ offset: value(rows, 'offset') })
  }

  /** Runs it. Boolean columns are true and false; other values are SQLite's. @throws `unknown_table`, `unknown_column`, `type_mismatch`, `deadline_exceeded`, `cancelled`. */
  all(options?: CallOptions): Promise<Out[]> {
    return this.#runner.run(this.ast, options) as Promise<Out[]> // the schema's promise about the rows; the core checks names
  }

  /** The first row, or undefined. */
  async first(options?: CallOptions): Promise<Out | undefined> {
    return (await this.limit(1).all(options))[0]
  }

  /** The number of rows it would return. */
  async count(options?: CallOptions): Promise<number> {
    const total = { expr: node(ExprCall, { name: 'count', args: [node(ExprStar)] }), as: 'n' }
    const isPlain =
      this.ast.groupBy.length === 0 && !this.ast.distinct && this.ast.limit === null && this.ast.offset === null
    if (isPlain) {
      const [row] = (await this.#runner.run({ ...this.ast, columns: [total], orderBy: [] }, options)) as { n: number }[]
      return row?.n ?? 0
    }
    return (await this.all(options)).length
  }

  /** Watches it: see LiveQuery. */
  live(): Live {
    return this.#runner.watch(this.ast) as Live
  }
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

/** "table" or "table as alias". */
function tableRef(text: string): { name: string; alias: string } {
  const [name, alias] = renamed(text)
  return { name, alias }
}

/** A name, and the one behind "as", or "". @throws `invalid_argument` for more. */
function renamed(text: string): [name: string, as: string] {
  const [name = '', as = '', ...more] = text.split(/\s+as\s+/i)
  if (more.length > 0)
    throw failure('invalid_argument', 'build query', `${JSON.stringify(text)} names more than one alias`)
  return [name, as]
}

function named(text: string): { expr: Expr; as: string } {
  const [name, as] = renamed(text)
  if (name === '*') return { expr: node(ExprStar), as }
  return name.endsWith('.*') ? { expr: node(ExprStar, { table: name.slice(0, -2) }), as } : { expr: column(name), as }
}

function condition(first: unknown, op: string | undefined, to: unknown): Expr | undefined {
  if (typeof first === 'string') return compare(column(first), op ?? '=', to, first)
  if (isExpression(first)) return first.node
  return conditions(first as Record<string, unknown>) // the overloads leave nothing else
}
