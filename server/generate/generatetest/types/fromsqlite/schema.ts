// Made by rockpool generate from types.db. Do not edit: change the source and run it again.

import { declareSchema, type DefinedSchema, type Json } from '@rockpool/client'

/** A row of every_type. */
export interface EveryTypeRow {
  id: string
  whole: number | bigint
  flag: boolean
  float: number | null
  words: string
  exact: string
  at_zone: string | null
  at: string | null
  day: string | null
  hour: string | null
  doc: string | null
  docb: string | null
  raw: Uint8Array | null
}

/** What an insert into every_type takes. */
export interface EveryTypeInsert {
  id: string
  whole?: number | bigint
  flag?: boolean
  float?: number | null
  words?: string
  exact?: string | number | bigint
  at_zone?: string | Date | null
  at?: string | Date | null
  day?: string | null
  hour?: string | null
  doc?: Json | null
  docb?: Json | null
  raw?: Uint8Array | ArrayBuffer | null
}

/** What an update of every_type takes: the key, and what changes. */
export interface EveryTypeUpdate {
  id: string
  whole?: number | bigint
  flag?: boolean
  float?: number | null
  words?: string
  exact?: string | number | bigint
  at_zone?: string | Date | null
  at?: string | Date | null
  day?: string | null
  hour?: string | null
  doc?: Json | null
  docb?: Json | null
  raw?: Uint8Array | ArrayBuffer | null
}

/** A row of others. */
export interface OthersRow {
  region: string
  number: number | bigint
  small: number | null
  tiny: number | null
  price: string
  made: string | null
  ratio: number | null
  label: string | null
  odd: number | bigint | null
  untyped: Uint8Array | null
  'Camel Case': string | null
  /** Refers to every_type.id. */
  every_type_id: string | null
  /** Refers to others.region. */
  parent_region: string | null
  /** Refers to others.number. */
  parent_number: number | bigint | null
}

/** What an insert into others takes. */
export interface OthersInsert {
  region: string
  number: number | bigint
  small?: number | null
  tiny?: number | null
  price: string | number | bigint
  made?: string | Date | null
  ratio?: number | null
  label?: string | null
  odd?: number | bigint | null
  untyped?: Uint8Array | ArrayBuffer | null
  'Camel Case'?: string | null
  every_type_id?: string | null
  parent_region?: string | null
  parent_number?: number | bigint | null
}

/** What an update of others takes: the key, and what changes. */
export interface OthersUpdate {
  region: string
  number: number | bigint
  small?: number | null
  tiny?: number | null
  price?: string | number | bigint
  made?: string | Date | null
  ratio?: number | null
  label?: string | null
  odd?: number | bigint | null
  untyped?: Uint8Array | ArrayBuffer | null
  'Camel Case'?: string | null
  every_type_id?: string | null
  parent_region?: string | null
  parent_number?: number | bigint | null
}

/** The tables, for open<Tables> and Database<Tables>. */
export type Tables = {
  every_type: { row: EveryTypeRow; insert: EveryTypeInsert; update: EveryTypeUpdate }
  others: { row: OthersRow; insert: OthersInsert; update: OthersUpdate }
}

/** The schema, for open({ schema }). */
export const schema: DefinedSchema<Tables> = declareSchema<Tables>({
  every_type: {
    key: ['id'],
    columns: {
      id: 'uuid',
      whole: { type: 'bigint', default: '7' },
      flag: { type: 'bool', default: 'true' },
      float: 'float?',
      words: { type: 'text', default: "'it''s'" },
      exact: { type: 'decimal', default: "'0'" },
      at_zone: { type: 'timestamptz?', default: 'now()' },
      at: { type: 'timestamp?', default: 'now()' },
      day: { type: 'date?', default: 'CURRENT_DATE' },
      hour: 'time?',
      doc: 'json?',
      docb: 'jsonb?',
      raw: 'bytes?',
    },
    unique: [
      { name: 'every_type_unique_words, exact', columns: ['words', 'exact'] },
    ],
  },
  others: {
    key: ['region', 'number'],
    columns: {
      region: { type: 'text', sourceType: 'varchar(10)' },
      number: 'bigint',
      small: { type: 'int?', sourceType: 'int2' },
      tiny: { type: 'int?', sourceType: 'int2' },
      price: { type: 'decimal', sourceType: 'decimal(10,2)', scale: 2 },
      made: { type: 'timestamp?', default: 'now()' },
      ratio: 'float?',
      label: 'text?',
      odd: 'bigint?',
      untyped: 'bytes?',
      'Camel Case': 'text?',
      every_type_id: 'uuid?',
      parent_region: { type: 'text?', sourceType: 'varchar(10)' },
      parent_number: 'bigint?',
    },
    unique: [
      { name: 'one_label', columns: ['label'] },
    ],
    foreign: [
      { name: 'others_every_type_id_fkey', columns: ['every_type_id'], table: 'every_type', references: ['id'], onDelete: 'cascade' },
      { name: 'others_parent_region_parent_number_fkey', columns: ['parent_region', 'parent_number'], table: 'others', references: ['region', 'number'], onDelete: 'set null' },
    ],
  },
})
