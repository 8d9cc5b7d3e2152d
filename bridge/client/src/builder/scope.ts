/**
 * The builder's types: which columns a query may name, what they hold, and what
 * its rows are. A scope is the tables in it by the name that the query has for
 * each: `{ todos: Tables['todos']; l: Tables['lists'] }`. They are mapped types
 * over small objects, looked up by key: the compiler infers nothing from the
 * schema, and a test holds it to a budget (test/budget.test.ts).
 */

import type { Select } from '../gen/query.ts'
import type { Expression, Operator } from './expr.ts'
import type { QueryRunner } from './select.ts'

/** A table's rows, and what an insert and an update of it take. `rockpool generate` writes them, defineSchema infers them. */
export interface TableTypes {
  readonly row: object
  readonly insert: object
  readonly update: object
  /** What its relations lead to, by their names: a table, with `[]` behind it for a list. Without it any name may be one. */
  readonly relations?: object
}

/** Tables by name. */
export type Tables = { readonly [table: string]: TableTypes }

type AnyColumns = Record<string, unknown>

/** Tables of a database that was opened without a schema: any name, any column. */
export type UntypedTables = Record<string, { row: AnyColumns; insert: AnyColumns; update: AnyColumns }>

/** A table in a query: its name, or "name as alias". */
export type TableRef<DB> = (keyof DB & string) | `${keyof DB & string} as ${string}`

/** The table that a reference names. */
export type TableOf<E> = E extends `${infer T} as ${string}` ? T : E

/** What the query calls it. */
export type AliasOf<E> = E extends `${string} as ${infer A}` ? A : E

/** The table that a reference names, as the query has it. */
export type TableAt<DB extends Tables, E> = TableOf<E> extends keyof DB ? DB[TableOf<E>] : never

/** The rows of the table that a reference names. */
export type RowAt<DB extends Tables, E> = TableOf<E> extends keyof DB ? DB[TableOf<E>]['row'] : never

/** The rows of a table of a scope. */
export type RowIn<T> = T extends { readonly row: object } ? T['row'] : never

/** The scope of a query of one table. */
export type ScopeOf<DB extends Tables, E> = { [A in AliasOf<E> & string]: TableAt<DB, E> }

/** A scope with one more table. */
export type Joined<Scope, E, Table> = {
  [A in keyof Scope | (AliasOf<E> & string)]: A extends keyof Scope ? Scope[A] : Table
}

/** Rows that may have no partner. */
export type Nullable<Row> = { [C in keyof Row]: Row[C] | null }

/** A table whose rows may be missing. */
export type NullableTable<T> = {
  readonly row: Nullable<RowIn<T>>
  readonly relations: T extends { readonly relations?: infer R } ? R : unknown
}

/** A scope whose rows may all be missing: those of the tables before a right or full join. */
export type NullableScope<Scope> = { [A in keyof Scope]: NullableTable<Scope[A]> }

/** Rows with the columns of another table: of two of one name, the later is shown. */
export type Widened<Out, Row> = Simplify<Omit<Out, keyof Row> & Row>

export type Simplify<T> = { [K in keyof T]: T[K] } & {}

/** A column of the tables in scope, or "table.column". */
export type ColumnOf<Scope> = {
  [A in keyof Scope & string]: NameIn<A, keyof RowIn<Scope[A]> & string>
}[keyof Scope & string]

/** A name, and the same behind its table's. */
export type NameIn<A extends string, N extends string> = N | `${A}.${N}`

/** What a column holds. */
export type TypeOf<Scope, C> = C extends `${infer A}.${infer N}`
  ? A extends keyof Scope
    ? At<RowIn<Scope[A]>, N>
    : never
  : { [A in keyof Scope]: At<RowIn<Scope[A]>, C> }[keyof Scope]

type At<Row, C> = C extends keyof Row ? Row[C] : never

/** What `select` takes: a column, "column as name", "table.*" or "*". */
export type Selectable<Scope> = ColumnOf<Scope> | `${ColumnOf<Scope>} as ${string}` | `${keyof Scope & string}.*` | '*'

