/** <QueryBuilder>: a form that makes a query of one table. */

import { later } from './later.tsx'

/** The seed's props, and optional ones. `any` is the seed's own. */
export interface QueryBuilderProps {
  table: string
  onQuery: (result: any, query?: { readonly sql: string; readonly rows: number; readonly millis: number }) => void
  onError: (error: Error) => void
  /** The limit to begin with. Default 50. */
  limit?: number
}

/**
 * Chooses columns, filters, order and limit of a table. `onQuery` is called
 * once a result, with its rows. Every value is bound; nothing typed here
 * becomes SQL text. It shows the SQL, what its plan means in plain words, the
 * index that would help, and how long the last run took.
 *
 * The form is a chunk of its own: most pages show none at first.
 */
export const QueryBuilder = later<QueryBuilderProps>(
  ({ table }) => `The query builder of ${table}`,
  async () => (await import('./query-form.tsx')).QueryForm,
)
