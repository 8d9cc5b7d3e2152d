/** Schemas in code: an app declares its tables once, and the row types follow from it. */

import type { Init } from './codec.ts'
import { failure } from './error.ts'
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
}

/** How concurrent writes are settled. */
export type StrategyName = 'merge' | 'lww' | 'manual' | 'delta' | 'max' | 'min' | 'union'

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
  readonly unique?: readonly (readonly string[])[]
  readonly foreign?: readonly {
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

/** The row types that a schema in code implies. */
export type InferTables<S extends SchemaSpec> = {
  [T in keyof S & string]: { [C in keyof S[T]['columns'] & string]: ValueOf<SpecType<S[T]['columns'][C]>> }
}

/** A schema, with the types of its rows. `rockpool generate` writes one; defineSchema makes one. */
export interface DefinedSchema<DB = never> {
  readonly tables: Init<Schema>
  readonly rows?: DB
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
}

/** By schema.Strategy's number; a test compares them. */
export const STRATEGIES = ['inherit', 'merge', 'lww', 'manual', 'delta', 'max', 'min', 'union'] as const

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
    unique: spec.unique?.map((columns, at) => ({ name: `${name}_unique_${at + 1}`, columns: columns.map(index) })),
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
