/** Hooks on what a database lets one watch: health, sync, conflicts, outbox. */

import { useEffect } from 'react'
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
import { useReadable } from './use-readable.ts'

const NONE: readonly never[] = []

/** A list that the database keeps up to date once it was asked for. */
function useListed<T>(
  of: { list(): Promise<unknown>; readonly changes: Readable<readonly T[]> } | undefined,
): readonly T[] {
  useEffect(() => {
    of?.list().catch(() => {}) // a failure shows in health
  }, [of])
  return useReadable(of?.changes, NONE)
}

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
  return useListed(useClient()?.conflicts)
}

/** This client's transactions and their states. */
export function useOutbox(): readonly OutboxEntry[] {
  return useListed(useClient()?.outbox)
}
