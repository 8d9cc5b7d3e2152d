/** db.sync: which rows this browser follows, where it stands, and a round on demand. */

import type { Init, SqlValue } from './codec.ts'
import { valueKey } from './key.ts'
import { Cell, Topic, type Readable } from './emitter.ts'
import { failure, fromFailure, type RockpoolError } from './error.ts'
import type { Pos } from './gen/version.ts'
import {
  ConnectMessage,
  EmptyMessage,
  SubscribeMessage,
  SyncPauseMessage,
  SyncRoundMessage,
  UnsubscribeMessage,
  type ShapeStatus,
  type Subscribe,
  type SyncRound,
  type SyncStatus as WireStatus,
  PageConnect,
  PageSubscribe,
  PageSyncNow,
  PageSyncPause,
  PageUnsubscribe,
} from './gen/wire.ts'
import type { CallOptions, Session } from './session.ts'
import { toSql } from './values.ts'

/** Where sync stands: immutable, the same object until something changed. */
export interface SyncStatus {
  readonly position: Pos
  /** The newest position the relay has told of. */
  readonly head: Pos
  /** Writes that the server has not settled. */
  readonly pending: number
  /** Conflicts that wait for a person. */
  readonly parked: number
  /** Writes that were refused. */
  readonly failed: number
  readonly shapes: readonly ShapeProgress[]
  readonly isPaused: boolean
  /** When the last frame came, milliseconds since 1970, or 0. */
  readonly lastMillis: number
}

/** How far one shape has loaded. */
export interface ShapeProgress {
  readonly shape: string
  readonly args: Readonly<Record<string, SqlValue>>
  readonly table: string
  readonly isReady: boolean
  readonly rowsLoaded: number
  readonly rowsTotal: number
  readonly bytes: number
  readonly bytesTotal: number
  readonly error: RockpoolError | null
}

/** What a round changed: rows on this device, and this client's writes that met others. */
export interface SyncStats {
  readonly updated: number
  readonly conflicts: number
}

/** Options of a subscription. */
export interface SubscribeOptions extends CallOptions {
  /**
   * How long the rows stay after the subscription has ended: milliseconds, or "30s", "15m", "12h", "7d".
   * Without one they go with `stop()`, and stay for 30 days when the tab just closes.
   */
  readonly ttl?: number | string
  /** Higher loads first. Default 0. */
  readonly priority?: number
}

/** A followed shape. */
export interface Subscription {
  /** Resolves when the rows are here. */
  readonly ready: Promise<void>
  readonly progress: Readable<ShapeProgress | null>
  /** Ends it; the rows stay for the ttl. */
  stop(): Promise<void>
}

const ZERO: Pos = { epoch: 0, seq: 0 }

