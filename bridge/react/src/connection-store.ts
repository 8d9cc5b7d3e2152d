/**
 * A connection outside React: it opens a database once per name, tries again
 * with exponential backoff and full jitter, and is shared by every provider
 * and every render that asks for the same name. What a discarded render
 * leaves behind is collected after a grace time, so StrictMode's second mount
 * finds the first one's database.
 */

import {
  type Database,
  type DatabaseHealth,
  type DatabaseOperation,
  failure,
  openLater,
  type OpenOptions,
  type RockpoolError,
  type Row,
  toError,
  type UntypedTables,
} from '@rockpool/client'
import { deferred, type Deferred } from '@rockpool/client/deferred'
import { Cell } from '@rockpool/client/emitter'

/** Milliseconds that a connection nobody holds is kept. */
export const GRACE_MS = 3_000
/** The first and the longest wait before another attempt, milliseconds; the actual one is random below that (full jitter). */
export const RETRY_MIN_MS = 250
export const RETRY_MAX_MS = 30_000

/** Where a connection stands. `failed` needs a person; `waiting` tries again by itself. */
export type ConnectionState = 'idle' | 'connecting' | 'connected' | 'waiting' | 'failed'

/** A snapshot: immutable, the same object until something changed. */
export interface ConnectionSnapshot {
  readonly state: ConnectionState
  /** There as soon as an attempt began: calls on it wait until it is open. */
  readonly database: Database<UntypedTables> | null
  readonly error: RockpoolError | null
  readonly attempts: number
  /** The database is open here and its leading tab answers; being offline does not make it false. */
  readonly isConnected: boolean
}

const IDLE: ConnectionSnapshot = { state: 'idle', database: null, error: null, attempts: 0, isConnected: false }

/** The snapshot that servers render and that hydration begins with. */
export const SERVER_SNAPSHOT = IDLE

/** See the file's comment. */
export class ConnectionStore {
  readonly options: OpenOptions<UntypedTables>
  readonly #state = new Cell(IDLE)
  readonly get = this.#state.get
  readonly subscribe = this.#state.subscribe
  readonly #onIdle: () => void
  readonly #random: () => number
  #holders = 0
  #grace: ReturnType<typeof setTimeout> | undefined
  #retry: ReturnType<typeof setTimeout> | undefined
  #stopHealth = () => {}
  #wait: Deferred<Database<UntypedTables>> | null = null

  constructor(options: OpenOptions<UntypedTables>, onIdle: () => void, random: () => number = Math.random) {
    this.options = options
    this.#onIdle = onIdle
    this.#random = random
    this.#rest()
  }

  /** Keeps the connection until the returned function is called. */
  hold(): () => void {
    this.#holders++
    clearTimeout(this.#grace)
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#holders--
      if (this.#holders === 0) this.#rest()
    }
  }

  /** Opens the database, or joins the attempt that is under way. Resolves when it can be queried. */
  readonly connect = async (): Promise<void> => {
    await this.database()
  }

  /** The open database; connects when that has not been asked for yet. @throws the error of an attempt that cannot succeed. */
  readonly database = (): Promise<Database<UntypedTables>> => {
    const { state, database } = this.get()
    if (state === 'connected' && database !== null) return Promise.resolve(database)
    this.#wait ??= deferred()
    const wait = this.#wait
    if (state === 'idle' || state === 'failed') this.#attempt(0)
    return wait.promise
  }

  // The seed's two, here as functions keep their identity for a store's life: effects may depend on them.
  readonly executeQuery = async (query: string, params: readonly unknown[] = []): Promise<Row[]> =>
    (await this.database()).query(query, params)
  readonly executeTransaction = async (operations: readonly DatabaseOperation[]): Promise<Row[]> =>
    (await this.database()).execute(operations)

  /** Starts an attempt if none was made: what a suspended render calls. */
  readonly begin = (): void => {
    if (this.get().state === 'idle') void this.database().catch(() => {})
  }

  /** Closes the database here: drains first. */
  readonly disconnect = async (): Promise<void> => {
    clearTimeout(this.#retry)
    this.#stopHealth()
    const { database } = this.get()
    this.#state.set(IDLE)
    this.#settle(failure('closed', 'connect', 'disconnect() was called'))
    await database?.close()
  }

  #attempt(attempts: number): void {
    clearTimeout(this.#retry)
    let database: Database<UntypedTables>
    try {
      database = openLater<UntypedTables>(this.options)
    } catch (thrown) {
      this.#fail(thrown, attempts, null)
      return
    }
    this.#state.set({ ...IDLE, state: 'connecting', database, error: this.get().error, attempts })
    this.#stopHealth()
    this.#stopHealth = database.health.subscribe((health) => {
      this.#heard(database, health)
    })
    database.ready.then(
      () => {
        if (this.get().database !== database) return
        this.#state.set({ ...IDLE, state: 'connected', database, isConnected: isUp(database.health.get()) })
        this.#wait?.resolve(database)
        this.#wait = null
      },
      (thrown: unknown) => {
        if (this.get().database === database) this.#fail(thrown, attempts, database)
      },
    )
  }

  #fail(thrown: unknown, attempts: number, database: Database<UntypedTables> | null): void {
    const error = toError(thrown, 'connect')
    this.#stopHealth()
    void database?.close()
    this.#state.set({ ...IDLE, state: error.retryable ? 'waiting' : 'failed', error, attempts: attempts + 1 })
    if (!error.retryable) {
      this.#settle(error)
      return
    }
    const longest = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** attempts)
    this.#retry = setTimeout(() => {
      this.#attempt(attempts + 1)
    }, this.#random() * longest)
  }

  #heard(database: Database<UntypedTables>, health: DatabaseHealth): void {
    const now = this.get()
    if (now.database !== database || now.state !== 'connected') return
    if (health.database === 'closed') {
      this.#stopHealth()
      const error = health.error
      // Another build took over, or the core cannot live here: both need a person. A plain close does not.
      this.#state.set({ ...IDLE, state: error === null ? 'idle' : 'failed', error })
      return
    }
    const isConnected = isUp(health)
    if (isConnected !== now.isConnected || health.error !== now.error)
      this.#state.set({ ...now, isConnected, error: health.error })
  }

  #settle(error: RockpoolError): void {
    this.#wait?.reject(error)
    this.#wait = null
  }

  #rest(): void {
    clearTimeout(this.#grace)
    this.#grace = setTimeout(() => {
      if (this.#holders > 0) return
      this.#onIdle()
      void this.disconnect()
    }, GRACE_MS)
  }
}

function isUp(health: DatabaseHealth): boolean {
  return health.database === 'open'
}

const stores = new Map<string, ConnectionStore>()

/** The store for these options. Providers of one name share it; the options of the first one count. */
export function storeFor(options: OpenOptions<UntypedTables>): ConnectionStore {
  const key = `${options.storage ?? 'opfs'} ${options.name} ${options.user ?? ''}`
  let store = stores.get(key)
  if (store === undefined) {
    const made = new ConnectionStore(options, () => {
      if (stores.get(key) === made) stores.delete(key)
    })
    store = made
    stores.set(key, made)
  }
  return store
}
