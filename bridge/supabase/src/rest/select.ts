/** A PostgREST URL as a query of the client's tree: every value is bound, every name is held to the schema. */

import type { Column, Table } from '@rockpool/client'
import * as q from '@rockpool/client/query'
import { parseLiteral } from '../literals.ts'
import { RestError, unparsed, unsupported } from './errors.ts'

/** One column of the answer. */
export interface Shown {
  readonly column: Column
  readonly as: string
}

/** What a URL asks for. */
export interface Asked {
  readonly shown: readonly Shown[]
  readonly where: q.Expr | null
  readonly orderBy: readonly q.Order[]
  readonly limit: number | null
  readonly offset: number
}

const NAME = '[A-Za-z_][A-Za-z0-9_ $]*|"(?:[^"\\\\]|\\\\.)*"'
const RESERVED = ['select', 'columns', 'on_conflict', 'order', 'limit', 'offset', 'and', 'or', 'not.and', 'not.or']

/** Reads a query string for a table. @throws RestError, BadLiteral. */
export function parseQuery(params: URLSearchParams, table: Table): Asked {
  const tests: q.Expr[] = []
  for (const [key, text] of params) {
    if (key === 'and' || key === 'or' || key === 'not.and' || key === 'not.or')
      tests.push(new Logic(text, table).tree(key))
    else if (!RESERVED.includes(key)) tests.push(filter(table, key, text))
  }
  return {
    shown: parseSelect(params.get('select') ?? '*', table),
    where: tests.length > 1 ? branch(q.ExprAnd, tests) : (tests[0] ?? null),
    orderBy: parseOrder(params.get('order'), table),
    limit: parseCount(params.get('limit'), 'limit'),
    offset: parseCount(params.get('offset'), 'offset') ?? 0,
  }
}

function parseCount(text: string | null, what: string): number | null {
  if (text === null) return null
  if (!/^\d{1,15}$/.test(text)) throw unparsed(what, text)
  return Number(text)
}

