/**
 * Relations by name: a foreign key is one on both of its sides. The side that holds it has it under its column's name
 * without `_id`, the other side under the table's (docs/queries.md).
 */

import { column, count, node, not, type Expression } from '../builder/expr.ts'
import { noted } from '../builder/made.ts'
import type { Conditions, NameIn, Scoped, Tables } from '../builder/scope.ts'
import { emptySelect, SelectBuilder, type Partner } from '../builder/select.ts'
import { failure } from '../error.ts'
import { type Expr, ExprAnd, ExprCompare, ExprRow, ExprRows, ExprSub, type Select } from '../gen/query.ts'
import type { Schema } from '../gen/schema.ts'
import { describe, type Relation } from '../models/relations.ts'
import { exists } from './subquery.ts'

type RelationsOf<T> = T extends { readonly relations: infer R extends object } ? keyof R & string : string

type RelationOf<Scope> = { [A in keyof Scope & string]: NameIn<A, RelationsOf<Scope[A]>> }[keyof Scope & string]

/** A relation of a query's tables: "customer", "orders.customer", and either "as name". */
export type RelationRef<Scope> = RelationOf<Scope> | `${RelationOf<Scope>} as ${string}`

type PathOf<R> = R extends `${infer P} as ${string}` ? P : R
type AliasOf<R> = R extends `${string} as ${infer A}` ? A : R extends `${string}.${infer N}` ? N : R

/** A table of which nothing is known. */
interface AnyTable {
  readonly row: Record<string, unknown>
}

type LeadsFrom<T, N> = T extends { readonly relations: infer R extends object }
  ? N extends keyof R
    ? R[N]
    : never
  : string
type Led<Scope, P> = P extends `${infer A}.${infer N}`
  ? A extends keyof Scope
    ? LeadsFrom<Scope[A], N>
    : string
  : { [A in keyof Scope]: LeadsFrom<Scope[A], P> }[keyof Scope]

type TableAt<DB, X> = X extends `${infer T}[]`
  ? T extends keyof DB
    ? DB[T]
    : AnyTable
  : X extends keyof DB
    ? DB[X]
    : AnyTable

/** The table that a relation leads to. */
type Target<DB, Scope, R> = TableAt<DB, Led<Scope, PathOf<R>>>
type RowIn<T> = T extends { readonly row: infer Row extends object } ? Row : never

/** What the query of a relation's rows may name. */
type Inner<DB, Scope, R> = { [A in AliasOf<R> & string]: Target<DB, Scope, R> }

/** Rows within a row: a list, one row or null, or either where nothing is known. */
type Within<X, Out> = string extends X ? Out[] | Out | null : X extends `${string}[]` ? Out[] : Out | null

type Filter<DB extends Tables, Scope, R> =
  | Conditions<Inner<DB, Scope, R>>
  | ((q: Scoped<DB, Inner<DB, Scope, R>>) => Expression<boolean | null>)

/**
 * The rows that a relation leads to, as a query to refine.
 *
 * @throws `unknown_column` for a relation that there is not, `closed` before the schema is known.
 */
export function follow<DB extends Tables, Scope, const R extends RelationRef<Scope>>(
  q: Scoped<DB, Scope>,
  relation: R,
): SelectBuilder<DB, Inner<DB, Scope, R>, RowIn<Target<DB, Scope, R>>, 'once'> {
  return begin(q, relation).rows
}

/** The relation has a row for which this holds; without a condition, a row. */
export function some<DB extends Tables, Scope, const R extends RelationRef<Scope>>(
  q: Scoped<DB, Scope>,
  relation: R,
  where?: Filter<DB, Scope, R>,
): Expression<boolean> {
  return exists(filtered(begin(q, relation).rows, where))
}

/** The relation has no row for which this holds; without a condition, no row. */
export function none<DB extends Tables, Scope, const R extends RelationRef<Scope>>(
  q: Scoped<DB, Scope>,
  relation: R,
  where?: Filter<DB, Scope, R>,
): Expression<boolean> {
  return noted({ node: not(some(q, relation, where).node) })
}

/** Each row of the relation is one for which this holds; so it is where there are none. What is NULL for a row is passed over. */
export function every<DB extends Tables, Scope, const R extends RelationRef<Scope>>(
  q: Scoped<DB, Scope>,
  relation: R,
  where: Filter<DB, Scope, R>,
): Expression<boolean> {
  const { rows, bare } = begin(q, relation)
  const { where: holds } = filtered(bare, where).ast
  const against = rows.where(noted({ node: not(holds ?? all([])) }))
  return noted({ node: not(exists(against).node) })
}

/** How many rows a relation has, or has for which this holds. */
export function countOf<DB extends Tables, Scope, const R extends RelationRef<Scope>>(
  q: Scoped<DB, Scope>,
  relation: R,
  where?: Filter<DB, Scope, R>,
): Expression<number> {
  const { ast } = filtered(begin(q, relation).rows, where)
  return noted({ node: node(ExprSub, { sub: { ...ast, columns: [{ expr: count().node, as: 'n' }] } }) })
}

/**
 * The rows that a relation leads to, inside the row: a list, or one row or null. `refine` selects, filters, orders and limits
 * them for each row, and may include again. It is one statement however deep.
 *
 * @example
 * db.from('lists').select('name').select((q) => ({
 *   todos: include(q, 'todos', (todos) => todos.select('title').orderBy('stars', 'desc').limit(2)),
 * }))
 */
