/**
 * The one table of pending calls. Every promise settles: by an answer, an
 * abort, a deadline, the loss of the leading tab, the death of the core, or
 * close(). What could not be known is told as `outcome_unknown`, with the
 * idempotency key that makes a repeat safe.
 *
 * The session outlives links. A new link gets a handshake, then what waits.
 */

import type { Link } from '@rockpool/worker/link'
import { cancelled, failure, fromFailure, outcomeUnknown, toError, type RockpoolError } from './error.ts'
import { body, eachFrame, frame, header, unflag } from './frame.ts'
import { decode, encode, type Init, type Message } from './codec.ts'
import {
  CancelMessage,
  EventMessage,
  FailureMessage,
  PageAlone,
  type Event,
  PageCancel,
  PageChunk,
  PageDone,
  PageEvent,
  PageFail,
  PageHead,
  PageLiveEnd,
  PageWelcome,
} from './gen/wire.ts'

/** Calls that may be pending at a time. */
export const CALLS_MAX = 10_000

/** Milliseconds after the loss of a link at which what was in flight settles, however it stands. */
export const SETTLE_MS = 4_500

/** Milliseconds beyond a call's own deadline that its answer may take to arrive. */
export const DEADLINE_GRACE_MS = 500

/**
 * What the loss of a link does to a call in flight. `read`: it is sent again.
 * `write`: it is sent again with its key, which applies it once. `once`: it
 * fails, as it belongs to state that died with the link.
 */
export type Policy = 'read' | 'write' | 'once'

/** Takes the frames of a call before its last one. */
export interface Sink {
  head?(body: Uint8Array): void
  chunk(body: Uint8Array<ArrayBuffer>): void
  state?(body: Uint8Array): void
  /** The call is sent again: forget what came. */
  reset(): void
  /** Runs `then` when all chunks are decoded: at once where there is no such method. */
  drained?(then: () => void): void
}

/** Limits that a caller sets on any call. */
export interface CallOptions {
  /** Aborting rejects with kind `cancelled`; a write that was sent is awaited, as only its answer tells whether it took effect, or ends with `outcome_unknown` where the tab that had it is gone. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds after which the call ends with `deadline_exceeded`; none by default. */
  readonly deadline?: number | undefined
}

/** A call to make. */
export interface Call<T> extends CallOptions {
  readonly type: number
  /** Made each time it is sent: the tables of most messages come with the link. */
  readonly body: () => Uint8Array<ArrayBuffer>
  /** Resolves when the body can be asked for; none when it can at once. Writes that are made later wait their turn. */
  readonly encoded?: Promise<void> | undefined
  /** What is being done, for errors. */
  readonly op: string
  readonly policy: Policy
  readonly key?: string
  readonly decode: (body: Uint8Array) => T
  readonly sink?: Sink
  /** A URL to revoke when the call ends or is aborted, or "". */
  readonly standing?: string
  /** It never settles by itself and waits for a link without end: a live query. */
  readonly isEndless?: boolean
}

interface Pending {
  readonly id: number
  readonly call: Call<unknown>
  readonly finish: (body: Uint8Array) => void
  readonly reject: (error: RockpoolError) => void
  isEncoded: boolean
  isSent: boolean
  /** It was in flight when the link was lost. */
  isInDoubt: boolean
}

/** A turn of the event loop in which frames are sent. */
interface Turn {
  /** Nothing was in flight when it began. */
  readonly isAlone: boolean
  last: ArrayBuffer | null
}

/** Where the session stands. */
export type SessionState = 'waiting' | 'open' | 'silent' | 'closed'

/** What the session tells its database. */
export interface SessionEvents {
  /** Opens the database on a new link; what it asks by `first` goes ahead of the queue. */
  handshake(first: Session['ask']): Promise<void>
  event(event: Event): void
  changed(state: SessionState, error: RockpoolError | null): void
}

/** See the file's comment. Not for use by applications. */
export class Session {
  readonly #events: SessionEvents
  readonly #pending = new Map<number, Pending>()
  #link: Link | null = null
  #state: SessionState = 'waiting'
  #generation = 0
  #next = 1
  #end: RockpoolError | null = null
  #settleTimer: ReturnType<typeof setTimeout> | undefined
  #onSettle: (() => void) | undefined
  #turn: Turn | null = null
  /** Calls whose body is not there yet. */
  #encoding = 0

  constructor(events: SessionEvents) {
    this.#events = events
  }

  get state(): SessionState {
    return this.#state
  }
  /** Grows with every link; transactions belong to one. */
  get generation(): number {
    return this.#generation
  }
  /** Whether there is a link, open or not. */
  get isLinked(): boolean {
    return this.#link !== null
  }

  /** Makes a call; see Policy for what a lost link does to it. @throws every kind. */
  call<T>(call: Call<T>): Promise<T> {
    return this.#make(call, false)
  }

  /** Makes a call whose whole answer is one message. It is a read unless `more` says otherwise. */
  ask<B, T>(
    type: number,
    op: string,
    request: Message<B>,
    message: Init<B>,
    answer: Message<T>,
    more: Partial<Call<T>> = {},
  ): Promise<T> {
    return this.#make(asking(type, op, request, message, answer, more), false)
  }

