/** db.outbox: this client's transactions and where each one stands. */

import type { Row } from './chunk.ts'
import { Cell, Topic, type Readable } from './emitter.ts'
import { KIND_NAMES, type Kind } from './error.ts'
import type { Outcome } from './gen/mutation.ts'
import type { Schema } from './gen/schema.ts'
import {
  EmptyMessage,
  OutboxActMessage,
  OutboxListMessage,
  type NamedRow,
  type OutboxEntry as WireEntry,
  type OutboxOp as WireOp,
  PageOutbox,
  PageOutboxAct,
} from './gen/wire.ts'
import { booleansOf, lowerOperation, toObject, type DatabaseOperation } from './operations.ts'
import type { Session } from './session.ts'

/** Where a transaction stands. */
export type TransactionState =
  | 'draft'
  | 'applied'
  | 'durable'
  | 'sent'
  | 'accepted'
  | 'conflicted'
  | 'rejected'
  | 'rolled_back'
  | 'blocked'

/** By wire.TxState's number; a test compares them. */
export const STATES: readonly TransactionState[] = [
  'draft',
  'draft',
  'applied',
  'durable',
  'sent',
  'accepted',
  'conflicted',
  'rejected',
  'rolled_back',
  'blocked',
]

/** By mutation.Kind's number. */
export const OPS = ['update', 'insert', 'update', 'delete'] as const

/** One row operation of a transaction. */
export interface OutboxOperation {
  readonly type: 'insert' | 'update' | 'delete'
  readonly table: string
  readonly key: Row
  readonly before: Row | null
  readonly after: Row | null
  /** Columns of an update that were added to: `after` has the amount. */
  readonly deltas: readonly string[]
}

/** One transaction of this client. */
export interface OutboxEntry {
  readonly mid: number
  readonly state: TransactionState
  /** Milliseconds since 1970. */
  readonly at: number
  /** Empty for one of more than 64 KiB until the next `list()`. */
  readonly operations: readonly OutboxOperation[]
  /**
   * Why it was refused, or null. A `blocked` one names the refused transaction
   * that it builds on, or null where that was given up.
   */
  readonly kind: Kind | null
  readonly detail: string
  readonly causedBy: number | null
  /** The states that it has been in, oldest first, each with its moment, as far as is known. */
  readonly history: readonly { readonly state: TransactionState; readonly at: number }[]
  readonly bytes: number
  readonly idempotencyKey: string
  /**
   * Writes a refused one again, over what stands now, or other operations in its
   * place. One that waits to be sent takes other operations only.
   * @throws `forbidden` while it is on its way.
   */
  retry(operations?: readonly DatabaseOperation[]): Promise<void>
  /**
   * Gives one up that was refused or waits to be sent; its data is gone after that.
   * @throws `forbidden` while it is on its way.
   */
  discard(): Promise<void>
}

/** A transaction whose rows left the view because the server refused it, or one that it builds on. */
export interface Rollback {
  readonly mid: number
  /** Why, as in {@link OutboxEntry}. */
  readonly kind: Kind | null
  readonly detail: string
  readonly causedBy: number | null
  readonly operations: readonly OutboxOperation[]
}

/** Ended transactions that are remembered for people to see. */
export const ENDED_MAX = 200

/** See the file's comment. */
export class Outbox {
  readonly #session: Session
  readonly #schema: () => Schema | null
  readonly #entries = new Cell<readonly OutboxEntry[]>([])
  readonly #states = new Topic<OutboxEntry>()
  readonly #rollbacks = new Topic<Rollback>()

  constructor(session: Session, schema: () => Schema | null) {
    this.#session = session
    this.#schema = schema
  }

  /** Transactions as last heard, those that ended lately included; kept up to date once they were listed. */
  get changes(): Readable<readonly OutboxEntry[]> {
    return this.#entries
  }

