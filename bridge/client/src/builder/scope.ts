/**
 * The builder's types: which columns a query may name, what they hold, and what
 * its rows are. A scope is the tables in it by the name that the query has for
 * each: `{ todos: TodosRow; l: ListsRow }`. They are mapped types over small
 * objects, looked up by key: the compiler infers nothing from the schema, and a
 * test holds it to a budget (test/budget.test.ts).
 */

import type { Select } from '../gen/query.ts'
import type { Expression, Operator } from './expr.ts'

/** A table's rows, and what an insert and an update of it take. `rockpool generate` writes them, defineSchema infers them. */
export interface TableTypes {
  readonly row: object
  readonly insert: object
  readonly update: object
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

/** The rows of the table that a reference names. */
export type RowAt<DB extends Tables, E> = TableOf<E> extends keyof DB ? DB[TableOf<E>]['row'] : never

/** The scope of a query of one table. */
export type ScopeOf<DB extends Tables, E> = { [A in AliasOf<E> & string]: RowAt<DB, E> }

/** A scope with one more table. */
export type Joined<Scope, E, Row> = {
  [A in keyof Scope | (AliasOf<E> & string)]: A extends keyof Scope ? Scope[A] : Row
}

/** Rows that may have no partner. */
export type Nullable<Row> = { [C in keyof Row]: Row[C] | null }

/** Rows with the columns of another table: of two of one name, the later is shown. */
export type Widened<Out, Row> = Simplify<Omit<Out, keyof Row> & Row>

export type Simplify<T> = { [K in keyof T]: T[K] } & {}

/** A column of the tables in scope, or "table.column". */
export type ColumnOf<Scope> = {
  [A in keyof Scope & string]: (keyof Scope[A] & string) | `${A}.${keyof Scope[A] & string}`
}[keyof Scope & string]

/** What a column holds. */
export type TypeOf<Scope, C> = C extends `${infer A}.${infer N}`
  ? A extends keyof Scope
    ? N extends keyof Scope[A]
      ? Scope[A][N]
      : never
    : never
  : { [A in keyof Scope]: C extends keyof Scope[A] ? Scope[A][C] : never }[keyof Scope]

/** What `select` takes: a column, "column as name", "table.*" or "*". */
export type Selectable<Scope> = ColumnOf<Scope> | `${ColumnOf<Scope>} as ${string}` | `${keyof Scope & string}.*` | '*'

type StarOf<C> = C extends '*' ? C : C extends `${string}.*` ? C : never
type NameOf<C> = C extends `${string} as ${infer A}` ? A : C extends `${string}.${infer N}` ? N : C
type SourceOf<C> = C extends `${infer N} as ${string}` ? N : C
/** The tables that stars stand for. */
type StarScope<Scope, C> = Pick<Scope, (C extends `${infer A}.*` ? A : keyof Scope) & keyof Scope>
type StarRow<Scope> = { [C in { [A in keyof Scope]: keyof Scope[A] }[keyof Scope] & string]: TypeOf<Scope, C> }

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

/** An object of conditions, all of which must hold: a value, a list (IN), or operators. */
export type Conditions<Scope> = {
  readonly [C in ColumnOf<Scope>]?:
    | TypeOf<Scope, C>
    | readonly TypeOf<Scope, C>[]
    | null
    | { readonly [Op in OperatorFor<TypeOf<Scope, C>>]?: Comparand<TypeOf<Scope, C>, Op> }
}