  /** Takes a link, opens the database on it, then sends what waits. */
  async attach(link: Link): Promise<void> {
    if (this.#end !== null) {
      link.close()
      return
    }
    this.#link = link
    const generation = ++this.#generation
    try {
      await this.#events.handshake((...what) => this.#make(asking(...what), true))
    } catch (thrown) {
      if (generation === this.#generation) this.#set('waiting', toError(thrown, 'open database'))
      return
    }
    if (generation !== this.#generation || this.#end !== null) return
    clearTimeout(this.#settleTimer)
    this.#settleTimer = undefined
    this.#set('open', null)
    this.#flush()
  }

  /** Resolves when no call is in flight, or after `milliseconds`. */
  settled(milliseconds: number): Promise<void> {
    const isBusy = () =>
      [...this.#pending.values()].some(
        (pending) => (pending.isSent || !pending.isEncoded) && pending.call.isEndless !== true,
      )
    if (!isBusy()) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#onSettle = undefined
        resolve()
      }
      const timer = setTimeout(done, milliseconds)
      this.#onSettle = () => {
        if (!isBusy()) done()
      }
    })
  }

  /** Tries the handshake again on the same link. */
  reattach(): void {
    if (this.#link !== null && this.#state === 'waiting') void this.attach(this.#link)
  }

  /** The link is gone. Reads and keyed writes wait for the next one, for SETTLE_MS at most. */
  detach(why: RockpoolError): void {
    if (this.#end !== null || this.#link === null) return
    this.#link = null
    this.#generation++
    for (const pending of [...this.#pending.values()]) {
      const { call } = pending
      if (!pending.isSent) continue
      if (call.policy === 'once') {
        pending.reject(why)
      } else {
        pending.isSent = false
        pending.isInDoubt = true
        call.sink?.reset()
      }
    }
    this.#set('waiting', why)
    this.#settleLater()
  }

  /** The leading tab does not answer though it lives: what is in flight settles, what comes waits for its thaw. */
  silence(why: RockpoolError): void {
    if (this.#state !== 'open') return
    for (const pending of [...this.#pending.values()]) {
      if (pending.isSent && pending.call.isEndless !== true) pending.reject(this.#inDoubt(pending, why))
    }
    this.#set('silent', why)
  }

  /** It answers again. */
  thaw(): void {
    if (this.#state !== 'silent') return
    this.#set('open', null)
    this.#flush()
  }

  /** Ends the session: every call rejects with `why`, now and later. */
  end(why: RockpoolError): void {
    if (this.#end !== null) return
    this.#end = why
    clearTimeout(this.#settleTimer)
    for (const pending of [...this.#pending.values()]) {
      pending.reject(this.#ended(pending, why))
    }
    this.#link?.close()
    this.#link = null
    this.#set('closed', why)
  }

  /** A message has arrived on the current link. */
  receive(message: ArrayBuffer): void {
    eachFrame(message, this.#take)
  }

  readonly #take = (frame: Uint8Array<ArrayBuffer>): void => {
    const head = header(frame)
    if (head === null) return
    const content = body(frame)
    if (head.type === PageEvent) {
      this.#events.event(decode(EventMessage, content))
      return
    }
    const pending = this.#pending.get(head.call)
    if (pending === undefined || !pending.isSent) return // it was cancelled or has settled
    const { sink } = pending.call
    const last = (settle: () => void) => {
      if (sink?.drained) sink.drained(settle)
      else settle()
    }
    switch (head.type) {
      case PageHead:
        sink?.head?.(content)
        return
      case PageChunk:
        sink?.chunk(content)
        return
      case PageLiveEnd:
        sink?.state?.(content)
        return
      case PageFail:
        last(() => {
          pending.reject(fromFailure(decode(FailureMessage, content)))
        })
        return
      case PageDone:
      case PageWelcome:
        last(() => {
          pending.finish(content)
        })
    }
  }

  /** Asks the Worker to end a call. */
  #cancel(id: number): void {
    this.tell(PageCancel, CancelMessage, { call: id })
  }

  /** Sends a frame that has no answer. It is dropped when there is no link. */
  tell<B>(type: number, request: Message<B>, message: Init<B>): void {
    this.#link?.post(frame(type, 0, encode(request, message)))
  }

  #make<T>(call: Call<T>, isFirst: boolean): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const revoke = () => {
        if (call.standing) URL.revokeObjectURL(call.standing)
      }
      const refused =
        this.#end ??
        (call.signal?.aborted === true
          ? cancelled(call.op, call.signal)
          : this.#pending.size >= CALLS_MAX
            ? failure('limit_exceeded', call.op, `${CALLS_MAX} calls are pending`, 'await some before making more')
            : null)
      if (refused !== null) {
        revoke()
        reject(refused)
        return
      }
      const id = this.#next++
      let timer: ReturnType<typeof setTimeout> | undefined
      /** Ends it in its own way, unless it has ended. */
      const settle = (end: () => void) => {
        if (!this.#pending.delete(id)) return
        clearTimeout(timer)
        call.signal?.removeEventListener('abort', abort)
        revoke()
        if (this.#onSettle !== undefined) queueMicrotask(this.#onSettle)
        end()
      }
      const pending: Pending = {
        id,
        call,
        isEncoded: call.encoded === undefined,
        isSent: false,
        isInDoubt: false,
        finish: (bytes) => {
          settle(() => {
            try {
              resolve(call.decode(bytes))
            } catch (thrown) {
              reject(toError(thrown, call.op))
            }
          })
        },
        reject: (error) => {
          settle(() => {
            reject(error)
          })
        },
      }
      const abort = () => {
        revoke()
        if (pending.isSent) this.#cancel(id)
        if (!pending.isSent || call.policy !== 'write')
          pending.reject(this.#ended(pending, cancelled(call.op, call.signal)))
      }
      call.signal?.addEventListener('abort', abort)
      if (call.deadline !== undefined && call.deadline > 0) {
        timer = setTimeout(() => {
          this.#expire(pending)
        }, call.deadline + DEADLINE_GRACE_MS)
      }
      this.#pending.set(id, pending)
      if (call.encoded !== undefined) {
        this.#encoding++
        call.encoded
          .catch((thrown: unknown) => {
            pending.reject(toError(thrown, call.op))
          })
          .finally(() => {
            pending.isEncoded = true
            this.#encoding--
            if (this.#state === 'open') this.#flush()
          })
      } else if (isFirst) this.#send(pending)
      else if (this.#state === 'open') {
        if (this.#encoding === 0) this.#send(pending)
        else this.#flush()
      }
    })
  }

  #send(pending: Pending): void {
    if (this.#link === null) return
    const { call, id } = pending
    let body: Uint8Array<ArrayBuffer>
    try {
      body = call.body()
    } catch (thrown) {
      pending.reject(toError(thrown, call.op))
      return
    }
    pending.isSent = true
    const turn = this.#turn ?? this.#beginTurn(pending)
    const bytes = frame(call.type, id, body, turn.isAlone ? PageAlone : 0)
    // Those of one turn share a flush, which the last of them asks for.
    if (turn.isAlone && turn.last !== null) unflag(turn.last)
    turn.last = bytes
    this.#link.post(bytes)
  }

  /** Links send the frames of a turn as one message when it ends, a microtask from now. */
  #beginTurn(first: Pending): Turn {
    const turn: Turn = { isAlone: this.#isAlone(first), last: null }
    this.#turn = turn
    queueMicrotask(() => {
      this.#turn = null
    })
    return turn
  }

  /** Whether no other call is in flight, live queries aside. */
  #isAlone(pending: Pending): boolean {
    if (this.#pending.size === 1) return true
    for (const other of this.#pending.values()) if (other !== pending && other.call.isEndless !== true) return false
    return true
  }

  /** Sends what waits: writes in the order in which they were made. */
  #flush(): void {
    let isHeld = false
    for (const pending of [...this.#pending.values()]) {
      if (pending.isSent) continue
      if (!pending.isEncoded) isHeld = true
      else if (!isHeld || pending.call.policy === 'read') this.#send(pending)
    }
  }

  #expire(pending: Pending): void {
    const late = failure('deadline_exceeded', pending.call.op, `no answer within ${pending.call.deadline ?? 0} ms`)
    if (pending.isSent) this.#cancel(pending.id)
    pending.reject(this.#ended(pending, late))
  }

  /** Starts the wait of SETTLE_MS. A link that comes and goes without opening does not lengthen it. */
  #settleLater(): void {
    if (this.#settleTimer !== undefined) return
    this.#settleTimer = setTimeout(() => {
      this.#settleTimer = undefined
      const why = failure('leader_unreachable', 'wait for a leading tab', `none within ${SETTLE_MS} ms`, 'try again')
      for (const pending of [...this.#pending.values()]) {
        if (pending.isInDoubt && pending.call.isEndless !== true) pending.reject(this.#inDoubt(pending, why))
      }
    }, SETTLE_MS)
  }

  /** What a call ends with that gets no answer: also one that was sent to a leader that is gone may have taken effect. */
  #ended(pending: Pending, why: RockpoolError): RockpoolError {
    return pending.isSent || pending.isInDoubt ? this.#inDoubt(pending, why) : why
  }

  /** What a call that was sent and not answered ends with. */
  #inDoubt(pending: Pending, why: RockpoolError): RockpoolError {
    const { policy, op, key } = pending.call
    return policy === 'write' ? outcomeUnknown(op, key ?? '', why) : why
  }

  #set(state: SessionState, error: RockpoolError | null): void {
    this.#state = state
    this.#events.changed(state, error)
  }
}

function asking<B, T>(
  type: number,
  op: string,
  request: Message<B>,
  message: Init<B>,
  answer: Message<T>,
  more: Partial<Call<T>> = {},
): Call<T> {
  return {
    type,
    op,
    policy: 'read',
    body: () => encode(request, message),
    decode: (bytes) => decode(answer, bytes),
    ...more,
  }
}
