/** useReadable: a component follows what the client lets one watch. */

import { useSyncExternalStore } from 'react'
import type { Readable } from '@rockpool/client'

/** Watches nothing. */
export const subscribeToNothing = (): (() => void) => () => {}

/** Follows a readable, or shows `nothing` (which must be a constant) while there is none, on servers and while hydrating. */
export function useReadable<T>(readable: Readable<T> | null | undefined, nothing: T): T {
  const getNothing = () => nothing
  return useSyncExternalStore<T>(readable?.subscribe ?? subscribeToNothing, readable?.get ?? getNothing, getNothing)
}
