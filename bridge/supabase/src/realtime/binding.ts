/** One `postgres_changes` binding of a channel: what it asks for, and which changes of a table it is told of. */

import type { Column, Row, Schema, Table } from '@rockpool/client'
import { BadLiteral } from '../literals.ts'
import { postgresType, toJson, type Json } from '../values.ts'
import { parseFilters, SubscriptionError, testOf, type Filter } from './filter.ts'

/** What happens to a row. */
export type ChangeType = 'INSERT' | 'UPDATE' | 'DELETE'

/** One change of one row: INSERT has no `before`, DELETE no `after`. */
export interface Change {
  readonly before: Row | null
  readonly after: Row | null
}

/** A binding as it was asked for. */
export interface Asked {
  readonly event: ChangeType | '*'
  readonly schema: string
  /** `*` is every table. */
  readonly table: string
  readonly filters: readonly Filter[]
  readonly select: readonly string[] | null
}

/** A binding on one table. */
export interface Binding {
  readonly id: number
  readonly table: Table
  /** How this change is told here, or null for not at all. A row that no longer matches the filter is a DELETE. */
  tells(change: Change): ChangeType | null
  readonly columns: readonly Column[]
}

/** Reads one entry of a join's `postgres_changes`. @throws SubscriptionError in Supabase's words. */
export function parseBinding(entry: Readonly<Record<string, unknown>>): Asked {
  const { schema, table, filter, select } = entry
  const event = String(entry.event).toUpperCase()
  const asked = {
    event: event === 'INSERT' || event === 'UPDATE' || event === 'DELETE' ? event : '*',
    filters: [],
    select: columnsOf(select),
  } as const
  const isText = (of: unknown): of is string => typeof of === 'string'
  const hasFilter = filter !== undefined && filter !== null
  const named =
    isText(schema) && isText(table)
      ? { ...asked, schema, table }
      : isText(schema) && table === undefined && !hasFilter
        ? { ...asked, schema, table: '*' }
        : isText(table) && schema === undefined && !hasFilter
          ? { ...asked, schema: 'public', table }
          : undefined
  if (named === undefined || (hasFilter && !isText(filter)))
    throw new SubscriptionError(
      'No subscription params provided. Please provide at least a `schema` or `table` to subscribe to: ' +
        JSON.stringify(entry),
    )
  if (named.select !== null && (named.schema === '*' || named.table === '*'))
    throw new SubscriptionError(
      'Column selection is not supported for wildcard subscriptions. Provide an explicit schema and table name.',
    )
  return isText(filter) ? { ...named, filters: parseFilters(filter) } : named
}

function columnsOf(select: unknown): readonly string[] | null {
  if (select === undefined || select === null) return null
  if (!Array.isArray(select) || select.some((name) => typeof name !== 'string'))
    throw new SubscriptionError(
      'Error parsing `select` params: expected a list of column name strings, e.g. select: ["col1", "col2"]',
    )
  return select.length === 0 ? null : (select as string[]) // checked above
}

/** Holds what was asked to the tables that there are, one binding a table. @throws SubscriptionError as Supabase's. */
export function bind(id: number, asked: Asked, schema: Schema): Binding[] {
  const isHere = asked.schema === 'public' || asked.schema === '*'
  const tables = schema.tables.filter((table) => isHere && (asked.table === '*' || table.name === asked.table))
  if (tables.length === 0)
    throw new SubscriptionError(
      'Unable to subscribe to changes with given parameters. Please check Realtime is enabled for the given connect parameters: ' +
        `[${described(asked)}]`,
    )
  return tables.map((table) => bindTable(id, asked, table))
}

function bindTable(id: number, asked: Asked, table: Table): Binding {
  const refused = (why: string) =>
    new SubscriptionError(
      'Unable to subscribe to changes with given parameters. An exception happened so please check your connect parameters: ' +
        `[${described(asked)}]. Exception: ERROR ${why}`,
    )
  const find = (name: string, what: string): Column => {
    const column = table.columns.find((one) => one.name === name)
    if (column === undefined) throw refused(`P0001 (raise_exception) invalid column for ${what} ${name}`)
    return column
  }
  const tests = asked.filters.map((filter) => {
    const column = find(filter.column, 'filter')
    try {
      return testOf(filter, column)
    } catch (error) {
      if (error instanceof BadLiteral) throw refused(`22P02 (invalid_text_representation) ${error.message}`)
      throw error
    }
  })
  const matches = (row: Row | null): boolean => row !== null && tests.every((test) => test(row) === true)
  return {
    id,
    table,
    columns: asked.select === null ? table.columns : asked.select.map((name) => find(name, 'select')),
    tells: ({ before, after }) => {
      const type = matches(after) ? (before === null ? 'INSERT' : 'UPDATE') : matches(before) ? 'DELETE' : null
      return asked.event === '*' || asked.event === type ? type : null
    },
  }
}

/** As Supabase's messages list what was asked. */
function described({ event, schema, table, filters, select }: Asked): string {
  const tests = filters.map(
    ({ column, operator, value, isNot }) =>
      `{${[column, operator, value].map((part) => JSON.stringify(part)).join(', ')}, ${isNot}}`,
  )
  const columns = select === null ? 'nil' : JSON.stringify(select)
  return `event: ${event}, schema: ${schema}, table: ${table}, filters: [${tests.join(', ')}], select: ${columns}`
}

/** The `data` of an event. Every column has its name and Postgres type; both records are whole. */
export function eventOf(binding: Binding, type: ChangeType, change: Change, at: Date): Json {
  const record = (row: Row): Json =>
    Object.fromEntries(binding.columns.map((column) => [column.name, toJson(column, row[column.name] ?? null)]))
  return {
    schema: 'public',
    table: binding.table.name,
    commit_timestamp: at.toISOString(),
    type,
    columns: binding.columns.map((column) => ({ name: column.name, type: postgresType(column) })),
    ...(type !== 'DELETE' && change.after !== null && { record: record(change.after) }),
    ...(type !== 'INSERT' && change.before !== null && { old_record: record(change.before) }),
    errors: null,
  }
}
