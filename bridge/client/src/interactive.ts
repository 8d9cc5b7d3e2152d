/** The life of an interactive transaction at the Worker: how it begins, whom it belongs to, how it ends. */

import type { Init } from './codec.ts'
import { cancelled, failure, outcomeUnknown, toError, type RockpoolError } from './error.ts'
import {
  BeginTxMessage,
  QueryDoneMessage,
  TxEndMessage,
  TxQueryMessage,
  TxStartedMessage,
  WriteDoneMessage,
  WriteStatusMessage,
  type QueryDone,
  type TxQuery,
  type WriteDone,
  PageBegin,
  PageStatus,
  PageTxEnd,
  PageTxQuery,
} from './gen/wire.ts'
import { newKey } from './key.ts'
import { millis, type WriteOptions } from './requests.ts'
import type { Session, Sink } from './session.ts'

/** Milliseconds after which an interactive transaction is rolled back, by default: it keeps other writers waiting. */
export const TRANSACTION_MS = 5_000

/** Options of an interactive transaction. */
export interface TransactionOptions extends WriteOptions {
  /** Milliseconds until it is rolled back; TRANSACTION_MS by default. */
  readonly timeout?: number
  readonly readOnly?: boolean
}

/** One that has begun. It ends by `commit`, `rollback`, its timeout, or with the link that it began on. */
export class Interactive {
  readonly session: Session
  readonly id: number
  readonly #key: string
  readonly #generation: number
  #isOver = false

  constructor(session: Session, id: number, key: string) {
    this.session = session
    this.id = id
    this.#key = key
    this.#generation = session.generation
  }

  /** Whether it has been ended from here. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** @throws `closed` when it has ended, `rolled_back` when its link is gone. */
  check(): void {
    if (this.#isOver) throw failure('closed', 'use transaction', 'it has ended', 'await everything inside the function')
    if (this.#isLost) throw lost('use transaction')
  }

  /** Runs a statement or a built query in it, into a sink. */
  async query(query: Init<TxQuery>, sink: Sink): Promise<QueryDone> {
    this.check()
    const request = { ...query, tx: this.id }
    return this.session.ask(PageTxQuery, 'query in transaction', TxQueryMessage, request, QueryDoneMessage, {
      policy: 'once',
      sink,
    })
  }

  /** Resolves when it is durable. @throws what its commit throws; `outcome_unknown` when nobody can tell. */
  async commit(): Promise<WriteDone> {
    this.#isOver = true
    if (this.#isLost) throw lost('commit')
    try {
      return await this.#end(true)
    } catch (thrown) {
      return afterLostCommit(this.session, this.#key, toError(thrown, 'commit'))
    }
  }

  /** Resolves when it is rolled back: by this, by its timeout, or with the Worker that held it. */
  async rollback(): Promise<void> {
    this.#isOver = true
    if (!this.#isLost) await this.#end(false).catch(() => {})
  }

  get #isLost(): boolean {
    return this.#generation !== this.session.generation
  }

  #end(commit: boolean): Promise<WriteDone> {
    const op = commit ? 'commit' : 'roll back'
    return this.session.ask(PageTxEnd, op, TxEndMessage, { tx: this.id, commit }, WriteDoneMessage, { policy: 'once' })
  }
}

/**
 * Waits until no other transaction is open, and begins one. A wait that ends
 * early (signal, deadline, end of the session) leaves nothing behind: what is
 * granted afterwards is rolled back at once.
 */
export async function beginInteractive(session: Session, options: TransactionOptions): Promise<Interactive> {
  const { signal, deadline } = options
  const key = options.idempotencyKey ?? newKey()
  if (signal?.aborted === true) throw cancelled('run transaction', signal)
  const request = {
    timeoutMillis: millis(options.timeout ?? TRANSACTION_MS),
    idempotencyKey: key,
    readOnly: options.readOnly,
  }
  const granted = session
    .ask(PageBegin, 'begin transaction', BeginTxMessage, request, TxStartedMessage)
    .then(({ tx }) => new Interactive(session, tx, key))
  return new Promise((resolve, reject) => {
    const giveUp = (why: RockpoolError) => {
      reject(why)
      granted.then((tx) => tx.rollback()).catch(() => {})
    }
    const abort = () => {
      giveUp(cancelled('run transaction', signal))
    }
    const timer =
      deadline === undefined
        ? undefined
        : setTimeout(() => {
            giveUp(late(deadline))
          }, millis(deadline))
    signal?.addEventListener('abort', abort)
    granted.then(resolve, reject).finally(() => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    })
  })
}

function late(deadline: number): RockpoolError {
  return failure(
    'deadline_exceeded',
    'begin transaction',
    `another transaction was open for ${deadline} ms`,
    'try again, or let it wait longer',
  )
}

function lost(op: string): RockpoolError {
  return failure('rolled_back', op, 'the leading tab has changed: the transaction was rolled back', 'run it again')
}

/** The answer to a commit was lost with its link: the key tells whether it took effect. */
async function afterLostCommit(session: Session, key: string, error: RockpoolError): Promise<WriteDone> {
  if (error.kind !== 'worker_died' && error.kind !== 'leader_unreachable' && error.kind !== 'leader_frozen') throw error
  let status: WriteDone
  try {
    status = await session.ask(
      PageStatus,
      'ask for the outcome',
      WriteStatusMessage,
      { idempotencyKey: key },
      WriteDoneMessage,
      { deadline: 4_000 },
    )
  } catch (cause) {
    throw outcomeUnknown('commit', key, cause)
  }
  if (status.known) return status
  throw failure('rolled_back', 'commit', 'the Worker died before the commit: nothing was applied', 'run it again', {
    cause: error,
  })
}
