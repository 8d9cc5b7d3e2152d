/** What an app can see of its connections: the database in this browser, and the socket to the relay. */

import { fromFailure, type RockpoolError } from './error.ts'
import type { Health as WireHealth } from './gen/wire.ts'
import type { State } from './tabs/machine.ts'

/** The state of the database in this tab. `silent`: another tab holds it and does not answer. */
export type DatabaseState = 'opening' | 'open' | 'waiting' | 'silent' | 'closed'

/** The state of the socket to the relay. `refused` needs a person: token, version or origin. */
export type SocketState = 'idle' | 'connecting' | 'open' | 'backoff' | 'closed' | 'refused'

/** A snapshot of health: immutable, the same object until something changed. */
export interface DatabaseHealth {
  readonly database: DatabaseState
  readonly socket: SocketState
  /** What this tab is among the tabs of the origin. */
  readonly role: 'leader' | 'follower' | 'none'
  /** False in memory: nothing outlives the page. Browsers do not tell of private windows, which forget when they close. */
  readonly isDurable: boolean
  /** Milliseconds until the next attempt to reach the relay, as of the snapshot. */
  readonly retryMillis: number
  readonly attempts: number
  /** Round trip to the relay, milliseconds, or 0 while unknown. */
  readonly rttMillis: number
  readonly error: RockpoolError | null
}

/** Health before anything is known. */
export const OPENING: DatabaseHealth = {
  database: 'opening',
  socket: 'idle',
  role: 'none',
  isDurable: false,
  retryMillis: 0,
  attempts: 0,
  rttMillis: 0,
  error: null,
}

/** By wire.ConnState's number; a test compares them. */
export const SOCKETS: readonly SocketState[] = ['idle', 'connecting', 'open', 'backoff', 'closed', 'refused']

/** Health with what the core says about its connections. */
export function withCore(health: DatabaseHealth, core: WireHealth): DatabaseHealth {
  return {
    ...health,
    socket: SOCKETS[core.socket] ?? 'idle',
    retryMillis: core.retryMillis,
    attempts: core.attempts,
    rttMillis: core.rttMicros / 1000,
    error: core.lastError && fromFailure(core.lastError),
  }
}

/** The role that a state of the tabs' machine means. */
export function roleOf(state: State): DatabaseHealth['role'] {
  switch (state) {
    case 'leading':
    case 'starting':
    case 'handing':
      return 'leader'
    case 'linking':
    case 'following':
    case 'silent':
      return 'follower'
    case 'idle':
    case 'seeking':
    case 'outdated':
    case 'stopped':
      return 'none'
    default: {
      const never: never = state
      return never
    }
  }
}