export function include<DB extends Tables, Scope, const R extends RelationRef<Scope>>(
  q: Scoped<DB, Scope>,
  relation: R,
): Expression<Within<Led<Scope, PathOf<R>>, RowIn<Target<DB, Scope, R>>>>
export function include<DB extends Tables, Scope, const R extends RelationRef<Scope>, Out>(
  q: Scoped<DB, Scope>,
  relation: R,
  refine: (rows: SelectBuilder<DB, Inner<DB, Scope, R>, RowIn<Target<DB, Scope, R>>, 'once'>) => {
    readonly ast: Select
    all(): Promise<Out[]>
  },
): Expression<Within<Led<Scope, PathOf<R>>, Out>>
export function include<DB extends Tables, Scope, const R extends RelationRef<Scope>>(
  q: Scoped<DB, Scope>,
  relation: R,
  refine?: (rows: SelectBuilder<DB, Inner<DB, Scope, R>, RowIn<Target<DB, Scope, R>>, 'once'>) => {
    readonly ast: Select
  },
): Expression<unknown> {
  const { rows, isMany } = begin(q, relation)
  return noted({ node: node(isMany ? ExprRows : ExprRow, { sub: (refine?.(rows) ?? rows).ast }) })
}

/**
 * The table that a relation leads to, to join: `join((q) => related(q, 'customer'))`. The query calls it by the relation's
 * name, or the one behind "as".
 */
export function related<DB extends Tables, Scope, const R extends RelationRef<Scope>>(
  q: Scoped<DB, Scope>,
  relation: R,
): Partner<AliasOf<R> & string, Target<DB, Scope, R>> {
  const { from, where } = begin(q, relation).rows.ast
  return { table: from, on: noted({ node: where ?? all([]) }) }
}

/** Begins a query of the rows that a relation leads to. */
function begin<DB extends Tables, Scope, R extends string>(
  q: Scoped<DB, Scope>,
  text: R,
): {
  readonly rows: SelectBuilder<DB, Inner<DB, Scope, R>, RowIn<Target<DB, Scope, R>>, 'once'>
  /** The same without the tie to the row that they are of. */
  readonly bare: SelectBuilder<DB, Inner<DB, Scope, R>, RowIn<Target<DB, Scope, R>>, 'once'>
  readonly isMany: boolean
} {
  const [path = '', as, ...more] = text.split(/\s+as\s+/i)
  if (more.length > 0) throw wrong(path, `${JSON.stringify(text)} names more than one alias`)
  const tables = [q.ast.from, ...q.ast.joins.map((join) => join.table)].map(({ name, alias }) => ({
    name,
    called: alias || name,
  }))
  const { relation, called, name } = find(q.runner.schema(), tables, path)
  const alias = as ?? name
  const outer = [...(q.runner.outer ?? []), ...tables.map((table) => table.called)]
  if (outer.includes(alias))
    throw wrong(path, `two tables are called ${alias}`, `write ${JSON.stringify(path + ' as …')}`)
  const on = relation.there.map((there, at) =>
    node(ExprCompare, {
      name: '=',
      args: [column(`${alias}.${there}`), column(`${called}.${relation.here[at] ?? ''}`)],
    }),
  )
  const ast = { ...emptySelect(relation.table), from: { name: relation.table, alias } }
  const { runner } = q
  const inner = {
    run: runner.run.bind(runner),
    watch: runner.watch.bind(runner),
    schema: runner.schema.bind(runner),
    outer,
  }
  return {
    rows: new SelectBuilder(inner, { ...ast, where: all(on) }),
    bare: new SelectBuilder(inner, ast),
    isMany: relation.isMany,
  }
}

/** The relation of a name, and the table that has it. */
function find(
  schema: Schema | null,
  tables: readonly { readonly name: string; readonly called: string }[],
  path: string,
): { readonly relation: Relation; readonly called: string; readonly name: string } {
  if (schema === null)
    throw failure('closed', `follow ${path}`, 'the schema is not known yet', 'await db.ready, or open with a schema')
  const dot = path.indexOf('.')
  const name = path.slice(dot + 1)
  const asked = tables.filter((table) => dot < 0 || table.called === path.slice(0, dot))
  const known = asked.map((table) => ({ ...table, relations: describe(schema, table.name).relations }))
  const found = known.flatMap(({ called, relations }) => {
    const relation = relations.get(name)
    return relation === undefined ? [] : [{ relation, called, name }]
  })
  const [first, second] = found
  if (second !== undefined) throw wrong(path, 'more than one table has it', `write ${second.called}.${name}`)
  if (first !== undefined) return first
  const names = known.flatMap(({ relations }) => [...relations.keys()])
  throw failure(
    'unknown_column',
    `follow ${path}`,
    `there is no relation ${JSON.stringify(name)}`,
    names.length > 0 ? 'there are ' + names.join(', ') : 'no foreign key leads from or to these tables',
  )
}

function wrong(path: string, message: string, hint = '') {
  return failure('invalid_argument', `follow ${path}`, message, hint)
}

function filtered<DB extends Tables, S, Out, Mode extends 'live' | 'once'>(
  rows: SelectBuilder<DB, S, Out, Mode>,
  where: Conditions<S> | ((q: Scoped<DB, S>) => Expression<boolean | null>) | undefined,
): SelectBuilder<DB, S, Out, Mode> {
  if (where === undefined) return rows
  return typeof where === 'function' ? rows.where(where) : rows.where(where)
}

function all(args: Expr[]): Expr {
  return node(ExprAnd, { args })
}
