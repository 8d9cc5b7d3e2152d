/**
 * Live queries. One subscription in the Worker serves everybody in this tab
 * who asks for the same query: entries are keyed by the query's value. What a
 * discarded render or StrictMode leaves behind is collected after a grace time.
 */

import type { Booleans } from './shape.ts'
import { RowSink } from './rows.ts'
import { deferred } from './deferred.ts'
import { Cell, Topic, type Readable } from './emitter.ts'
import { failure, type RockpoolError, toError } from './error.ts'
import { valueKey } from './key.ts'
import { NO_CHANGE, patched, reconcile, type Patch, type Reconciled } from './identity.ts'
import type { Session } from './session.ts'
import { decode } from './codec.ts'
import { EmptyMessage, LiveCallMessage, LiveStateMessage, type LiveCall, PageLive } from './gen/wire.ts'

/** Milliseconds that a live query without listeners is kept. */
export const GRACE_MS = 3_000

/** Live queries of one tab at most. */
export const LIVE_MAX = 1_000

/** One state of a live query. It is immutable, and the same object until something changed. */
export type LiveSnapshot<R> =
  | { readonly status: 'pending'; readonly rows: readonly R[]; readonly error: null }
  | { readonly status: 'ready'; readonly rows: readonly R[]; readonly error: null }
  /** Rows of the last good state stay; there are none when `hasRows` is false. */
  | { readonly status: 'error'; readonly rows: readonly R[]; readonly error: RockpoolError; readonly hasRows: boolean }

/** A live query, shared by all who ask for it. */
export interface LiveQuery<R> extends Readable<LiveSnapshot<R>> {
  /** Calls back with every state, at once if there is one; stops when the returned function is called or the signal aborts. */
  each(listener: (rows: readonly R[], patch: Patch<R>) => void, onError?: (error: RockpoolError) => void): () => void
  /** Resolves when the first rows (or an error) are there. The same promise until then. */
  readonly ready: Promise<void>
  /** Starts again after an error. */
  retry(): void
}

const PENDING: LiveSnapshot<never> = { status: 'pending', rows: [], error: null }

/** The live queries of one database. */
export class LiveQueries {
  readonly #session: Session
  readonly #isSchemaAwaited: () => boolean
  readonly #entries = new Map<string, Entry>()
  /** What is told together with the state that comes last. */
  #together: (() => void)[] = []

  /** `isSchemaAwaited` says whether the relay may still bring the first schema: an unknown name is then no error yet. */
  constructor(session: Session, isSchemaAwaited: () => boolean) {
    this.#session = session
    this.#isSchemaAwaited = isSchemaAwaited
  }

  /** The entry for a query. `keyColumns` identify its rows. @throws `limit_exceeded`. */
  get<R extends object>(call: LiveCall, booleans: Booleans, keyColumns: readonly string[]): LiveQuery<R> {
    const key = valueKey([booleans, keyColumns, call])
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      if (this.#entries.size >= LIVE_MAX)
        throw failure(
          'limit_exceeded',
          'watch a query',
          `${LIVE_MAX} live queries are open`,
          'stop those that are not on screen',
        )
      entry = new Entry(this.#session, call, booleans, keyColumns, this.#isSchemaAwaited, this.#tell, (made, isOn) => {
        if (isOn) this.#entries.set(key, made)
        else if (this.#entries.get(key) === made) this.#entries.delete(key)
      })
    }
    return entry as unknown as LiveQuery<R> // the rows' type is the schema's promise
  }

  readonly #tell = (tell: () => void, more: boolean): void => {
    this.#together.push(tell)
    if (more) return
    for (const each of this.#together.splice(0)) each()
  }

