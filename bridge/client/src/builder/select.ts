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
import type { LiveQuery } from '../live.ts'
import { and, column, compare, conditions, isExpression, node, or, value, type Expression } from './expr.ts'
import { noted } from './made.ts'
import type {
  Chosen,
  ColumnOf,
  Comparand,
  Conditions,
  Joined,
  Nullable,
  OperatorFor,
  RowAt,
  Selectable,
  Selected,
  TableRef,
  Tables,
  TypeOf,
  Widened,
} from './scope.ts'

/** How a builder reaches the database. */
export interface QueryRunner {
  run(ast: Select, options?: CallOptions): Promise<object[]>
  watch(ast: Select): unknown
}

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
  readonly #runner: QueryRunner

  constructor(runner: QueryRunner, ast: Select) {
    this.#runner = runner
    this.ast = ast
    noted(this)
  }

  #with<S = Scope, O = Out, P extends boolean = Picked>(change: Partial<Select>): SelectBuilder<DB, S, O, Mode, P> {
    return new SelectBuilder(this.#runner, { ...this.ast, ...change })
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
  select(
    ...columns: readonly (string | Record<string, Expression<unknown, string>>)[]
  ): SelectBuilder<DB, Scope, never, Mode, true> {
    const added = columns.flatMap((one) =>
      typeof one === 'string'
        ? [named(one)]
        : Object.entries(one).map(([as, expression]) => ({ expr: expression.node, as })),
    )
    return this.#with({ columns: [...this.ast.columns, ...added] })
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
  where(first: unknown, op?: string, to?: unknown): SelectBuilder<DB, Scope, Out, Mode, Picked> {
    return this.#filter('where', and, condition(first, op, to))
  }

  /** Keeps rows for which what was asked so far holds, or this. */
  orWhere<C extends ColumnOf<Scope>, Op extends OperatorFor<TypeOf<Scope, C>>>(
    name: C,
    op: Op,
    to: Comparand<TypeOf<Scope, C>, Op>,
  ): SelectBuilder<DB, Scope, Out, Mode, Picked>
  orWhere(all: Conditions<Scope>): SelectBuilder<DB, Scope, Out, Mode, Picked>
  orWhere(first: unknown, op?: string, to?: unknown): SelectBuilder<DB, Scope, Out, Mode, Picked> {
    return this.#filter('where', or, condition(first, op, to))
  }

  #filter(
    clause: 'where' | 'having',
    how: typeof and,
    added: Expr | undefined,
  ): SelectBuilder<DB, Scope, Out, Mode, Picked> {
    const before = this.ast[clause]
    const whole = before === null || added === undefined ? added : how([before, added])
    return whole === undefined ? this : this.#with({ [clause]: whole })
  }

  /** Adds the columns of rows of another table ("name" or "name as alias") whose `right` equals `left`; rows without a partner go. */
  join<const E extends TableRef<DB>>(
    table: E,
    left: ColumnOf<Joined<Scope, E, RowAt<DB, E>>>,
    right: ColumnOf<Joined<Scope, E, RowAt<DB, E>>>,
  ): SelectBuilder<
    DB,
    Joined<Scope, E, RowAt<DB, E>>,
    Picked extends true ? Out : Widened<Out, RowAt<DB, E>>,
    Mode,
    Picked
  > {
    return this.#join(InnerJoin, table, left, right)
  }

  /** As join, but rows without a partner stay, with nulls. */
  leftJoin<const E extends TableRef<DB>>(
    table: E,
    left: ColumnOf<Joined<Scope, E, RowAt<DB, E>>>,
    right: ColumnOf<Joined<Scope, E, RowAt<DB, E>>>,
  ): SelectBuilder<
    DB,
    Joined<Scope, E, Nullable<RowAt<DB, E>>>,
    Picked extends true ? Out : Widened<Out, Nullable<RowAt<DB, E>>>,
    Mode,
    Picked
  > {
    return this.#join(LeftJoin, table, left, right)
  }

  #join<S, O>(kind: JoinKind, table: string, left: string, right: string): SelectBuilder<DB, S, O, Mode, Picked> {
    const on = node(ExprCompare, { name: '=', args: [column(left), column(right)] })
    return this.#with({ joins: [...this.ast.joins, { kind, table: tableRef(table), on }] })
  }

  /** One row for each set of equal values. */
  groupBy(...names: readonly (ColumnOf<Scope> | (keyof Out & string))[]): SelectBuilder<DB, Scope, Out, Mode, Picked> {
    return this.#with({ groupBy: [...this.ast.groupBy, ...names.map(column)] })
  }

  /** Keeps groups for which this also holds. */
  having<T, Op extends OperatorFor<T>>(
    left: Expression<T, ColumnOf<Scope>>,
    op: Op,
    to: Comparand<T, Op>,
  ): SelectBuilder<DB, Scope, Out, Mode, Picked> {
    return this.#filter('having', and, compare(left.node, op, to, 'having'))
  }

  /** Sorts; several calls refine. NULLs come last when ascending, first when descending, as in Postgres. @throws `invalid_argument` for another direction. */
  orderBy(
    by: ColumnOf<Scope> | (keyof Out & string) | Expression<unknown, ColumnOf<Scope> | (keyof Out & string)>,
    direction: 'asc' | 'desc' = 'asc',
  ): SelectBuilder<DB, Scope, Out, Mode, Picked> {
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
  limit(rows: number): SelectBuilder<DB, Scope, Out, Mode, Picked> {
    return this.#with({ limit: value(rows, 'limit') })
  }

  /** Leaves out the first rows. */
  offset(rows: number): SelectBuilder<DB, Scope, Out, Mode, Picked> {
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
  live(): Mode extends 'live' ? LiveQuery<Out> : never {
    return this.#runner.watch(this.ast) as Mode extends 'live' ? LiveQuery<Out> : never // as all
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
