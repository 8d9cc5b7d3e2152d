/** SQL text with bound values: db.sql`… ${value} …`. */

import { isMade, noted } from './made.ts'
import type { SqlValue } from '../codec.ts'
import { failure } from '../error.ts'
import { toSql } from '../values.ts'

/** A statement and its bound arguments. */
export interface Statement {
  readonly sql: string
  readonly params: readonly SqlValue[]
}

/**
 * Makes a statement from a template: each value becomes a `?` and is bound,
 * never spliced. Another statement inside it is spliced with its own values,
 * so parts compose.
 */
export function sql(strings: TemplateStringsArray, ...values: readonly unknown[]): Statement {
  let text = strings[0] ?? ''
  const params: SqlValue[] = []
  values.forEach((value, at) => {
    if (isStatement(value)) {
      text += value.sql
      params.push(...value.params)
    } else {
      text += '?'
      params.push(toSql(value, `value ${at + 1} of the template`))
    }
    text += strings[at + 1] ?? ''
  })
  return noted({ sql: text, params })
}

/** A table's or column's name as SQL text, quoted. */
export function identifier(name: string): Statement {
  if (name.includes('\0')) throw failure('invalid_argument', 'quote a name', 'a name cannot hold NUL')
  return noted({ sql: '"' + name.replaceAll('"', '""') + '"', params: [] })
}

/** Only what `sql` and `identifier` made: an object from outside is bound, not spliced. */
export function isStatement(value: unknown): value is Statement {
  return isMade(value, 'sql')
}

/** Whether a statement surely only reads. It errs to the safe side: WITH may write. */
export function isRead(sql: string): boolean {
  return /^(?:\s|;|--[^\n]*\n|\/\*[\s\S]*?\*\/)*(?:select|values|explain)\b/i.test(sql)
}
