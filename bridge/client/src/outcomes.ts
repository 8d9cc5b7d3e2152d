/** How writes end at the server: the promises behind `.confirmed`. */

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

interface Waiter {
  resolve(confirmation: Confirmation): void
  reject(error: RockpoolError): void
}

/** Promises by mutation. */
export class Outcomes {
  readonly #waiting = new Map<number, Waiter[]>()
  readonly #known = new Map<number, Outcome>()

  /** Mutations that somebody waits for. */
  waiting(): number[] {
    return [...this.#waiting.keys()]
  }

  /** Settles when the server has decided: resolves unless it refused. @throws `rejected`, `blocked`, or the refusal's own kind. */
  of(mid: number): Promise<Confirmation> {
    if (mid === 0) return Promise.resolve({ status: 'local', mid })
    const promise = new Promise<Confirmation>((resolve, reject) => {
      const waiter = { resolve, reject }
      const known = this.#known.get(mid)
      if (known !== undefined) settle(known, [waiter])
      else this.#waiting.set(mid, [...(this.#waiting.get(mid) ?? []), waiter])
    })
    promise.catch(() => {}) // nobody has to look at .confirmed
    return promise
  }

  settle(outcome: Outcome): void {
    this.#known.set(outcome.mid, outcome)
    if (this.#known.size > REMEMBERED_MAX) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest)
        break
      }
    }
    const waiters = this.#waiting.get(outcome.mid)
    this.#waiting.delete(outcome.mid)
    if (waiters !== undefined) settle(outcome, waiters)
  }

  /** Rejects what still waits: the database is closing. */
  end(why: RockpoolError): void {
    for (const waiters of this.#waiting.values()) for (const waiter of waiters) waiter.reject(why)
    this.#waiting.clear()
  }
}

function settle(outcome: Outcome, waiters: readonly Waiter[]): void {
  const status = statusName(outcome.status)
  if (status === 'rejected' || status === 'blocked') {
    const named = outcome.kind === 0 ? undefined : KIND_NAMES[outcome.kind]
    const error = failure(
      named ?? status,
      'apply write at the server',
      outcome.detail || status,
      'its data is in db.outbox, to be fixed, retried or discarded',
      { mid: outcome.mid },
    )
    for (const waiter of waiters) waiter.reject(error)
  } else {
    for (const waiter of waiters) waiter.resolve({ status, mid: outcome.mid })
  }
}
