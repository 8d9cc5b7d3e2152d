/** How to run again what failed with an error that was thrown into the tree. */

import type { RockpoolError } from '@rockpool/client'

const retries = new WeakMap<RockpoolError, () => void>()

/** Remembers the way, as long as the error lives. Returns the error. */
export function withRetry(error: RockpoolError, retry: () => void): RockpoolError {
  retries.set(error, retry)
  return error
}

/** The way to run it again, if there is one. */
export function retryOf(error: RockpoolError): (() => void) | undefined {
  return retries.get(error)
}
