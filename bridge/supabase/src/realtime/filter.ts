/** The filters of a subscription to changes: `col=op.value`, several by commas. They are evaluated on rows in the page. */

import type { Column, Row } from '@rockpool/client'
import { compareValues, parseLiteral } from '../literals.ts'
import type { Cell } from '../values.ts'

/** Values of one `in` at most, as at Supabase. */
export const IN_MAX = 100

const OPERATORS = [
  'eq',
  'neq',
  'lt',
  'lte',
  'gt',
  'gte',
  'in',
  'like',
  'ilike',
  'is',
  'match',
  'imatch',
  'isdistinct',
] as const
type Operator = (typeof OPERATORS)[number]

/** One filter, not yet held to a table. */
export interface Filter {
  readonly column: string
  readonly operator: Operator
  readonly value: string
  readonly isNot: boolean
}

/** What is wrong with a subscription, in Supabase's words. */
export class SubscriptionError extends Error {}

/** Reads a filter's text; blank is none. @throws SubscriptionError. */
export function parseFilters(text: string): Filter[] {
  if (text.trim() === '') return []
  return segments(text).map(parseFilter)
}

/** Parts between commas that stand outside of quotes and parentheses. */
function segments(text: string): string[] {
  const parts: string[] = []
  let depth = 0,
    isQuoted = false,
    begin = 0
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '\\' && isQuoted) at++
    else if (char === '"') isQuoted = !isQuoted
    else if (isQuoted) continue
    else if (char === '(') depth++
    else if (char === ')') depth--
    else if (char === ',' && depth === 0) {
      parts.push(text.slice(begin, at))
      begin = at + 1
    }
  }
  parts.push(text.slice(begin))
  return parts
}

function parseFilter(segment: string): Filter {
  if (segment.trim() === '') throw bad('filter must not contain empty segments (check for extra commas)')
  const equals = segment.indexOf('=')
  if (equals < 0) throw bad(`[${JSON.stringify(segment)}]`)
  const rest = segment.slice(equals + 1)
  const isNot = rest.startsWith('not.')
  const test = isNot ? rest.slice(4) : rest
  const dot = test.indexOf('.')
  const name = dot < 0 ? test : test.slice(0, dot)
  const operator = OPERATORS.find((one) => one === name)
  if (dot < 0 || operator === undefined)
    throw bad(
      dot < 0 ? `[${JSON.stringify(test)}]` : `[${JSON.stringify(name)}, ${JSON.stringify(test.slice(dot + 1))}]`,
    )
  const value = test.slice(dot + 1)
  if (operator === 'in') {
    if (!/^\(.*\)$/s.test(value)) throw bad('`in` filter value must be wrapped by parentheses')
    if (listOf(value).length > IN_MAX) throw bad(`\`in\` filter takes at most ${IN_MAX} values`)
  }
  return {
    column: segment.slice(0, equals).trim(),
    operator,
    value: operator === 'in' ? value : unquoted(value),
    isNot,
  }
}

function bad(why: string): SubscriptionError {
  return new SubscriptionError('Error parsing `filter` params: ' + why)
}

function unquoted(value: string): string {
  return /^".*"$/s.test(value) ? value.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : value
}

/** The values of `(a,"b,c")`. */
function listOf(value: string): string[] {
  const inner = value.slice(1, -1)
  return inner === '' ? [] : segments(inner).map((item) => unquoted(item.trim()))
}

/** A filter held to its column: true, false, or null where SQL does not know. @throws BadLiteral, SubscriptionError. */
export function testOf(filter: Filter, column: Column): (row: Row) => boolean | null {
  const { value } = filter
  const literal = () => parseLiteral(column, value)
  const comparing = (holds: (order: number) => boolean): ((cell: Cell) => boolean | null) => {
    const right = literal()
    return (cell) => (cell === null ? null : holds(compareValues(column, cell, right)))
  }
  const test = ((): ((cell: Cell) => boolean | null) => {
    switch (filter.operator) {
      case 'eq':
        return comparing((order) => order === 0)
      case 'neq':
        return comparing((order) => order !== 0)
      case 'lt':
        return comparing((order) => order < 0)
      case 'lte':
        return comparing((order) => order <= 0)
      case 'gt':
        return comparing((order) => order > 0)
      case 'gte':
        return comparing((order) => order >= 0)
      case 'isdistinct': {
        const right = /^null$/i.test(value) ? null : literal()
        return (cell) => (cell === null || right === null ? cell !== right : compareValues(column, cell, right) !== 0)
      }
      case 'in': {
        const list = listOf(value).map((item) => parseLiteral(column, item))
        return (cell) => (cell === null ? null : list.some((item) => compareValues(column, cell, item) === 0))
      }
      case 'like':
        return matching(likePattern(value, 's'))
      case 'ilike':
        return matching(likePattern(value, 'is'))
      case 'match':
        return matching(pattern(value, 's'))
      case 'imatch':
        return matching(pattern(value, 'is'))
      case 'is':
        return isTest(value)
    }
  })()
  return (row) => {
    const holds = test(row[filter.column] ?? null)
    return holds === null || !filter.isNot ? holds : !holds
  }
}

function matching(pattern: RegExp): (cell: Cell) => boolean | null {
  return (cell) => (cell === null ? null : pattern.test(String(cell)))
}

function pattern(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags)
  } catch (error) {
    throw new SubscriptionError(`invalid regular expression: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** LIKE's pattern: % is any text, _ any character, a backslash takes the next one as it is. */
function likePattern(value: string, flags: string): RegExp {
  const source = value.replaceAll(/\\(.)|[\s\S]/gs, (part, escaped: string | undefined) => {
    if (escaped === undefined && part === '%') return '.*'
    if (escaped === undefined && part === '_') return '.'
    return (escaped ?? part).replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')
  })
  return new RegExp(`^${source}$`, flags + 'u')
}

function isTest(value: string): (cell: Cell) => boolean {
  switch (value.toLowerCase()) {
    case 'null':
    case 'unknown':
      return (cell) => cell === null
    case 'not_null':
      return (cell) => cell !== null
    case 'true':
      return (cell) => cell === true || cell === 1
    case 'false':
      return (cell) => cell === false || cell === 0
    default:
      throw bad(`["is", ${JSON.stringify(value)}]`)
  }
}
