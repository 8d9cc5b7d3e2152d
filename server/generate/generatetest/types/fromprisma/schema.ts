// Made by rockpool generate from types.prisma. Do not edit: change the source and run it again.

import { declareSchema, type DefinedSchema, type Json } from '@rockpool/client'

/** Labels of mood. */
export type Mood = 'sad' | 'so so' | 'happy'

/** Labels of Odd. */
export type Odd = 'it\'s "so" `here`' | 'empty' | 'a-b' | 'a b'

/** A row of every_type. */
export interface EveryTypeRow {
  /** The source's default does not help offline: give a key. */
  id: string
  small: number
  plain: number
  big: number | bigint
  /** NULL until the source has given it. */
  served: number | null
  flag: boolean
  single: number | null
  double: number
  words: string
  short: string | null
  padded: string | null
  exact: string
  /** Prisma's money. */
  money_: string
  /** Prisma's atZone. */
  at_zone: string
  at: string
  /** Prisma's updatedAt. */
  updated_at: string
  day: string
  hour: string | null
  token: string
  doc: string | null
  docb: string
  raw: Uint8Array | null
  feeling: Mood
  /** Postgres's text of mood[]. */
  feelings: string | null
  /** Postgres's text of text[]. */
  tags: string | null
  /** Postgres's text of integer[]. */
  numbers: string | null
  /** Postgres's text of circle. */
  area: string | null
}

/** What an insert into every_type takes. */
export interface EveryTypeInsert {
  id: string
  small?: number
  plain: number
  big?: number | bigint
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
  at?: string | Date
  updated_at: string | Date
  day?: string
  hour?: string | null
  token: string
  doc?: Json | null
  docb?: Json
  raw?: Uint8Array | ArrayBuffer | null
  feeling?: Mood
  feelings?: string | null
  tags?: string | null
  numbers?: string | null
  area?: string | null
}

/** What an update of every_type takes: the key, and what changes. */
export interface EveryTypeUpdate {
  id: string
  small?: number
  plain?: number
  big?: number | bigint
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
  at?: string | Date
  updated_at?: string | Date
  day?: string
  hour?: string | null
  token?: string
  doc?: Json | null
  docb?: Json
  raw?: Uint8Array | ArrayBuffer | null
  feeling?: Mood
  feelings?: string | null
  tags?: string | null
  numbers?: string | null
  area?: string | null
}

/** A row of composite_key. */
export interface CompositeKeyRow {
  region: string
  number: number
  /** Prisma's parentRegion. Refers to composite_key.region. */
  parent_region: string | null
  /** Prisma's parentNumber. Refers to composite_key.number. */
  parent_number: number | null
  /** Prisma's everyTypeId. Refers to every_type.id. */
  every_type_id: string | null
}

/** What an insert into composite_key takes. */
export interface CompositeKeyInsert {
  region: string
  number: number
  parent_region?: string | null
  parent_number?: number | null
  every_type_id?: string | null
}

/** What an update of composite_key takes: the key, and what changes. */
export interface CompositeKeyUpdate {
  region: string
  number: number
  parent_region?: string | null
  parent_number?: number | null
  every_type_id?: string | null
}

/** A row of Post. */
export interface PostRow {
  /** The source's default does not help offline: give a key. */
  id: number | bigint
  title: string
}

/** What an insert into Post takes. */
export interface PostInsert {
  id: number | bigint
  title: string
}

/** What an update of Post takes: the key, and what changes. */
export interface PostUpdate {
  id: number | bigint
  title?: string
}

/** A row of Category. */
export interface CategoryRow {
  id: number
}

/** What an insert into Category takes. */
export interface CategoryInsert {
  id: number
}

/** What an update of Category takes: the key, and what changes. */
export interface CategoryUpdate {
  id: number
}

/** A row of 2 odd * / "names" `'. */
export interface HostileRow {
  /** Prisma's id. */
  '1`st "\'*/ id': number
  /** Prisma's odd. */
  class: Odd
  /** Prisma's field. */
  'a\nb': string
}

/** What an insert into 2 odd * / "names" `' takes. */
export interface HostileInsert {
  '1`st "\'*/ id': number
  class?: Odd
  'a\nb': string
}

/** What an update of 2 odd * / "names" `' takes: the key, and what changes. */
export interface HostileUpdate {
  '1`st "\'*/ id': number
  class?: Odd
  'a\nb'?: string
}

/** A row of _CategoryToPost. */
export interface CategoryToPostRow {
  /** Refers to Category.id. */
  A: number
  /** Refers to Post.id. */
  B: number | bigint
}

/** What an insert into _CategoryToPost takes. */
export interface CategoryToPostInsert {
  A: number
  B: number | bigint
}

