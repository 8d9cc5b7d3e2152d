/** Schemas in code: an app declares its tables once, and the row types follow from it. */

import type { Init } from './codec.ts'
import { failure } from './error.ts'
import type { Json } from './values.ts'
import type { Schema, Strategy, Table, Type } from './gen/schema.ts'

/** Column types by name, and what their values are in TypeScript. */
export interface ColumnTypes {
  int: number
  bigint: number | bigint
  bool: boolean
  float: number
  text: string
  /** Decimal text: exact, and never a float. */
  decimal: string
  timestamptz: string
  timestamp: string
  date: string
  time: string
  uuid: string
  json: string
  jsonb: string
  bytes: Uint8Array
  enum: string
  interval: string
  array: string
  /** A type that Rockpool does not know: Postgres's text. */
  unknown: string
}

/** How concurrent writes are settled. */
export type StrategyName = 'merge' | 'lww' | 'manual' | 'delta' | 'max' | 'min' | 'union' | 'text' | 'json' | 'set'

/** One column: its type's name, with `?` where it may be null; or the long form. */
export type ColumnSpec =
  | keyof ColumnTypes
  | `${keyof ColumnTypes}?`
  | {
      readonly type: keyof ColumnTypes | `${keyof ColumnTypes}?`
      readonly strategy?: StrategyName
      readonly default?: string
      readonly generated?: boolean
      readonly identity?: boolean
      readonly scale?: number
      readonly enum?: readonly string[]
      readonly sourceType?: string
    }

/** One table. */
export interface TableSpec {
  readonly columns: { readonly [column: string]: ColumnSpec }
  /** The primary key's columns. */
  readonly key: readonly string[]
  readonly strategy?: StrategyName
  readonly unique?: readonly (readonly string[] | { readonly name: string; readonly columns: readonly string[] })[]
  readonly foreign?: readonly {
    readonly name?: string
    readonly columns: readonly string[]
    readonly table: string
    readonly references: readonly string[]
    readonly onDelete?: string
  }[]
  readonly checks?: { readonly [name: string]: string }
  /** A table of this device only, never sent. */
  readonly localOnly?: boolean
}

/** Tables by name. */
export interface SchemaSpec {
  readonly [table: string]: TableSpec
}

type SpecType<C> = C extends { readonly type: infer T } ? T : C
type ValueOf<T> = T extends `${infer N}?`
  ? N extends keyof ColumnTypes
    ? ColumnTypes[N] | null
    : never
  : T extends keyof ColumnTypes
    ? ColumnTypes[T]
    : never

/** What a column takes: dates and JSON also as JavaScript has them. */
type WriteOf<T> = T extends 'json' | 'jsonb' | 'json?' | 'jsonb?'
  ? Json
  :
      | ValueOf<T>
      | (T extends 'timestamptz' | 'timestamptz?' | 'timestamp' | 'timestamp?' ? Date : never)
      | (T extends 'decimal' | 'decimal?' ? number | bigint : never)

/** The columns that an insert may leave out: nullable ones, and those that the source fills in, but for the key. */
type OptionalOf<S extends TableSpec> = {
  [C in keyof S['columns'] & string]: C extends S['key'][number]
    ? never
    : SpecType<S['columns'][C]> extends `${string}?`
      ? C
      : S['columns'][C] extends
            | { readonly default: string }
            | { readonly identity: true }
            | { readonly generated: true }
        ? C
        : never
}[keyof S['columns'] & string]

type Writes<S extends TableSpec> = { [C in keyof S['columns'] & string]: WriteOf<SpecType<S['columns'][C]>> }

/** The types of the tables that a schema in code implies: each one's row, insert and update. */
export type InferTables<S extends SchemaSpec> = {
  [T in keyof S & string]: {
    row: { [C in keyof S[T]['columns'] & string]: ValueOf<SpecType<S[T]['columns'][C]>> }
    insert: Omit<Writes<S[T]>, OptionalOf<S[T]>> & Partial<Pick<Writes<S[T]>, OptionalOf<S[T]>>>
    update: Pick<Writes<S[T]>, S[T]['key'][number] & keyof Writes<S[T]>> & Partial<Writes<S[T]>>
  }
}

