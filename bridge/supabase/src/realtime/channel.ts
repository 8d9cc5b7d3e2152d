/** One channel of a client: its bindings to changes of tables, and its broadcasts. */

import { toError, type Database, type Schema } from '@rockpool/client'
import type { Json } from '../values.ts'
import { bind, eventOf, parseBinding, type Asked, type Binding, type Change } from './binding.ts'
import type { Broadcast, Broadcasts, Listener } from './broadcasts.ts'
import { SubscriptionError } from './filter.ts'
import { followTable } from './follow.ts'
import { isRecord, type Message } from './frames.ts'

/** Bindings of one channel at most. */
export const BINDINGS_MAX = 100

/** Milliseconds that a join waits for a first schema to come from the relay. A client's own patience is 10 s. */
export const SCHEMA_WAIT_MS = 5_000

/** How a channel reaches its client. */
export interface Line {
  readonly db: Database
  readonly broadcasts: Broadcasts
  send(message: Message): void
}

const PRESENCE = 'presence is not supported by the transport of @rockpool/supabase: there is no server to keep it'

let ids = 0

/** See the file's comment. */
export class Channel implements Listener {
  readonly topic: string
  readonly joinRef: string | null
  readonly #line: Line
  readonly #config: Readonly<Record<string, unknown>>
  readonly #endings: (() => void)[] = []
  #isOver = false

  constructor(line: Line, join: Message) {
    this.#line = line
    this.topic = join.topic
    this.joinRef = join.joinRef
    this.#config = isRecord(join.payload.config) ? join.payload.config : {}
  }

  /** Answers the join: after it every change is told. What is wrong with a binding is told by a `system` message, as Supabase does. */
  async join(ref: string | null): Promise<void> {
    const entries = listOf(this.#config.postgres_changes)
    if (entries.length > BINDINGS_MAX) {
      this.#reply(ref, 'error', { reason: `a channel has at most ${BINDINGS_MAX} bindings to changes` })
      return
    }
    const bindings = entries.map((entry) => ({ entry, id: ++ids }))
    let problem: string | null = null
    try {
      await this.#line.db.ready
      const asked = bindings.map(({ entry, id }) => ({ id, asked: parseBinding(entry) }))
      if (asked.length > 0) await this.#follow(asked)
    } catch (thrown) {
      if (!(thrown instanceof SubscriptionError)) {
        this.#reply(ref, 'error', { reason: toError(thrown, 'join a channel').message })
        return
      }
      problem = thrown.message
    }
    if (this.#isOver) return
    this.#endings.push(this.#line.broadcasts.join(this))
    this.#reply(ref, 'ok', {
      postgres_changes: bindings.map(({ entry, id }) => ({ ...entry, id })) as Json, // JSON as it came
    })
    if (isTrue(this.#config.presence, 'enabled')) this.#system('presence', 'error', PRESENCE)
    if (entries.length === 0) return
    this.#system('postgres_changes', problem === null ? 'ok' : 'error', problem ?? 'Subscribed to PostgreSQL')
    if (problem !== null) this.#followLater(bindings)
  }

  /** Begins to tell changes of all tables that are asked for, or of none. */
  async #follow(asked: readonly { readonly id: number; readonly asked: Asked }[]): Promise<void> {
    const schema = await schemaOf(this.#line.db, SCHEMA_WAIT_MS)
    const all = asked.flatMap((one) => bind(one.id, one.asked, schema))
    const tables = [...new Set(all.map((binding) => binding.table.name))]
    await Promise.all(
      tables.map(async (table) => {
        const here = all.filter((binding) => binding.table.name === table)
        const stop = await followTable(
          this.#line.db,
          table,
          (changes) => {
            for (const change of changes) this.#tell(here, change)
          },
          () => {
            // The client joins again by itself, and is then told why not.
            this.#push('phx_error', {})
            this.end()
          },
        )
        if (this.#isOver) stop()
        else this.#endings.push(stop)
      }),
    )
  }

  /** A table that is not there yet may come with another schema: it is followed from then on. */
  #followLater(bindings: readonly { readonly entry: Readonly<Record<string, unknown>>; readonly id: number }[]): void {
    const stop = this.#line.db.schema.subscribe(() => {
      stop()
      this.#follow(bindings.map(({ entry, id }) => ({ id, asked: parseBinding(entry) }))).then(
        () => {
          if (!this.#isOver) this.#system('postgres_changes', 'ok', 'Subscribed to PostgreSQL')
        },
        () => {
          if (!this.#isOver) this.#followLater(bindings)
        },
      )
    })
    this.#endings.push(stop)
  }

  /** One frame for all bindings that are told the same. */
  #tell(bindings: readonly Binding[], change: Change): void {
    const at = new Date()
    const told = new Map<string, { ids: number[]; data: Json }>()
    for (const binding of bindings) {
      const type = binding.tells(change)
      if (type === null) continue
      const key = [type, ...binding.columns.map((column) => column.name)].join('\0')
      const same = told.get(key)
      if (same === undefined) told.set(key, { ids: [binding.id], data: eventOf(binding, type, change, at) })
      else same.ids.push(binding.id)
    }
    for (const payload of told.values()) this.#push('postgres_changes', payload)
  }

