/** How writes end at the server: the promises behind `.confirmed`. */

import { deferred, type Deferred } from './deferred.ts'
import { failure, KIND_NAMES, type RockpoolError } from './error.ts'
import type { Outcome, Status } from './gen/mutation.ts'

/** How a write ended. `local`: it touched no synced table. */
export type OutcomeStatus = 'local' | 'applied' | 'merged' | 'superseded' | 'parked' | 'rejected' | 'blocked'

/** A write that the server has settled without refusing it. */
export interface Confirmation {
  readonly status: Exclude<OutcomeStatus, 'rejected' | 'blocked'>
  readonly mid: number
}

/** By mutation.Status's number; a test compares them. */
export const STATUSES: readonly OutcomeStatus[] = [
  'local',
  'applied',
  'merged',
  'superseded',
  'parked',
  'rejected',
  'blocked',
]

/** The name of a status number. */
export function statusName(status: Status): OutcomeStatus {
  return STATUSES[status] ?? 'local'
}

/** Outcomes that are remembered for writes whose own answer comes after them. */
export const REMEMBERED_MAX = 1_000

/** Promises by mutation. */
export class Outcomes {
  readonly #waiting = new Map<number, Deferred<Confirmation>>()
  readonly #settled = new Map<number, Promise<Confirmation>>()

  /** Mutations that somebody waits for. */
  waiting(): number[] {
    return [...this.#waiting.keys()]
  }

  /** Settles when the server has decided: resolves unless it refused. @throws `rejected`, `blocked`, or the refusal's own kind. */
  of(mid: number): Promise<Confirmation> {
    if (mid === 0) return Promise.resolve({ status: 'local', mid })
    const settled = this.#settled.get(mid)
    if (settled !== undefined) return settled
    const waiting = this.#waiting.get(mid) ?? deferred()
    this.#waiting.set(mid, waiting)
    return waiting.promise
  }

  settle(outcome: Outcome): void {
    const { mid } = outcome
    const confirmed = this.#waiting.get(mid) ?? deferred<Confirmation>()
    this.#waiting.delete(mid)
    this.#settled.set(mid, confirmed.promise)
    const [oldest = mid] = this.#settled.keys()
    if (this.#settled.size > REMEMBERED_MAX) this.#settled.delete(oldest)
    const status = statusName(outcome.status)
    if (status !== 'rejected' && status !== 'blocked') {
      confirmed.resolve({ status, mid })
      return
    }
    const named = outcome.kind === 0 ? undefined : KIND_NAMES[outcome.kind]
    confirmed.reject(
      failure(
        named ?? status,
        'apply write at the server',
        outcome.detail || status,
        'its data is in db.outbox, to be fixed, retried or discarded',
        { mid },
      ),
    )
  }

  /** Rejects what still waits: the database is closing. */
  end(why: RockpoolError): void {
    for (const waiting of this.#waiting.values()) waiting.reject(why)
    this.#waiting.clear()
  }
}
