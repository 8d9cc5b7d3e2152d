// Made by rockpool generate from Postgres. Do not edit: change the source and run it again.

import { declareSchema, type DefinedSchema, type Json } from '@rockpool/client'

/** Labels of mood. */
export type Mood = 'sad' | 'so so' | 'happy'

/** A row of by_day. */
export interface ByDayRow {
  day: string
  n: number
}

/** What an insert into by_day takes. */
export interface ByDayInsert {
  day: string
  n: number
}

/** What an update of by_day takes: the key, and what changes. */
export interface ByDayUpdate {
  day: string
  n: number
}

/** A row of composite_key. */
export interface CompositeKeyRow {
  region: string
  number: number
  /** Refers to composite_key.region. */
  parent_region: string | null
  /** Refers to composite_key.number. */
  parent_number: number | null
  owner: string | null
  /** Refers to every_type.id. */
  every_type_id: string | null
}

/** What an insert into composite_key takes. */
export interface CompositeKeyInsert {
  region: string
  number: number
  parent_region?: string | null
  parent_number?: number | null
  owner?: string | null
  every_type_id?: string | null
}

/** What an update of composite_key takes: the key, and what changes. */
export interface CompositeKeyUpdate {
  region: string
  number: number
  parent_region?: string | null
  parent_number?: number | null
  owner?: string | null
  every_type_id?: string | null
}

/** A row of every_type. */
export interface EveryTypeRow {
  /** The source's default does not help offline: give a key. */
  id: string
  small: number
  plain: number
  big: number | bigint
  /** NULL until the source has given it. */
  counted: number | bigint | null
  /** NULL until the source has given it. */
  served: number | null
  flag: boolean
  single: number | null
  double: number
  words: string
  short: string | null
  padded: string | null
  exact: string
  money_: string
  at_zone: string
  at: string | null
  day: string
  hour: string | null
  /** NULL until the source has given it. */
  token: string | null
  doc: string | null
  docb: string
  raw: Uint8Array | null
  feeling: Mood
  /** Postgres's text of mood[]. */
  feelings: string | null
  /** Postgres's text of text[]. */
  tags: string
  /** Postgres's text of integer[]. */
  numbers: string | null
  /** Postgres's text of interval. */
  span: string | null
  /** Postgres's text of int4range. */
  period: string | null
  'Camel Case': string | null
}

/** What an insert into every_type takes. */
export interface EveryTypeInsert {
  id: string
  small?: number
  plain: number
  big?: number | bigint
  counted?: number | bigint
  served?: number
  flag?: boolean
  single?: number | null
  double?: number
  words?: string
  short?: string | null
  padded?: string | null
  exact?: string | number | bigint
  money_?: string | number | bigint
  at_zone?: string | Date
  at?: string | Date | null
  day?: string
  hour?: string | null
  token?: string
  doc?: Json | null
  docb?: Json
  raw?: Uint8Array | ArrayBuffer | null
  feeling?: Mood
  feelings?: string | null
  tags?: string
  numbers?: string | null
  span?: string | null
  period?: string | null
  'Camel Case'?: string | null
}

/** What an update of every_type takes: the key, and what changes. */
export interface EveryTypeUpdate {
  id: string
  small?: number
  plain?: number
  big?: number | bigint
  counted?: number | bigint
  served?: number
  flag?: boolean
  single?: number | null
  double?: number
  words?: string
  short?: string | null
  padded?: string | null
  exact?: string | number | bigint
  money_?: string | number | bigint
  at_zone?: string | Date
  at?: string | Date | null
  day?: string
  hour?: string | null
  token?: string
  doc?: Json | null
  docb?: Json
  raw?: Uint8Array | ArrayBuffer | null
  feeling?: Mood
  feelings?: string | null
  tags?: string
  numbers?: string | null
  span?: string | null
  period?: string | null
  'Camel Case'?: string | null
}

