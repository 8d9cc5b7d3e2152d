/** The messages between the page and the Worker of the official build. */

import type { RowValues } from './adapter.ts'

/** What the page asks. */
export type Ask =
  | { readonly id: number; readonly do: 'open' | 'fresh' | 'close' }
  | { readonly id: number; readonly do: 'insert'; readonly rows: readonly RowValues[] }
  | { readonly id: number; readonly do: 'all'; readonly sql: string; readonly params: readonly (number | string)[] }

/** What the Worker answers: rows as arrays, as they clone faster than objects do. */
export interface Answer {
  readonly id: number
  readonly error?: string
  readonly version?: string
  readonly names?: readonly string[]
  readonly rows?: readonly (readonly unknown[])[]
}