/** A schema, with the types of its tables. `rockpool generate` writes one; defineSchema makes one. */
export interface DefinedSchema<DB = never> {
  readonly tables: Init<Schema>
  readonly types?: DB
}

/** By schema.Type's number; a test compares them. A type's own name is also Postgres's unless POSTGRES says otherwise. */
export const TYPES = [
  'unknown',
  'int',
  'bool',
  'float',
  'text',
  'decimal',
  'timestamptz',
  'timestamp',
  'date',
  'time',
  'uuid',
  'json',
  'jsonb',
  'bytes',
  'enum',
  'interval',
  'array',
] as const
const POSTGRES: Readonly<Record<string, string>> = {
  int: 'int4',
  bigint: 'int8',
  float: 'float8',
  decimal: 'numeric',
  bytes: 'bytea',
  enum: '',
  array: '',
  unknown: '',
}

/** By schema.Strategy's number; a test compares them. */
export const STRATEGIES = [
  'inherit',
  'merge',
  'lww',
  'manual',
  'delta',
  'max',
  'min',
  'union',
  'text',
  'json',
  'set',
] as const

const strategyNumber = (name: StrategyName | undefined): Strategy =>
  Math.max(0, STRATEGIES.indexOf(name ?? 'inherit')) as Strategy // an index of the list
const typeNumber = (name: string): Type =>
  Math.max(
    0,
    TYPES.findIndex((one) => one === (name === 'bigint' ? 'int' : name)),
  ) as Type // as above

/**
 * Declares the tables of an app. Their rows' types are inferred.
 *
 * @throws `invalid_argument` for a key that names no column.
 * @example
 * const schema = defineSchema({
 *   todos: { key: ['id'], columns: { id: 'uuid', title: 'text', done: 'bool', due: 'date?' } },
 * })
 */
export function defineSchema<const S extends SchemaSpec>(spec: S): DefinedSchema<InferTables<S>> {
  return declareSchema(spec)
}

/**
 * As defineSchema, for types that are known beforehand: the compiler infers nothing. `rockpool generate` writes the call.
 *
 * @throws `invalid_argument` for a key that names no column.
 */
export function declareSchema<DB>(spec: SchemaSpec): DefinedSchema<DB> {
  const tables = Object.entries(spec).map(([name, table], at) => defineTable(at + 1, name, table))
  return { tables: { version: 0, tables } }
}

function defineTable(id: number, name: string, spec: TableSpec): Init<Table> {
  const names = Object.keys(spec.columns)
  const index = (column: string): number => {
    const at = names.indexOf(column)
    if (at < 0) throw failure('invalid_argument', `define table ${name}`, `it has no column ${column}`)
    return at
  }
  return {
    id,
    name,
    key: spec.key.map(index),
    columns: Object.entries(spec.columns).map(([column, of]) => {
      const long = typeof of === 'string' ? { type: of } : of
      const isNullable = long.type.endsWith('?')
      const type = isNullable ? long.type.slice(0, -1) : long.type
      return {
        name: column,
        type: typeNumber(type),
        notNull: !isNullable,
        sourceType: long.sourceType ?? POSTGRES[type] ?? type,
        default: long.default,
        generated: long.generated,
        identity: long.identity,
        scale: long.scale,
        hasScale: long.scale !== undefined,
        enum: long.enum,
        strategy: strategyNumber(long.strategy),
      }
    }),
    unique: spec.unique?.map((one, at) =>
      'columns' in one
        ? { name: one.name, columns: one.columns.map(index) }
        : { name: `${name}_unique_${at + 1}`, columns: one.map(index) },
    ),
    foreign: spec.foreign?.map((foreign, at) => ({ name: `${name}_foreign_${at + 1}`, ...foreign })),
    checks: spec.checks && Object.entries(spec.checks).map(([check, expr]) => ({ name: check, expr })),
    strategy: strategyNumber(spec.strategy),
    localOnly: spec.localOnly,
  }
}

/** What a column of a synced table holds, by name, for people and components. */
export function typeName(type: Type): (typeof TYPES)[number] {
  return TYPES[type] ?? 'unknown'
}
