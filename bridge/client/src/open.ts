/** Opening, once per name: everybody in a tab who asks for the same database shares it. */

import type { Tables, UntypedTables } from './builder/scope.ts'
import { Database } from './database.ts'
import type { OpenOptions } from './options.ts'

const open_ = new Map<string, Database<Tables>>()

/** Databases that are open in this tab, for tests and tools. */
export function openDatabases(): readonly Database<Tables>[] {
  return [...open_.values()]
}

function share<DB extends Tables>(options: OpenOptions<DB>): Database<DB> {
  const key = `${options.storage ?? 'opfs'} ${options.name} ${options.user ?? ''}`
  const known = open_.get(key)
  if (known?.join()) return known as unknown as Database<DB> // opened under the same name; its types are the caller's promise
  const database = new Database<DB>(options, () => {
    if (open_.get(key) === shared) open_.delete(key)
  })
  const shared = database as unknown as Database<Tables>
  open_.set(key, shared)
  return database
}

/**
 * Opens a database, or joins it when this tab has it open already; each call
 * wants its own `close`. Resolves when it can be queried.
 *
 * @throws `storage_unavailable`, `storage_locked`, `wrong_key`, `corrupt`, `leader_frozen`, `reload_needed`, `version_mismatch`.
 * @example
 * const db = await open({ name: 'shop', schema, relay: { url: '/rockpool' } })
 */
export async function open<DB extends Tables = UntypedTables>(options: OpenOptions<DB>): Promise<Database<DB>> {
  const database = share(options)
  await database.ready
  return database
}

/** As open, but returns at once: calls wait until the database is there, `ready` tells when. */
export function openLater<DB extends Tables = UntypedTables>(options: OpenOptions<DB>): Database<DB> {
  return share(options)
}
