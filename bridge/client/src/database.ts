/** A database as an application sees it. */

import type { Row } from './chunk.ts'
import { emptySelect, SelectBuilder, type QueryRunner } from './builder/select.ts'
import type { AnyQuery, RowAt, ScopeOf, TableRef, Tables, UntypedTables } from './builder/scope.ts'
import { isStatement, sql, type Statement } from './builder/sql.ts'
import { Conflicts } from './conflicts.ts'
import { deferred } from './deferred.ts'
import { Cell, Topic, type Readable } from './emitter.ts'
import { failure, toError, type RockpoolError } from './error.ts'
import type { Select } from './gen/query.ts'
import type { Schema } from './gen/schema.ts'
import {
  EmptyMessage,
  OpenDatabaseMessage,
  OpenedMessage,
  SchemaInfoMessage,
  SignOutMessage,
  StatsMessage,
  TabHelloMessage,
  TabWelcomeMessage,
  TokenGivenMessage,
  ValidatedMessage,
  ValidateMessage,
  WriteDoneMessage,
  WriteStatusMessage,
  PageVersion,
  StorageVersion,
  type Event,
  type Stats,
  type WriteDone,
  PageExport,
  PageHello,
  PageOpen,
  PageReset,
  PageSchema,
  PageSignOut,
  PageStats,
  PageStatus,
  PageToken,
  PageValidate,
  EventReload,
  EventSchema,
  EventTables,
  EventTokenWanted,
} from './gen/wire.ts'
import { OPENING, roleOf, withCore, type DatabaseHealth } from './health.ts'
import { LiveQueries, type LiveQuery } from './live.ts'
import { keyOf, toObjects, type DatabaseOperation } from './operations.ts'
import { OPEN_MS, socketUrl, type OpenOptions } from './options.ts'
import { Outbox } from './outbox.ts'
import { Outcomes, type Confirmation } from './outcomes.ts'
import {
  runBatch,
  runOperations,
  runSelect,
  runSql,
  type QueryResult,
  type ReadOptions,
  type WriteOptions,
} from './requests.ts'
import { Session, type CallOptions } from './session.ts'
import { Sync } from './sync.ts'
import { reloadNeeded } from './tabs/machine.ts'
import { TabAgent } from './tabs/agent.ts'
import { browserEnvironment, soloEnvironment, type TabEnvironment } from './tabs/environment.ts'
import type { TransactionOptions } from './interactive.ts'
import { runTransaction, type Transaction } from './transaction.ts'
import { validatedOf, type Validated } from './validation.ts'
import { bound } from './values.ts'

/** Milliseconds before a failed opening on a living Worker is tried again. */
const REOPEN_MS = 500

/** Milliseconds that close waits for calls in flight. */
const DRAIN_MS = 3_000

/** A write: awaiting it waits until it is durable here; `confirmed` until the server has decided. */
export type Write<T> = Promise<T> & { readonly confirmed: Promise<Confirmation> }

/** What may be queried: a built query, a template's statement, or text with parameters. */
export type QueryInput = AnyQuery | Statement | { readonly sql: string; readonly params?: readonly unknown[] }

/** The rows of a query input. */
export type RowOf<Q> = Q extends { all(): Promise<(infer R)[]> } ? R : Row

/** What a table's columns are, for components. */
export type { Schema }

/**
 * One database, shared by the tabs of an origin. Make one with `open`.
 *
 * Rows: built queries (`from`) show boolean columns as true and false. SQL text
 * (`sql`, `query`) gives SQLite's own values, where a boolean is 1 or 0, as its
 * results need not be columns. Integers beyond ±(2^53 − 1) are bigints.
 */
export class Database<DB extends Tables = UntypedTables> implements AsyncDisposable {
  readonly name: string
  /** Which rows are followed, and where sync stands. */
  readonly sync: Sync
  readonly conflicts: Conflicts
  /** This client's transactions and their states. */
  readonly outbox: Outbox
  /** The state of the database and of its connection. */
  readonly health: Readable<DatabaseHealth>
  readonly #options: OpenOptions<DB>
  readonly #health = new Cell<DatabaseHealth>(OPENING)
  readonly #session: Session
  readonly #agent: TabAgent
  readonly #live: LiveQueries
  readonly #outcomes = new Outcomes()
  readonly #tables = new Topic<readonly string[]>()
  readonly #schema = new Cell<Schema | null>(null)
  readonly #onEnd: () => void
  #isOpen = false
  readonly #opened = deferred<void>()
  readonly #closed = deferred<void>()
  /** Resolves when the database is open in this tab. Rejects when it cannot be. */
  readonly ready = this.#opened.promise
  /** Resolves when the files are closed or belong to another tab. */
  readonly closed = this.#closed.promise
  /** Not for applications: what was kept of the data elsewhere is to go, as the data goes. */
  readonly erasing = new Topic<void>()
  /** SQLite's version, "" before it is open. */
  engine = ''
  /** This browser profile's name at the relay. */
  clientId = ''

