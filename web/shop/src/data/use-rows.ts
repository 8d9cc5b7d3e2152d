import type { Statement } from '@rockpool/client'
import { useSuspenseQuery } from '@rockpool/react'

/**
 * The rows of a statement, live. Statements are made anew by each render, so
 * this goes by their text and values.
 */
export function useRows<Row extends object>(statement: Statement): readonly Row[] {
  return useSuspenseQuery(statement.sql, statement.params).rows as readonly Row[] // the statement's own columns
}