  /** Tables have come or gone, or none will: what failed by a name is asked for again. */
  namesChanged(): void {
    for (const entry of this.#entries.values()) if (entry.isNameUnknown) entry.restart()
  }

  /** Ends all: the database is closing. Who waits for first rows hears that there are none. */
  close(): void {
    const why = failure('closed', 'watch a query', 'the database was closed', 'open it again')
    for (const entry of [...this.#entries.values()]) {
      entry.stop()
      if (entry.get().status === 'pending') entry.fail(why)
    }
  }
}

class Entry implements LiveQuery<object> {
  readonly #session: Session
  readonly #call: LiveCall
  readonly #booleans: Booleans
  readonly #keyColumns: readonly string[]
  readonly #isSchemaAwaited: () => boolean
  readonly #tell: (tell: () => void, more: boolean) => void
  readonly #turned: (entry: Entry, isOn: boolean) => void
  /** It failed because of a table or column that there was not. */
  isNameUnknown = false
  readonly #cell = new Cell<LiveSnapshot<object>>(PENDING)
  readonly #watchers = new Topic<Reconciled<object>>()
  #listeners = 0
  #abort: AbortController | null = null
  #grace: ReturnType<typeof setTimeout> | undefined
  /** The newest state, which may not have been told yet. */
  #rows: readonly object[] = []
  #hasRows = false
  #told = deferred<void>()
  /** Somebody waits for the first rows, and may listen only then: a suspended render. */
  #isAwaited = false
  readonly get = this.#cell.get

  constructor(
    session: Session,
    call: LiveCall,
    booleans: Booleans,
    keyColumns: readonly string[],
    isSchemaAwaited: () => boolean,
    tell: (tell: () => void, more: boolean) => void,
    turned: (entry: Entry, isOn: boolean) => void,
  ) {
    this.#session = session
    this.#call = call
    this.#booleans = booleans
    this.#keyColumns = keyColumns
    this.#isSchemaAwaited = isSchemaAwaited
    this.#tell = tell
    this.#turned = turned
    this.#start()
    this.#restAfterGrace()
  }

  get ready(): Promise<void> {
    if (this.get().status === 'pending') {
      this.#isAwaited = true
      clearTimeout(this.#grace)
    }
    return this.#told.promise
  }

  /** The first rows or a failure are there. */
  #settle(): void {
    this.#told.resolve()
    if (this.#isAwaited && this.#listeners === 0) this.#restAfterGrace()
    this.#isAwaited = false
  }

  readonly subscribe = (listener: (snapshot: LiveSnapshot<object>) => void): (() => void) => {
    const stop = this.#cell.subscribe(listener)
    return this.#held(stop)
  }

  each(
    listener: (rows: readonly object[], patch: Patch<object>) => void,
    onError?: (error: RockpoolError) => void,
  ): () => void {
    const snapshot = this.get()
    if (snapshot.status === 'ready') listener(snapshot.rows, { ...NO_CHANGE, added: snapshot.rows })
    const unwatch = this.#watchers.on(({ rows, patch }) => {
      listener(rows, patch)
    })
    const stop = this.#cell.subscribe((next) => {
      if (next.status === 'error') onError?.(next.error)
    })
    return this.#held(() => {
      stop()
      unwatch()
    })
  }

  retry(): void {
    if (this.get().status === 'error') this.restart()
  }

  /** Asks again after a failure, which may not have been told. */
  restart(): void {
    if (this.get().status === 'error') {
      this.#told = deferred()
      this.#cell.set(this.#hasRows ? { status: 'ready', rows: this.get().rows, error: null } : PENDING)
    }
    this.#start()
  }

  stop(): void {
    clearTimeout(this.#grace)
    this.isNameUnknown = false // whoever listens again asks again
    this.#abort?.abort()
    this.#abort = null
    this.#turned(this, false)
    this.#tell(() => {}, false) // its state may have been the last of a turn, and does not come
  }

  #held(stop: () => void): () => void {
    this.#listeners++
    clearTimeout(this.#grace)
    if (this.#abort === null && !this.isNameUnknown && this.get().status !== 'error') this.#start()
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      stop()
      this.#listeners--
      if (this.#listeners === 0 && !this.#isAwaited) this.#restAfterGrace()
    }
  }

  #restAfterGrace(): void {
    clearTimeout(this.#grace)
    this.#grace = setTimeout(() => {
      this.stop()
    }, GRACE_MS)
  }

  #start(): void {
    const abort = new AbortController()
    this.#abort = abort
    this.#turned(this, true)
    this.isNameUnknown = false
    const sink = new RowSink(this.#booleans, (body) => {
      if (!abort.signal.aborted) this.#state(sink, body)
    })
    this.#session
      .ask(PageLive, 'watch a query', LiveCallMessage, this.#call, EmptyMessage, {
        isEndless: true,
        sink,
        signal: abort.signal,
      })
      .then(
        () => {
          this.#abort = null
        },
        (thrown: unknown) => {
          if (abort.signal.aborted) return
          this.#abort = null
          this.fail(toError(thrown, 'watch a query'))
        },
      )
  }

  fail(error: RockpoolError): void {
    this.isNameUnknown = error.kind === 'unknown_table' || error.kind === 'unknown_column'
    if (this.isNameUnknown && this.#isSchemaAwaited()) return // namesChanged comes
    this.#cell.set({ status: 'error', rows: this.get().rows, error, hasRows: this.#hasRows })
    this.#settle()
  }

  #state(sink: RowSink, body: Uint8Array): void {
    let kept: readonly number[],
      more = false,
      fresh: object[]
    try {
      ;({ kept, more } = decode(LiveStateMessage, body))
      fresh = sink.take()
    } catch (thrown) {
      this.#abort?.abort()
      this.#abort = null
      this.#tell(() => {
        this.fail(toError(thrown, 'watch a query'))
      }, more)
      return
    }
    const before = this.#rows
    const isFirst = !this.#hasRows
    const { rows, patch } = isFirst
      ? { rows: fresh, patch: { ...NO_CHANGE, added: fresh } }
      : (kept.length > 0 ? patched : reconcile)(before, fresh, this.#keyColumns, kept)
    this.#hasRows = true
    this.#rows = rows
    this.#tell(() => {
      this.#settle()
      if (!isFirst && rows === before && this.get().status === 'ready') return
      this.#cell.set({ status: 'ready', rows, error: null })
      this.#watchers.emit({ rows, patch })
    }, more)
  }
}
