/** The types of Prisma's arguments and results, from the flat interfaces of rows. */

import type { Tables } from '../builder/scope.ts'

/** Relations of tables: a table's name, with `[]` behind it for a list. */
export type Relations<DB extends Tables> = {
  readonly [T in keyof DB & string]?: { readonly [name: string]: (keyof DB & string) | `${keyof DB & string}[]` }
}

/** What is known when no relations are declared: every name may be one. */
export type AnyRelations = { readonly [table: string]: { readonly [name: string]: string } }

type Names<Rel, T> = T extends keyof Rel ? keyof NonNullable<Rel[T]> & string : never
type Target<Rel, T, N> = T extends keyof Rel
  ? N extends keyof NonNullable<Rel[T]>
    ? NonNullable<Rel[T]>[N]
    : never
  : never
type TableOf<X> = X extends `${infer T}[]` ? T : X
type IsMany<X> = X extends `${string}[]` ? true : false

/** Tests of one column. */
export type ColumnFilter<V> =
  | V
  | null
  | {
      readonly equals?: V | null
      readonly not?: V | null | ColumnFilter<V>
      readonly in?: readonly NonNullable<V>[]
      readonly notIn?: readonly NonNullable<V>[]
      readonly lt?: NonNullable<V>
      readonly lte?: NonNullable<V>
      readonly gt?: NonNullable<V>
      readonly gte?: NonNullable<V>
      readonly contains?: string
      readonly startsWith?: string
      readonly endsWith?: string
      readonly mode?: 'default' | 'insensitive'
    }

type RelationFilter<DB extends Tables, Rel, X> =
  IsMany<X> extends true
    ? {
        readonly some?: Where<DB, Rel, TableOf<X>>
        readonly every?: Where<DB, Rel, TableOf<X>>
        readonly none?: Where<DB, Rel, TableOf<X>>
      }
    :
        | Where<DB, Rel, TableOf<X>>
        | null
        | { readonly is?: Where<DB, Rel, TableOf<X>> | null; readonly isNot?: Where<DB, Rel, TableOf<X>> | null }

/** A row of a table. */
export type RowOf<DB, T> = T extends keyof DB
  ? DB[T] extends { readonly row: infer R extends object }
    ? R
    : never
  : Record<string, unknown>

type InsertOf<DB, T> = T extends keyof DB
  ? DB[T] extends { readonly insert: infer R extends object }
    ? R
    : never
  : Record<string, unknown>

/** A condition. */
export type Where<DB extends Tables, Rel, T> = {
  readonly [C in keyof RowOf<DB, T> & string]?: ColumnFilter<RowOf<DB, T>[C]>
} & { readonly [N in Names<Rel, T>]?: RelationFilter<DB, Rel, Target<Rel, T, N>> } & {
  readonly AND?: Where<DB, Rel, T> | readonly Where<DB, Rel, T>[]
  readonly OR?: readonly Where<DB, Rel, T>[]
  readonly NOT?: Where<DB, Rel, T> | readonly Where<DB, Rel, T>[]
}

type Sort = 'asc' | 'desc'

/** An order. */
export type OrderBy<DB extends Tables, Rel, T> = {
  readonly [C in keyof RowOf<DB, T> & string]?: Sort | { readonly sort: Sort; readonly nulls?: 'first' | 'last' }
} & {
  readonly [N in Names<Rel, T>]?: IsMany<Target<Rel, T, N>> extends true
    ? { readonly _count: Sort }
    : OrderBy<DB, Rel, TableOf<Target<Rel, T, N>>>
}

type Counted<DB extends Tables, Rel, T> =
  | boolean
  | {
      readonly select: {
        readonly [N in Names<Rel, T>]?: boolean | { readonly where?: Where<DB, Rel, TableOf<Target<Rel, T, N>>> }
      }
    }

type Nested<DB extends Tables, Rel, T> = {
  readonly [N in Names<Rel, T>]?: boolean | Omit<FindArgs<DB, Rel, TableOf<Target<Rel, T, N>>>, 'cursor' | 'distinct'>
} & { readonly _count?: Counted<DB, Rel, T> }

/** What a result has. */
export interface Shape<DB extends Tables, Rel, T> {
  readonly select?: { readonly [C in keyof RowOf<DB, T> & string]?: boolean } & Nested<DB, Rel, T>
  readonly include?: Nested<DB, Rel, T>
}

