/** Hooks on what a database lets one watch: health, sync, conflicts, outbox. */

import { useEffect, useSyncExternalStore } from 'react'
import {
  type Conflict,
  type DatabaseHealth,
  NO_STATUS,
  OPENING,
  type OutboxEntry,
  type Readable,
  type SyncStatus,
} from '@rockpool/client'
import { useClient } from './context.ts'

const subscribeToNothing = (): (() => void) => () => {}

/** Follows a readable, or shows `nothing` (which must be a constant) while there is none. */
export function useReadable<T>(readable: Readable<T> | null | undefined, nothing: T): T {
  const getNothing = () => nothing
  return useSyncExternalStore<T>(readable?.subscribe ?? subscribeToNothing, readable?.get ?? getNothing, getNothing)
}

const NO_CONFLICTS: readonly Conflict[] = []
const NO_ENTRIES: readonly OutboxEntry[] = []

/** Where sync stands. */
export function useSyncStatus(): SyncStatus {
  return useReadable(useClient()?.sync.changes, NO_STATUS)
}

/** The health of the database and of its connection to the relay. */
export function useHealth(): DatabaseHealth {
  return useReadable(useClient()?.health, OPENING)
}

/** Every conflict that was not dismissed; each one can be resolved. */
export function useConflicts(): readonly Conflict[] {
  const client = useClient()
  useEffect(() => {
    client?.conflicts.list().catch(() => {})
  }, [client]) // a failure shows in health
  return useReadable(client?.conflicts.changes, NO_CONFLICTS)
}

/** This client's transactions and their states. */
export function useOutbox(): readonly OutboxEntry[] {
  const client = useClient()
  useEffect(() => {
    client?.outbox.list().catch(() => {})
  }, [client]) // as above
  return useReadable(client?.outbox.changes, NO_ENTRIES)
}