  /** Asks for the transactions that have not ended, oldest first. */
  async list(): Promise<readonly OutboxEntry[]> {
    const { entries } = await this.#session.ask(PageOutbox, 'list outbox', EmptyMessage, {}, OutboxListMessage)
    const list = entries.map((entry) => this.#entry(entry))
    const listed = new Set(list.map((one) => one.mid))
    this.#set([...this.#entries.get().filter((one) => hasEnded(one) && !listed.has(one.mid)), ...list])
    return list
  }

  /** Calls back with the list, now and after each change; returns the way to stop. */
  subscribe(listener: (entries: readonly OutboxEntry[]) => void): () => void {
    const stop = this.#entries.subscribe(listener)
    listener(this.#entries.get())
    return stop
  }

  /** Calls back when a transaction changes its state. */
  onState(listener: (entry: OutboxEntry) => void): () => void {
    return this.#states.on(listener)
  }
  /** Calls back when the rows of a refused transaction have left the view. */
  onRollback(listener: (rollback: Rollback) => void): () => void {
    return this.#rollbacks.on(listener)
  }

  /** Not for applications: a transaction is new or has changed. Only the first event may have operations. */
  receive(wire: WireEntry): void {
    const all = this.#entries.get()
    const known = all.find((one) => one.mid === wire.mid)
    let entry = this.#entry(wire)
    if (known && entry.operations.length === 0) entry = { ...entry, operations: known.operations, bytes: known.bytes }
    this.#set([...all.filter((one) => one !== known), entry])
    this.#states.emit(entry)
  }

  /** Not for applications: a refused transaction's operations. */
  receiveRollback({ mid, kind, detail }: Outcome, causedBy: number, operations: readonly WireOp[]): void {
    this.#rollbacks.emit({
      mid,
      ...why(kind, causedBy),
      detail,
      operations: operations.map((one) => this.#operation(one)),
    })
  }

  #set(all: readonly OutboxEntry[]): void {
    const sorted = [...all].sort((a, b) => a.mid - b.mid)
    this.#entries.set(sorted.length > ENDED_MAX ? drop(sorted) : sorted)
  }

  #entry(wire: WireEntry): OutboxEntry {
    return {
      ...wire,
      ...why(wire.kind, wire.causedBy),
      state: stateOf(wire.state),
      history: wire.history.map(({ state, at }) => ({ state: stateOf(state), at })),
      operations: wire.operations.map((one) => this.#operation(one)),
      retry: (operations = []) => this.#act(wire.mid, false, operations),
      discard: () => this.#act(wire.mid, true, []),
    }
  }

  #operation(wire: WireOp): OutboxOperation {
    const booleans = booleansOf(this.#schema(), wire.table)
    const row = (named: NamedRow | null) => named && toObject(named, booleans)
    return {
      ...wire,
      type: OPS[wire.type] ?? 'update',
      key: toObject(wire.key, booleans),
      before: row(wire.before),
      after: row(wire.after),
    }
  }

  async #act(mid: number, discard: boolean, operations: readonly DatabaseOperation[]): Promise<void> {
    await this.#session.ask(
      PageOutboxAct,
      discard ? 'discard transaction' : 'retry transaction',
      OutboxActMessage,
      { mid, discard, ops: operations.map(lowerOperation) },
      EmptyMessage,
    )
    await this.list()
  }
}

/** Why one was refused, in the page's words. */
const why = (kind: number, causedBy: number) => ({
  kind: kind === 0 ? null : (KIND_NAMES[kind] ?? 'unknown'),
  causedBy: causedBy || null,
})

const stateOf = (state: number) => STATES[state] ?? 'draft'

const hasEnded = ({ state }: OutboxEntry) => state === 'accepted' || state === 'rolled_back'

/** Forgets the oldest that has ended well. */
function drop(entries: readonly OutboxEntry[]): readonly OutboxEntry[] {
  const at = entries.findIndex(hasEnded)
  return at < 0 ? entries : entries.filter((_, index) => index !== at)
}