/** The status before anything is known. */
export const NO_STATUS: SyncStatus = {
  position: ZERO,
  head: ZERO,
  pending: 0,
  parked: 0,
  failed: 0,
  shapes: [],
  isPaused: false,
  lastMillis: 0,
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of "7d" and the like. @throws `invalid_argument`. */
export function duration(of: number | string | undefined): number {
  if (of === undefined) return 0
  if (typeof of === 'number') return Math.max(0, Math.round(of))
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(of) ?? []
  if (amount === undefined)
    throw failure(
      'invalid_argument',
      'read duration',
      `${JSON.stringify(of)} is none`,
      'write "30s", "15m", "12h" or "7d"',
    )
  return Math.round(Number(amount) * (UNITS[unit] ?? 1))
}

/** See the file's comment. */
export class Sync {
  readonly #session: Session
  readonly #status = new Cell<SyncStatus>(NO_STATUS)
  readonly #rounds = new Topic<SyncStats>()
  /** Subscriptions of this tab, which are made again on a new link. */
  readonly #active = new Map<string, { request: Init<Subscribe>; users: number; ready: Promise<void> }>()

  constructor(session: Session) {
    this.#session = session
  }

  /** Where sync stands now. */
  get status(): SyncStatus {
    return this.#status.get()
  }
  /** The status to read and watch. */
  get changes(): Readable<SyncStatus> {
    return this.#status
  }

  /** Calls back after each round (`round`) or each change of the status (`status`); returns the way to stop. */
  on(event: 'round', listener: (stats: SyncStats) => void): () => void
  on(event: 'status', listener: (status: SyncStatus) => void): () => void
  on(event: 'round' | 'status', listener: ((stats: SyncStats) => void) | ((status: SyncStatus) => void)): () => void {
    return event === 'round'
      ? this.#rounds.on(listener as (stats: SyncStats) => void) // the overloads pair them
      : this.#status.subscribe(listener as (status: SyncStatus) => void)
  }

  /**
   * Follows a shape of the relay. Subscribing to the same shape with the same
   * arguments twice is one subscription with two users.
   *
   * @example
   * const orders = db.sync.subscribe('orders_of_customer', { customer: id }, { ttl: '7d', priority: 1 })
   * await orders.ready
   */
  subscribe(shape: string, args: Readonly<Record<string, unknown>> = {}, options: SubscribeOptions = {}): Subscription {
    const named = Object.entries(args)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => ({ name, value: toSql(value, name) }))
    const key = valueKey([shape, named])
    let entry = this.#active.get(key)
    if (entry === undefined) {
      const request = { shape, args: named, ttlMillis: duration(options.ttl), priority: options.priority }
      const ready = this.#follow(`follow ${shape}`, request, options)
      entry = { request, users: 0, ready }
      ready.catch(() => {
        if (this.#active.get(key)?.ready === ready) this.#active.delete(key)
      })
      this.#active.set(key, entry)
    }
    const held = entry
    held.users++
    let isHeld = true
    const find = (status: SyncStatus) =>
      status.shapes.find((one) => one.shape === shape && named.every(({ name, value }) => one.args[name] === value)) ??
      null
    return {
      ready: held.ready,
      progress: {
        get: () => find(this.#status.get()),
        subscribe: (listener) =>
          this.#status.subscribe((status) => {
            listener(find(status))
          }),
      },
      stop: async () => {
        if (!isHeld) return
        isHeld = false
        if (--held.users > 0 || this.#active.get(key) !== held) return
        this.#active.delete(key)
        await this.#session.ask(
          PageUnsubscribe,
          `leave ${shape}`,
          UnsubscribeMessage,
          { shape, args: named },
          EmptyMessage,
        )
      },
    }
  }

  /** A round now: pushes what waits, compares with the relay's head, answers what changed. @throws `offline`, `unauthenticated`. */
  async now(options: CallOptions = {}): Promise<SyncStats> {
    // Its event comes before the answer: listeners have heard of the round already.
    return statsOf(await this.#session.ask(PageSyncNow, 'sync', EmptyMessage, {}, SyncRoundMessage, options))
  }

  /** Stops push and tail, until resume. Writes go on to be queued. */
  async pause(): Promise<void> {
    await this.#pause(true)
  }
  async resume(): Promise<void> {
    await this.#pause(false)
  }

  /** Turns the connection to the relay on or off. */
  async connect(on = true): Promise<void> {
    await this.#session.ask(PageConnect, on ? 'connect' : 'disconnect', ConnectMessage, { on }, EmptyMessage)
  }

  async #pause(paused: boolean): Promise<void> {
    await this.#session.ask(
      PageSyncPause,
      paused ? 'pause sync' : 'resume sync',
      SyncPauseMessage,
      { paused },
      EmptyMessage,
    )
  }

  /** Not for applications: what the core tells. */
  receiveStatus(wire: WireStatus): void {
    this.#status.set({ ...wire, shapes: wire.shapes.map(progressOf) })
  }
  /** Not for applications: a round has ended. */
  receiveRound(round: SyncRound): void {
    this.#rounds.emit(statsOf(round))
  }

  /** Not for applications: a new Worker serves this tab, which follows the same shapes there. */
  resubscribe(): void {
    for (const { request } of this.#active.values()) this.#follow('follow a shape again', request).catch(() => {}) // the status tells of each shape
  }

  async #follow(op: string, request: Init<Subscribe>, options: CallOptions = {}): Promise<void> {
    await this.#session.ask(PageSubscribe, op, SubscribeMessage, request, EmptyMessage, { ...options, isEndless: true })
  }
}

function statsOf(round: SyncRound): SyncStats {
  return { updated: round.updated, conflicts: round.conflicts }
}

function progressOf(shape: ShapeStatus): ShapeProgress {
  return {
    ...shape,
    args: Object.fromEntries(shape.args.map(({ name, value }) => [name, value])),
    error: shape.error && fromFailure(shape.error),
  }
}
