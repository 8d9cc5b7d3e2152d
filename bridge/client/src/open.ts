/** Opening, once per name: everybody in a tab who asks for the same database shares it. */

import type { Tables, UntypedTables } from './builder/scope.ts'
import { Database } from './database.ts'
import type { OpenOptions } from './options.ts'

interface Shared {
  readonly database: Database<Tables>
  users: number
}

const open_ = new Map<string, Shared>()

/** Databases that are open in this tab, for tests and tools. */
export function openDatabases(): readonly Database<Tables>[] {
  return [...open_.values()].map((shared) => shared.database)
}

function share<DB extends Tables>(options: OpenOptions<DB>): Database<DB> {
  const key = `${options.storage ?? 'opfs'} ${options.name} ${options.user ?? ''}`
  const known = open_.get(key)
  if (known !== undefined) {
    known.users++
    return known.database as unknown as Database<DB> // opened under the same name; its types are the caller's promise
  }
  const database = new Database<DB>(options, () => {
    if (open_.get(key) === shared) open_.delete(key)
  })
  const shared: Shared = { database: database as unknown as Database<Tables>, users: 1 }
  open_.set(key, shared)
  database.countUsers(async (closeNow) => {
    if (--shared.users > 0) return
    if (open_.get(key) === shared) open_.delete(key)
    await closeNow()
  })
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
