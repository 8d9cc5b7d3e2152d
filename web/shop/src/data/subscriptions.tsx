import { useClient } from '@rockpool/react'
import { useEffect, type ReactNode } from 'react'
import { tables } from './schema.ts'

/**
 * Follows every table of the shop while the app is open. They are small; an
 * app with large ones would follow shapes of them.
 */
export function Subscriptions({ children }: { readonly children: ReactNode }) {
  const database = useClient()
  useEffect(() => {
    if (database === null) return
    // A refusal shows in the status of the shape.
    for (const table of tables) database.sync.subscribe(table).ready.catch(() => {})
  }, [database])
  return children
}