  /** Not for applications: use `open`. `onEnd` is called when it has closed, for whatever reason. */
  constructor(options: OpenOptions<DB>, onEnd: () => void = () => {}) {
    this.#options = options
    this.#onEnd = onEnd
    this.name = options.name
    this.health = this.#health
    const schema = () => this.#schema.get()
    this.#session = new Session({
      handshake: (first) => this.#handshake(first),
      event: (event) => {
        this.#receive(event)
      },
      changed: (state, error) => {
        this.#changed(state, error)
      },
    })
    this.#live = new LiveQueries(this.#session, () => this.#isSchemaAwaited())
    this.sync = new Sync(this.#session)
    this.conflicts = new Conflicts(this.#session, schema)
    this.outbox = new Outbox(this.#session, schema)
    const environment = options.environment ?? (options.storage === 'memory' ? soloEnvironment() : browserEnvironment())
    const timer = setTimeout(() => {
      const cause = this.#health.get().error
      const why = cause ?? {
        kind: 'leader_unreachable',
        message: 'no tab opened it in time',
        hint: 'close other tabs of this site and try again',
      }
      this.#fail(failure(why.kind, 'open database', why.message, why.hint, { cause: cause ?? undefined }))
    }, options.timeout ?? OPEN_MS)
    this.ready
      .catch(() => {})
      .finally(() => {
        clearTimeout(timer)
      })
    const file = options.user === undefined ? options.name : `${options.name}@${options.user}`
    this.#environment = environment
    this.#agent = new TabAgent(
      file,
      { build: options.build ?? 0, storage: StorageVersion, version: PageVersion },
      environment,
      this.#session,
      {
        silence: (why) => {
          this.#session.silence(why)
          this.#show({ database: 'silent', error: why })
        },
        end: (why) => {
          this.#end(why)
        },
        state: (state) => {
          this.#show({ role: roleOf(state) })
        },
      },
    )
  }

  readonly #environment: TabEnvironment

  /** The schema in force, once it is known: to read and watch. */
  get schema(): Readable<Schema | null> {
    return this.#schema
  }

  // Reading

  /** Begins a query of a table, "name" or "name as alias". */
  from<const E extends TableRef<DB>>(table: E): SelectBuilder<DB, ScopeOf<DB, E>, RowAt<DB, E>> {
    return new SelectBuilder(this.#runner, emptySelect(table))
  }

  /** Runs a template, where every value is bound. */
  sql<R = Row>(strings: TemplateStringsArray, ...values: readonly unknown[]): Promise<R[]> {
    return this.query<R>(sql(strings, ...values))
  }

  /** Runs one statement with bound parameters. @throws `invalid_sql` with an offset, `wrong_parameters`, `forbidden`, `constraint`. */
  async query<R = Row>(
    text: string | Statement,
    params: readonly unknown[] = [],
    options: ReadOptions & WriteOptions = {},
  ): Promise<R[]> {
    return (await this.queryResult<R>(text, params, options)).rows
  }

  /** As query, with the columns' names, the number of changes and the time it took. */
  async queryResult<R = Row>(
    text: string | Statement,
    params: readonly unknown[] = [],
    options: ReadOptions & WriteOptions = {},
  ): Promise<QueryResult<R>> {
    return (await runSql(this.#session, bound(text, params), options)) as QueryResult<R> // the caller's promise about the rows
  }

  /** Runs any kind of query. */
  async run<Q extends QueryInput>(query: Q, options: ReadOptions = {}): Promise<RowOf<Q>[]> {
    const result = isBuilt(query)
      ? await runSelect(this.#session, query.ast, options)
      : await runSql(this.#session, bound(query), options)
    return result.rows as RowOf<Q>[] // as above
  }

  /** Watches a query: all who ask for the same one share it. Unchanged rows stay the same objects. */
  live<Q extends QueryInput>(query: Q): LiveQuery<RowOf<Q> & object> {
    if (isBuilt(query)) return this.#watch(query.ast) as LiveQuery<RowOf<Q> & object> // as above
    return this.#live.get({ ...bound(query), select: null }, 'sqlite', [])
  }

  /** What is wrong with a query, the SQL it runs and its plan; nothing is run. */
  async validate(query: QueryInput): Promise<Validated> {
    return validatedOf(
      await this.#session.ask(
        PageValidate,
        'validate query',
        ValidateMessage,
        isBuilt(query) ? { select: query.ast } : { sql: query.sql },
        ValidatedMessage,
      ),
    )
  }

  // Writing

  /**
   * Runs operations as one transaction: all apply, or none. One result an operation: the row after it, or the key of a
   * deleted one. Many are encoded in slices, so that the page keeps its frames: leave them as they are until it resolves.
   */
  execute(operations: readonly DatabaseOperation[], options: WriteOptions = {}): Write<Row[]> {
    return this.#write(async () => {
      const done = await runOperations(this.#session, operations, options)
      return { result: toObjects(done.results, operations, this.#schema.get()), mid: done.mid }
    })
  }

  /**
   * Runs one INSERT, UPDATE or DELETE once for each set of parameters, as one transaction: all apply, or none. The way
   * to write many rows. Resolves to the number of rows changed. Many sets are encoded in slices, so that the page keeps its
   * frames: leave them as they are until it resolves. @throws as query; `wrong_parameters` names the set.
   *
   * @example
   * await db.batch('INSERT INTO points(id, name) VALUES (?, ?)', points.map((point) => [point.id, point.name]))
   */
  batch(sql: string, sets: readonly (readonly unknown[])[], options: WriteOptions = {}): Write<number> {
    return this.#write(async () => {
      const { changes, mid } = await runBatch(this.#session, sql, sets, options)
      return { result: changes, mid }
    })
  }

  /** Runs a function in a transaction: what it returns is the result; what it throws rolls back. Or runs operations, as execute. */
  transaction<T>(work: (tx: Transaction<DB>) => Promise<T>, options?: TransactionOptions): Write<T>
  transaction(operations: readonly DatabaseOperation[], options?: WriteOptions): Write<Row[]>
  transaction<T>(
    work: ((tx: Transaction<DB>) => Promise<T>) | readonly DatabaseOperation[],
    options: TransactionOptions = {},
  ): Write<T> | Write<Row[]> {
    if (typeof work !== 'function') return this.execute(work, options)
    return this.#write(async () => {
      const { result, done } = await runTransaction<DB, T>(this.#session, () => this.#schema.get(), work, options)
      return { result, mid: done.mid }
    })
  }

  /** What became of a write, by its idempotency key. `confirmed` settles when the server has decided. */
  async status(
    idempotencyKey: string,
  ): Promise<{ readonly isKnown: boolean; readonly mid: number; readonly confirmed: Promise<Confirmation> }> {
    const { known, mid } = await this.#askStatus({ idempotencyKey })
    return { isKnown: known, mid, confirmed: this.#outcomes.of(mid) }
  }

  /** Asks what is known of a write; an outcome settles it. */
  async #askStatus(which: { readonly idempotencyKey?: string; readonly mid?: number }): Promise<WriteDone> {
    const done = await this.#session.ask(PageStatus, 'ask for the outcome', WriteStatusMessage, which, WriteDoneMessage)
    if (done.outcome !== null) this.#outcomes.settle(done.outcome)
    return done
  }

  // Looking inside

  /** Figures of the Worker: pool and lanes, statement cache, heap, files, outbox, slowest statements. */
  stats(options: CallOptions = {}): Promise<Stats> {
    return this.#session.ask(PageStats, 'read figures', EmptyMessage, {}, StatsMessage, options)
  }

  /** Calls back with the names of the tables that a commit changed, whoever wrote. */
  onTables(listener: (tables: readonly string[]) => void): () => void {
    return this.#tables.on(listener)
  }

  // Life

  /** The database as one file that SQLite opens, of one moment. One with a key is refused (`forbidden`): the file would hold it in the clear. */
  async export(options: CallOptions = {}): Promise<Blob> {
    let parts: Uint8Array<ArrayBuffer>[] = []
    await this.#session.ask(PageExport, 'export database', EmptyMessage, {}, EmptyMessage, {
      ...options,
      sink: {
        chunk: (body) => {
          parts.push(body)
        },
        reset: () => {
          parts = []
        },
      },
    })
    return new Blob(parts, { type: 'application/vnd.sqlite3' })
  }

  /** Deletes all data of this database here and starts anew. What was not sent is lost. */
  async reset(): Promise<void> {
    this.erasing.emit()
    await this.#session.ask(PageReset, 'reset database', EmptyMessage, {}, EmptyMessage, { policy: 'once' })
  }

  /** Ends the user's session here. `ask` rejects with kind `conflict` when writes are pending; `discard` deletes them; `keep` keeps the file for their return. */
  async signOut(options: { readonly pending?: 'ask' | 'discard' | 'keep' } = {}): Promise<void> {
    const pending = { ask: 1, discard: 2, keep: 3 }[options.pending ?? 'ask']
    this.erasing.emit()
    await this.#session.ask(PageSignOut, 'sign out', SignOutMessage, { pending }, EmptyMessage, {
      policy: 'once',
    })
    await this.#closeNow()
  }

  /** Closes it in this tab. Drains first; calls after that reject with kind `closed`. Where `open` was called several times, the last close counts. */
  async close(): Promise<void> {
    if (--this.#users <= 0) await this.#closeNow()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Not for applications: what the packages for other clients make their calls on (statements.ts). */
  get session(): Session {
    return this.#session
  }

  /** Calls of `open` that have not been closed. */
  #users = 1

  /** Not for applications: one more wants it, and a `close` of its own. False when it is closing. */
  join(): boolean {
    if (this.#users <= 0) return false
    this.#users++
    return true
  }

  async #closeNow(): Promise<void> {
    this.#live.close()
    await this.#session.settled(DRAIN_MS)
    this.#agent.stop()
    await this.closed
  }

  readonly #runner: QueryRunner = {
    run: async (select, options) => (await runSelect(this.#session, select, options)).rows,
    watch: (select) => this.#watch(select),
    schema: () => this.#schema.get(),
  }

  #watch(select: Select): LiveQuery<object> {
    const isOneTable = select.joins.length === 0 && select.groupBy.length === 0 && !select.distinct
    const key = isOneTable ? keyOf(this.#schema.get(), select.from.name) : []
    const shown = new Set(select.columns.map((column) => column.as || column.expr.name))
    const isKeyShown = key.length > 0 && (select.columns.length === 0 || key.every((name) => shown.has(name)))
    return this.#live.get({ sql: '', args: [], select }, 'schema', isKeyShown ? key : [])
  }

  #write<T>(work: () => Promise<{ result: T; mid: number }>): Write<T> {
    const running = work()
    const confirmed = running.then(({ mid }) => this.#outcomes.of(mid))
    confirmed.catch(() => {})
    return Object.assign(
      running.then(({ result }) => result),
      { confirmed },
    )
  }

  async #handshake(first: Session['ask']): Promise<void> {
    const options = this.#options
    const hello = {
      version: PageVersion,
      build: options.build ?? 0,
      storage: StorageVersion,
      tab: this.#environment.tab,
      visible: this.#environment.isVisible(),
    }
    const once = { policy: 'once' } as const
    const welcome = await first(PageHello, 'join the leading tab', TabHelloMessage, hello, TabWelcomeMessage, once)
    if (welcome.reload || welcome.version !== PageVersion) {
      throw failure(
        welcome.reload ? 'reload_needed' : 'version_mismatch',
        'join the leading tab',
        `this page speaks protocol ${PageVersion} of build ${hello.build}, the leading tab ${welcome.version} of build ${welcome.build}`,
        'reload this page',
      )
    }
    const key = options.encryption?.key
    const open = {
      name: options.name,
      user: options.user,
      key: typeof key === 'string' ? new TextEncoder().encode(key) : key,
      schema: options.schema?.tables,
      relayUrl: options.relay && socketUrl(options.relay.url),
      hasToken: options.relay?.token !== undefined,
      build: String(hello.build),
      lazy: options.lazy,
      memory: options.storage === 'memory',
      readers: options.readers,
      syncIntervalMillis: options.syncInterval,
    }
    const opened = await first(PageOpen, 'open database', OpenDatabaseMessage, open, OpenedMessage, once)
    this.engine = welcome.engine
    this.clientId = opened.clientId
    if (opened.schema !== null) this.#schema.set(opened.schema)
    this.#show({ isDurable: opened.durable })
  }

  #show(change: Partial<DatabaseHealth>): void {
    this.#health.set({ ...this.#health.get(), ...change })
  }

  #changed(state: Session['state'], error: RockpoolError | null): void {
    const database = state === 'waiting' && !this.#isOpen ? 'opening' : state
    if (state === 'closed') {
      this.#show({ database, socket: 'closed', role: 'none', error: error?.kind === 'closed' ? null : error })
      return
    }
    this.#show({ database, error })
    if (state === 'open' && this.#isOpen) this.#rejoin()
    else if (state === 'open') {
      this.#isOpen = true
      this.#opened.resolve()
    } else if (state === 'waiting' && error !== null && this.#session.isLinked) {
      // The link lives but the database did not open: a lasting cause ends it, another is tried again.
      if (error.retryable)
        setTimeout(() => {
          this.#session.reattach()
        }, REOPEN_MS)
      else this.#fail(error)
    }
  }

  /** A new Worker serves this tab: what the old one may have told meanwhile is asked for. */
  #rejoin(): void {
    this.sync.resubscribe()
    for (const mid of this.#outcomes.waiting()) this.#askStatus({ mid }).catch(() => {})
    this.conflicts.list().catch(() => {})
    this.outbox.list().catch(() => {})
  }

  /** An event says what it is about by what it holds; few hold nothing, and only their type tells. */
  #receive({ type, health, outcome, rolledBack, causedBy, conflict, sync, round, entry, tables }: Event): void {
    if (health) {
      const before = this.#health.get()
      const after = withCore(before, health)
      this.#health.set(after)
      // A first start that finds no relay waits no longer for its tables.
      if (after.socket !== before.socket && !this.#isSchemaAwaited()) this.#live.namesChanged()
    }
    if (outcome) {
      if (rolledBack.length > 0) this.outbox.receiveRollback(outcome, causedBy, rolledBack)
      this.#outcomes.settle(outcome)
    }
    if (conflict) this.conflicts.receive(conflict)
    if (sync) this.sync.receiveStatus(sync)
    if (round) this.sync.receiveRound(round)
    if (entry) this.outbox.receive(entry)
    if (type === EventTables) this.#tables.emit(tables)
    if (type === EventTokenWanted) void this.#giveToken()
    if (type === EventSchema) this.#readSchema()
    if (type === EventReload) this.#fail(reloadNeeded())
  }

  /** On a first start without a schema in code the tables come with the relay's first answer. */
  #isSchemaAwaited(): boolean {
    const { relay, lazy } = this.#options
    const { socket } = this.#health.get()
    if (relay === undefined || (this.#schema.get()?.tables.length ?? 0) > 0) return false
    return socket === 'connecting' || socket === 'open' || (socket === 'idle' && lazy !== true)
  }

  /** The relay has brought another schema than the one that was opened with. */
  #readSchema(): void {
    this.#session.ask(PageSchema, 'read schema', EmptyMessage, {}, SchemaInfoMessage).then(
      ({ schema }) => {
        const known = this.#schema.get()
        if (schema === null || (known !== null && JSON.stringify(schema) === JSON.stringify(known))) return
        this.#schema.set(schema)
        this.#live.namesChanged()
      },
      () => {},
    ) // the link is going: the next one opens with the schema
  }

  async #giveToken(): Promise<void> {
    let jwt = '',
      error = ''
    try {
      jwt = (await this.#options.relay?.token?.()) ?? ''
    } catch (thrown) {
      error = toError(thrown, 'get a token').message || 'the token function failed'
    }
    this.#session.tell(PageToken, TokenGivenMessage, { jwt, error })
  }

  #fail(error: RockpoolError): void {
    this.#end(error)
    this.#agent.stop()
  }

  #end(why: RockpoolError): void {
    this.#opened.reject(why)
    this.#outcomes.end(why)
    this.#session.end(why)
    if (this.#agent === undefined || this.#agent.isOver) {
      this.#closed.resolve()
      this.#onEnd()
    }
  }
}

function isBuilt(query: QueryInput): query is AnyQuery {
  return 'ast' in query && !isStatement(query)
}
