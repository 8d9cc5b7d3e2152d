/** Changes of one table of the local database, whoever made them: this page, another tab, or the server. */

import type { Database, RockpoolError } from '@rockpool/client'
import type { Change } from './binding.ts'

/**
 * Follows a table from now on: resolves when it does, and `tell` is then called
 * with what each commit changed: deletes first, then updates, then inserts. The
 * same row as before is no change, so what the server confirms is not told again.
 * Returns what ends it. `fail` is called when the table can be watched no longer.
 * @throws RockpoolError when it cannot be watched at all.
 */
export async function followTable(
  db: Database,
  table: string,
  tell: (changes: readonly Change[]) => void,
  fail: (error: RockpoolError) => void,
): Promise<() => void> {
  const live = db.live(db.from(table))
  if (live.get().status === 'error') live.retry()
  let isFirst = true
  const stop = live.each((_, { added, removed, changed }) => {
    if (isFirst) {
      isFirst = false // the rows that are there already
      return
    }
    tell([
      ...removed.map((before) => ({ before, after: null })),
      ...changed,
      ...added.map((after) => ({ before: null, after })),
    ] as Change[]) // rows of the live query
  }, fail)
  await live.ready
  const { error } = live.get()
  if (error !== null) {
    stop()
    throw error
  }
  return stop
}