type StarOf<C> = C extends '*' ? C : C extends `${string}.*` ? C : never
type NameOf<C> = C extends `${string} as ${infer A}` ? A : C extends `${string}.${infer N}` ? N : C
type SourceOf<C> = C extends `${infer N} as ${string}` ? N : C
/** The tables that stars stand for. */
type StarScope<Scope, C> = Pick<Scope, (C extends `${infer A}.*` ? A : keyof Scope) & keyof Scope>
type StarRow<Scope> = { [C in { [A in keyof Scope]: keyof RowIn<Scope[A]> }[keyof Scope] & string]: TypeOf<Scope, C> }

/** The columns of a row that `select` gives. */
export type Selected<Scope, C extends string> = [StarOf<C>] extends [never]
  ? { [K in C as NameOf<K> & string]: TypeOf<Scope, SourceOf<K>> }
  : Simplify<
      { [K in Exclude<C, StarOf<C>> as NameOf<K> & string]: TypeOf<Scope, SourceOf<K>> } & StarRow<
        StarScope<Scope, StarOf<C>>
      >
    >

/** Rows after a further `select`: the first replaces all columns, others add to it. */
export type Chosen<Out, Picked, New> = Picked extends true ? Simplify<Omit<Out, keyof New> & New> : New

type Likeness = 'like' | 'not like' | 'ilike' | 'not ilike'
type Equality = '=' | '!=' | '<>' | 'in' | 'not in' | 'is' | 'is not'

/** The operators that make sense for a type: text is like a pattern, truth has no order. */
export type OperatorFor<T> = unknown extends T
  ? Operator
  : [T] extends [string | null]
    ? Operator
    : [T] extends [boolean | null]
      ? Equality
      : Exclude<Operator, Likeness>

/** Any query, where its columns do not matter. */
export interface AnyQuery {
  readonly ast: Select
}

/** What a column may be compared to with an operator. */
export type Comparand<T, Op> = Op extends 'in' | 'not in'
  ? readonly T[] | AnyQuery
  : Op extends 'between'
    ? readonly [T, T]
    : Op extends Likeness
      ? string | Expression<unknown>
      : T | null | Expression<unknown>

/**
 * A query's tables, as its clauses take them: `(q) => q('price', '<', 10)`. A name gives the column, a name or an expression
 * with an operator and a value a test. The functions of `@rockpool/client/expr` put them together.
 */
export interface Scoped<DB extends Tables, Scope> {
  <C extends ColumnOf<Scope>>(name: C): Expression<TypeOf<Scope, C>, C>
  <C extends ColumnOf<Scope>, Op extends OperatorFor<TypeOf<Scope, C>>>(
    name: C,
    op: Op,
    to: TypedComparand<TypeOf<Scope, C>, Op>,
  ): Expression<boolean, C>
  <T, C extends string, Op extends OperatorFor<T>>(
    of: Expression<T, C>,
    op: Op,
    to: TypedComparand<T, Op>,
  ): Expression<boolean, C>
  /** The query so far. */
  readonly ast: Select
  readonly runner: QueryRunner
  readonly db?: DB
  readonly scope?: Scope
}

/** As Comparand, where an expression has to be of the type too. */
export type TypedComparand<T, Op> = Op extends 'in' | 'not in'
  ? readonly (T | Expression<T | null>)[] | AnyQuery
  : Op extends 'between'
    ? readonly [T | Expression<T | null>, T | Expression<T | null>]
    : Op extends Likeness
      ? string | Expression<string | null>
      : T | null | Expression<T | null>

/** An object of conditions, all of which must hold: a value, a list (IN), or operators. */
export type Conditions<Scope> = {
  readonly [C in ColumnOf<Scope>]?:
    | TypeOf<Scope, C>
    | readonly TypeOf<Scope, C>[]
    | null
    | { readonly [Op in OperatorFor<TypeOf<Scope, C>>]?: Comparand<TypeOf<Scope, C>, Op> }
}