/** The arguments of a read. */
export interface FindArgs<DB extends Tables, Rel, T> extends Shape<DB, Rel, T> {
  readonly where?: Where<DB, Rel, T>
  readonly orderBy?: OrderBy<DB, Rel, T> | readonly OrderBy<DB, Rel, T>[]
  readonly take?: number
  readonly skip?: number
  readonly cursor?: { readonly [C in keyof RowOf<DB, T> & string]?: RowOf<DB, T>[C] }
  readonly distinct?: (keyof RowOf<DB, T> & string) | readonly (keyof RowOf<DB, T> & string)[]
}

/** A value to write, or how to change it. */
type Change<V> =
  | V
  | { readonly set: V }
  | { readonly [How in 'increment' | 'decrement' | 'multiply' | 'divide']?: number | bigint }

/** Nested writes: create, connect, connectOrCreate, disconnect, set, update, updateMany, upsert, delete, deleteMany, createMany. */
type NestedWrites<Rel, T> = { readonly [N in Names<Rel, T>]?: object }

/** A row to write. Columns with a default, and what a nested write sets, may be left out. */
export type CreateData<DB extends Tables, Rel, T> = {
  readonly [C in keyof InsertOf<DB, T> & string]?: InsertOf<DB, T>[C]
} & NestedWrites<Rel, T>

/** Changes of a row. */
export type UpdateData<DB extends Tables, Rel, T> = {
  readonly [C in keyof RowOf<DB, T> & string]?: Change<RowOf<DB, T>[C]>
} & NestedWrites<Rel, T>

type Chosen<S> = { [K in keyof S]: S[K] extends false | undefined ? never : K }[keyof S] & string

type Property<DB extends Tables, Rel, T, K, A> = K extends keyof RowOf<DB, T>
  ? RowOf<DB, T>[K]
  : K extends '_count'
    ? { [N in string]: number }
    : Related<DB, Rel, Target<Rel, T, K>, A>

type Related<DB extends Tables, Rel, X, A> =
  IsMany<X> extends true ? Result<DB, Rel, TableOf<X>, A>[] : Result<DB, Rel, TableOf<X>, A> | null

/** A row as `select` or `include` shape it. */
export type Result<DB extends Tables, Rel, T, A> = A extends { readonly select: infer S extends object }
  ? { [K in Chosen<S>]: Property<DB, Rel, T, K, S[K]> }
  : A extends { readonly include: infer I extends object }
    ? RowOf<DB, T> & { [K in Chosen<I>]: Property<DB, Rel, T, K, I[K]> }
    : RowOf<DB, T>

type Fields<DB, T> = { readonly [C in keyof RowOf<DB, T> & string]?: boolean }

/** What to compute. */
export interface Aggregates<DB extends Tables, T> {
  readonly _count?: boolean | (Fields<DB, T> & { readonly _all?: boolean })
  readonly _sum?: Fields<DB, T>
  readonly _avg?: Fields<DB, T>
  readonly _min?: Fields<DB, T>
  readonly _max?: Fields<DB, T>
}

/** What was computed. Sums and means are null over no rows, and texts where the column is a decimal. */
export type Aggregated<DB extends Tables, T, A> = {
  [F in keyof A & ('_sum' | '_avg')]: { [C in keyof A[F]]: number | string | null }
} & {
  [F in keyof A & ('_min' | '_max')]: {
    [C in keyof A[F]]: C extends keyof RowOf<DB, T> ? RowOf<DB, T>[C] | null : never
  }
} & {
  [F in keyof A & '_count']: A[F] extends true ? number : { [C in keyof A[F]]: number }
}

/** The arguments of groupBy. */
export interface GroupArgs<DB extends Tables, Rel, T> extends Aggregates<DB, T> {
  readonly by: (keyof RowOf<DB, T> & string) | readonly (keyof RowOf<DB, T> & string)[]
  readonly where?: Where<DB, Rel, T>
  readonly having?: { readonly [C in keyof RowOf<DB, T> & string]?: unknown }
  readonly orderBy?: object | readonly object[]
  readonly take?: number
  readonly skip?: number
}

/** One column, or a list of them, as their names. */
export type OneOf<B> = B extends readonly (infer N)[] ? N : B