/** `*`, columns, `alias:column`. @throws RestError. */
export function parseSelect(text: string, table: Table): Shown[] {
  if (text === '') return table.columns.map((column) => ({ column, as: column.name }))
  const item = new RegExp(`^(?:(${NAME}):)?(?:(\\*)|(${NAME}))$`)
  return items(text).flatMap((part) => {
    if (/[(]|^\.\.\./.test(part)) throw unsupported('embedding or an aggregate')
    if (part.includes('::')) throw unsupported('a cast')
    if (part.includes('->')) throw unsupported('a JSON path')
    const [match, alias, star, name = ''] = item.exec(part) ?? []
    if (match === undefined || (star !== undefined && alias !== undefined)) throw unparsed('select parameter', text)
    if (star !== undefined) return table.columns.map((column) => ({ column, as: column.name }))
    const column = columnOf(table, unquoted(name))
    return [{ column, as: alias === undefined ? column.name : unquoted(alias) }]
  })
}

function parseOrder(text: string | null, table: Table): q.Order[] {
  if (text === null || text === '') return []
  return items(text).map((part) => {
    const [match, name = '', direction, nulls] =
      new RegExp(`^(${NAME})(?:\\.(asc|desc))?(?:\\.(nullsfirst|nullslast))?$`).exec(part) ?? []
    if (match === undefined) throw /->|\(/.test(part) ? unsupported('order by a path') : unparsed('order', text)
    return {
      expr: columnNode(columnOf(table, unquoted(name))),
      desc: direction === 'desc',
      nulls: nulls === 'nullsfirst' ? q.NullsFirst : nulls === 'nullslast' ? q.NullsLast : q.NullsDefault,
    }
  })
}

/** `column=[not.]op.value`, where the value is all the rest. */
function filter(table: Table, name: string, text: string): q.Expr {
  if (name.includes('->')) throw unsupported('a JSON path')
  if (name.includes('.')) throw unsupported('a filter on an embedded table')
  return test(columnOf(table, unquoted(name)), text, text)
}

/** @throws RestError for an operator that there is not. */
function test(column: Column, text: string, whole: string): q.Expr {
  if (text.startsWith('not.')) return not(test(column, text.slice(4), whole))
  const dot = text.indexOf('.')
  const operator = text.slice(0, dot)
  const value = text.slice(dot + 1)
  const left = columnNode(column)
  const compare = (name: string, right: q.Expr) => node(q.ExprCompare, { name, args: [left, right] })
  const comparison = { eq: '=', neq: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=' }[operator]
  if (dot > 0 && comparison !== undefined) return compare(comparison, valueNode(parseLiteral(column, value)))
  switch (dot > 0 ? operator : '') {
    case 'like':
    case 'ilike':
      return compare(operator, valueNode(value.replaceAll('*', '%')))
    case 'in': {
      if (!/^\(.*\)$/s.test(value)) throw unparsed('filter', whole)
      const list = value === '()' ? [] : items(value.slice(1, -1)).map((item) => parseLiteral(column, unquoted(item)))
      return node(q.ExprIn, { args: [left, ...list.map(valueNode)] })
    }
    case 'is':
      switch (value.toLowerCase()) {
        case 'null':
        case 'unknown':
          return node(q.ExprIsNull, { args: [left] })
        case 'not_null':
          return not(node(q.ExprIsNull, { args: [left] }))
        case 'true':
        case 'false': {
          const isValue = compare('=', valueNode(value.toLowerCase() === 'true' ? 1 : 0))
          return branch(q.ExprAnd, [not(node(q.ExprIsNull, { args: [left] })), isValue])
        }
      }
      throw unparsed('filter', whole)
  }
  if (
    /^(match|imatch|isdistinct|cs|cd|ov|sl|sr|nxr|nxl|adj|(pl|ph|w)?fts)\b/.test(operator) ||
    /\((any|all)\)/.test(operator)
  )
    throw unsupported(`the operator ${operator}`)
  throw unparsed('filter', whole, `unexpected "${text.slice(0, 1)}" expecting "not" or operator (eq, gt, ...)`)
}

/** `(a.eq.1,and(b.gt.2,not.or(…)))`. */
class Logic {
  readonly #text: string
  readonly #table: Table
  constructor(text: string, table: Table) {
    this.#text = text
    this.#table = table
  }

  tree(key: string): q.Expr {
    return this.#group(key, this.#text)
  }

  #group(key: string, text: string): q.Expr {
    if (!/^\(.*\)$/s.test(text)) throw unparsed('logic tree', this.#text)
    const all = items(text.slice(1, -1)).map((part) => this.#part(part))
    const [first] = all
    if (first === undefined) throw unparsed('logic tree', this.#text)
    const tree = all.length === 1 ? first : branch(key.endsWith('and') ? q.ExprAnd : q.ExprOr, all)
    return key.startsWith('not.') ? not(tree) : tree
  }

  #part(part: string): q.Expr {
    const group = /^((?:not\.)?(?:and|or))(\(.*\))$/s.exec(part)
    if (group !== null) return this.#group(group[1] ?? '', group[2] ?? '')
    const [match, name = '', rest = ''] = new RegExp(`^(${NAME})\\.(.*)$`, 's').exec(part) ?? []
    if (match === undefined) throw unparsed('logic tree', this.#text)
    const [, head = '', value = rest] = /^((?:not\.)?[a-z]+\.)(".*")$/s.exec(rest) ?? []
    return test(columnOf(this.#table, unquoted(name)), head === '' ? rest : head + unquoted(value), this.#text)
  }
}

/** Parts between commas outside of quotes, parentheses and braces. */
function items(text: string): string[] {
  const parts: string[] = []
  let depth = 0,
    isQuoted = false,
    begin = 0
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? ''
    if (char === '\\' && isQuoted) at++
    else if (char === '"') isQuoted = !isQuoted
    else if (isQuoted) continue
    else if ('({'.includes(char)) depth++
    else if (')}'.includes(char)) depth--
    else if (char === ',' && depth === 0) {
      parts.push(text.slice(begin, at))
      begin = at + 1
    }
  }
  if (depth !== 0 || isQuoted) throw unparsed('list', text)
  return [...parts, text.slice(begin)]
}

function unquoted(text: string): string {
  return /^".*"$/s.test(text) ? text.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : text
}

/** @throws RestError 42703, as Postgres. */
export function columnOf(table: Table, name: string): Column {
  const column = table.columns.find((one) => one.name === name)
  if (column === undefined) throw new RestError(400, '42703', `column ${table.name}.${name} does not exist`)
  return column
}

function node(kind: q.ExprKind, fields: Partial<q.Expr>): q.Expr {
  return { table: '', name: '', value: null, args: [], sub: null, distinct: false, ...fields, kind }
}
const branch = (kind: q.ExprKind, args: readonly q.Expr[]): q.Expr => node(kind, { args })
const not = (of: q.Expr): q.Expr => node(q.ExprNot, { args: [of] })
/** A column as an expression. */
export const columnNode = (column: Column): q.Expr => node(q.ExprColumn, { name: column.name })
/** A bound value as an expression. */
export const valueNode = (value: q.Expr['value']): q.Expr => node(q.ExprValue, { value })
/** The number of rows as an expression. */
export const countNode = (): q.Expr => node(q.ExprCall, { name: 'count', args: [node(q.ExprStar, {})] })
/** All of these. */
export const allOf = (all: readonly q.Expr[]): q.Expr => branch(q.ExprAnd, all)
/** `left = value`. */
export const equals = (left: q.Expr, value: q.Expr['value']): q.Expr =>
  node(q.ExprCompare, { name: '=', args: [left, valueNode(value)] })