/** A row of refers_to_no_key. */
export interface RefersToNoKeyRow {
  id: number
  u: number | null
}

/** What an insert into refers_to_no_key takes. */
export interface RefersToNoKeyInsert {
  id: number
  u?: number | null
}

/** What an update of refers_to_no_key takes: the key, and what changes. */
export interface RefersToNoKeyUpdate {
  id: number
  u?: number | null
}

/** The tables, for open<Tables> and Database<Tables>. */
export type Tables = {
  by_day: { row: ByDayRow; insert: ByDayInsert; update: ByDayUpdate }
  composite_key: { row: CompositeKeyRow; insert: CompositeKeyInsert; update: CompositeKeyUpdate }
  every_type: { row: EveryTypeRow; insert: EveryTypeInsert; update: EveryTypeUpdate }
  refers_to_no_key: { row: RefersToNoKeyRow; insert: RefersToNoKeyInsert; update: RefersToNoKeyUpdate }
}

/** The schema, for open({ schema }). */
export const schema: DefinedSchema<Tables> = declareSchema<Tables>({
  by_day: {
    key: ['day', 'n'],
    columns: {
      day: 'date',
      n: 'int',
    },
  },
  composite_key: {
    key: ['region', 'number'],
    columns: {
      region: 'text',
      number: 'int',
      parent_region: 'text?',
      parent_number: 'int?',
      owner: 'uuid?',
      every_type_id: 'uuid?',
    },
    foreign: [
      { name: 'composite_key_every_type_id_fkey', columns: ['every_type_id'], table: 'every_type', references: ['id'], onDelete: 'cascade' },
      { name: 'composite_key_parent_region_parent_number_fkey', columns: ['parent_region', 'parent_number'], table: 'composite_key', references: ['region', 'number'], onDelete: 'set null' },
    ],
  },
  every_type: {
    key: ['id'],
    columns: {
      id: { type: 'uuid', default: 'gen_random_uuid()' },
      small: { type: 'int', sourceType: 'int2', default: '7' },
      plain: 'int',
      big: { type: 'bigint', default: "'9007199254740993'::bigint" },
      counted: { type: 'bigint', identity: true },
      served: { type: 'int', identity: true },
      flag: { type: 'bool', default: 'true' },
      single: { type: 'float?', sourceType: 'float4' },
      double: { type: 'float', default: '0.5' },
      words: { type: 'text', default: "'it''s'::text" },
      short: { type: 'text?', sourceType: 'character varying(20)' },
      padded: { type: 'text?', sourceType: 'character(5)' },
      exact: { type: 'decimal', default: '0' },
      money_: { type: 'decimal', sourceType: 'numeric(12,2)', scale: 2, default: '1.50' },
      at_zone: { type: 'timestamptz', default: 'now()' },
      at: { type: 'timestamp?', default: 'CURRENT_TIMESTAMP' },
      day: { type: 'date', default: 'CURRENT_DATE' },
      hour: 'time?',
      token: { type: 'uuid', default: 'gen_random_uuid()' },
      doc: 'json?',
      docb: { type: 'jsonb', default: "'{}'::jsonb" },
      raw: 'bytes?',
      feeling: { type: 'enum', sourceType: 'mood', enum: ['sad', 'so so', 'happy'], default: "'so so'::mood" },
      feelings: { type: 'array?', sourceType: 'mood[]' },
      tags: { type: 'array', sourceType: 'text[]', default: "'{}'::text[]" },
      numbers: { type: 'array?', sourceType: 'integer[]' },
      span: 'interval?',
      period: { type: 'unknown?', sourceType: 'int4range' },
      'Camel Case': 'text?',
    },
    unique: [
      { name: 'words_short', columns: ['words', 'short'] },
    ],
    checks: {
      every_type_plain_check: '(plain >= 0)',
    },
  },
  refers_to_no_key: {
    key: ['id'],
    columns: {
      id: 'int',
      u: 'int?',
    },
  },
})