  /** A message of the client on this channel, but for joining and leaving. */
  receive(message: Message): void {
    const { ref, event, payload } = message
    switch (event) {
      case 'broadcast':
        this.#broadcast(message)
        return
      case 'access_token':
        return // the local database is its user's own; the relay has its token from `open`
      case 'presence':
        this.#reply(ref, 'error', { reason: PRESENCE })
        return
      default:
        this.#reply(ref, 'error', { reason: `there is no event ${event}`, type: String(payload.type ?? '') })
    }
  }

  #broadcast({ ref, payload }: Message): void {
    const event = String(payload.event ?? '')
    const broadcast: Broadcast = { topic: this.topic, event, payload: payload.payload ?? {} }
    this.#line.broadcasts.send(broadcast, this)
    if (isTrue(this.#config.broadcast, 'self')) this.hear(broadcast)
    if (isTrue(this.#config.broadcast, 'ack')) this.#reply(ref, 'ok', {})
  }

  hear({ event, payload }: Broadcast): void {
    this.#push('broadcast', { type: 'broadcast', event, payload })
  }

  /** Nothing is told any more. */
  end(): void {
    this.#isOver = true
    for (const ending of this.#endings.splice(0)) ending()
  }

  #system(extension: string, status: 'ok' | 'error', message: string): void {
    this.#push('system', { extension, status, message, channel: this.topic.replace(/^realtime:/, '') })
  }

  #push(event: string, payload: Message['payload']): void {
    if (!this.#isOver) this.#line.send({ joinRef: this.joinRef, ref: null, topic: this.topic, event, payload })
  }

  #reply(ref: string | null, status: 'ok' | 'error', response: Json): void {
    if (this.#isOver) return
    this.#line.send({
      joinRef: this.joinRef,
      ref,
      topic: this.topic,
      event: 'phx_reply',
      payload: { status, response },
    })
  }
}

/** Entries of a list that are objects; others are passed over, as Supabase does. */
function listOf(of: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(of) ? of.filter(isRecord) : []
}

/** Supabase takes the text "true" for true. */
function isTrue(options: unknown, name: string): boolean {
  const of = isRecord(options) ? options[name] : false
  return of === true || String(of).toLowerCase() === 'true'
}

/** The schema, or an empty one when none has come in time. */
function schemaOf(db: Database, timeoutMs: number): Promise<Schema> {
  const known = (): Schema | null => {
    const schema = db.schema.get()
    return schema !== null && schema.tables.length > 0 ? schema : null
  }
  return new Promise((resolve) => {
    const now = known()
    if (now !== null) {
      resolve(now)
      return
    }
    const settle = (schema: Schema): void => {
      stop()
      clearTimeout(timer)
      resolve(schema)
    }
    const stop = db.schema.subscribe(() => {
      const schema = known()
      if (schema !== null) settle(schema)
    })
    const timer = setTimeout(() => {
      settle({ version: 0, tables: [] })
    }, timeoutMs)
  })
}