/** What an update of _CategoryToPost takes: the key, and what changes. */
export interface CategoryToPostUpdate {
  A: number
  B: number | bigint
}

/** The tables, for open<Tables> and Database<Tables>. */
export type Tables = {
  every_type: { row: EveryTypeRow; insert: EveryTypeInsert; update: EveryTypeUpdate }
  composite_key: { row: CompositeKeyRow; insert: CompositeKeyInsert; update: CompositeKeyUpdate }
  Post: { row: PostRow; insert: PostInsert; update: PostUpdate }
  Category: { row: CategoryRow; insert: CategoryInsert; update: CategoryUpdate }
  '2 odd */ "names" `\'': { row: HostileRow; insert: HostileInsert; update: HostileUpdate }
  _CategoryToPost: { row: CategoryToPostRow; insert: CategoryToPostInsert; update: CategoryToPostUpdate }
}

/** The schema, for open({ schema }). */
export const schema: DefinedSchema<Tables> = declareSchema<Tables>({
  every_type: {
    key: ['id'],
    columns: {
      id: { type: 'uuid', default: 'gen_random_uuid()' },
      small: { type: 'int', sourceType: 'int2', default: '7' },
      plain: 'int',
      big: { type: 'bigint', default: '9007199254740993' },
      served: { type: 'int', identity: true },
      flag: { type: 'bool', default: 'true' },
      single: { type: 'float?', sourceType: 'float4' },
      double: { type: 'float', default: '0.5' },
      words: { type: 'text', default: "'it''s'" },
      short: { type: 'text?', sourceType: 'character varying(20)' },
      padded: { type: 'text?', sourceType: 'character(5)' },
      exact: { type: 'decimal', sourceType: 'numeric(65,30)', scale: 30, default: '0' },
      money_: { type: 'decimal', sourceType: 'numeric(12,2)', scale: 2, default: '1.50' },
      at_zone: { type: 'timestamptz', sourceType: 'timestamp(6) with time zone', default: 'now()' },
      at: { type: 'timestamp', sourceType: 'timestamp(3) without time zone', default: 'now()' },
      updated_at: { type: 'timestamp', sourceType: 'timestamp(3) without time zone' },
      day: { type: 'date', default: 'CURRENT_DATE' },
      hour: { type: 'time?', sourceType: 'time(6) without time zone' },
      token: 'text',
      doc: 'json?',
      docb: { type: 'jsonb', default: "'{}'" },
      raw: 'bytes?',
      feeling: { type: 'enum', sourceType: 'mood', enum: ['sad', 'so so', 'happy'], default: "'so so'" },
      feelings: { type: 'array?', sourceType: 'mood[]' },
      tags: { type: 'array?', sourceType: 'text[]', default: '\'{"a","b\\"c"}\'' },
      numbers: { type: 'array?', sourceType: 'integer[]' },
      area: { type: 'unknown?', sourceType: 'circle' },
    },
    unique: [
      { name: 'words_short', columns: ['words', 'short'] },
    ],
  },
  composite_key: {
    key: ['region', 'number'],
    columns: {
      region: 'text',
      number: 'int',
      parent_region: 'text?',
      parent_number: 'int?',
      every_type_id: 'uuid?',
    },
    foreign: [
      { name: 'composite_key_every_type_id_fkey', columns: ['every_type_id'], table: 'every_type', references: ['id'], onDelete: 'cascade' },
      { name: 'composite_key_parent_region_parent_number_fkey', columns: ['parent_region', 'parent_number'], table: 'composite_key', references: ['region', 'number'], onDelete: 'set null' },
    ],
  },
  Post: {
    key: ['id'],
    columns: {
      id: { type: 'bigint', identity: true },
      title: 'text',
    },
    unique: [
      { name: 'Post_title_key', columns: ['title'] },
    ],
  },
  Category: {
    key: ['id'],
    columns: {
      id: 'int',
    },
  },
  '2 odd */ "names" `\'': {
    key: ['1`st "\'*/ id'],
    columns: {
      '1`st "\'*/ id': 'int',
      class: { type: 'enum', sourceType: '"Odd"', enum: ['it\'s "so" `here`', 'empty', 'a-b', 'a b'], default: '\'it\'\'s "so" `here`\'' },
      'a\nb': 'text',
    },
  },
  _CategoryToPost: {
    key: ['A', 'B'],
    columns: {
      A: 'int',
      B: 'bigint',
    },
    foreign: [
      { name: '_CategoryToPost_A_fkey', columns: ['A'], table: 'Category', references: ['id'], onDelete: 'cascade' },
      { name: '_CategoryToPost_B_fkey', columns: ['B'], table: 'Post', references: ['id'], onDelete: 'cascade' },
    ],
  },
})
