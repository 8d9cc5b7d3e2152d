/**
 * A Worker at our own interface (CoreWorker, page frames) on a FakeStore, for
 * tests of the page's side. It can be killed, made silent, and told to hold
 * answers back. It is no model of the core's logic.
 */

import type { CoreWorker } from '@rockpool/worker'
import { broadcastLink } from '@rockpool/worker/broadcast-link'
import type { FromWorker, ToWorker } from '@rockpool/worker/control'
import { portLink, type Link, type Port as LinkPort } from '@rockpool/worker/link'
import { PAGE_TABLES } from '@rockpool/worker/tables'
import type { Init, SqlValue } from '../src/codec.ts'
import { body, frame, header, HEADER_BYTES } from '../src/frame.ts'
import { KIND_NAMES } from '../src/gen/fault.ts'
import { Type } from '../src/gen/schema.ts'
import * as wire from '../src/gen/wire.ts'
import { encodeChunk } from './encode-chunk.ts'
import { FakeFailure, type FakeStore } from './fake-store.ts'
import './page-tables.ts'

const { PageFrame } = wire

interface Port {
  link: Link
  live: Map<number, { call: wire.LiveCall; last: string }>
}

/** What tests may change while it runs. */
export interface FakeOptions {
  /** Rows of SQL text, by the text. */
  readonly sql?: Map<string, { columns: string[]; rows: SqlValue[][] }>
  /** Keep answers to these frame types back until `release`. */
  readonly hold?: Set<number>
  /** Milliseconds a boot takes; 0 answers in a microtask. */
  readonly bootError?: { kind: string; message: string }
  /** SQL version and build that TabWelcome tells. */
  readonly welcome?: Partial<wire.TabWelcome>
  readonly openError?: { kind: string; message: string }
  /** What the outbox has. */
  readonly outbox?: Init<wire.OutboxEntry>[]
}

/** See the file's comment. */
export class FakeWorker implements CoreWorker {
  onmessage: ((message: FromWorker) => void) | null = null
  readonly store: FakeStore
  readonly options: FakeOptions
  readonly calls: number[] = []
  readonly #ports = new Set<Port>()
  #isDead = false
  /** While true nothing is answered, pings included: a stopped process. */
  isSilent = false
  #held: (() => void)[] = []
  #mailbox: (() => void)[] = []

  constructor(store: FakeStore, options: FakeOptions = {}) {
    this.store = store
    this.options = options
    queueMicrotask(() => {
      const error = options.bootError
      this.onmessage?.(
        error === undefined
          ? { rp: 'ready' }
          : { rp: 'dead', error: { kind: error.kind, op: 'start', message: error.message, hint: '' } },
      )
    })
  }

  get liveQueries(): number {
    return [...this.#ports].reduce((n, port) => n + port.live.size, 0)
  }

  post(message: ToWorker): void {
    if (this.#isDead) return
    switch (message.rp) {
      case 'own':
        return
      case 'port': {
        const { port } = message
        this.#serve((events) => portLink(port, events))
        return
      }
      case 'channel': {
        const { name } = message
        this.#serve((events) => broadcastLink(new BroadcastChannel(name), 'worker', events))
        return
      }
      case 'freeze':
        for (const port of this.#ports) {
          port.link.tell({ rp: 'gone' })
          port.link.close()
        }
        this.#ports.clear()
        queueMicrotask(() => {
          this.onmessage?.({ rp: 'frozen' })
        })
    }
  }

  own(): LinkPort {
    const { port1, port2 } = new MessageChannel()
    this.post({ rp: 'port', port: port2 })
    return port1
  }

  terminate(): void {
    this.#isDead = true
    for (const port of this.#ports) port.link.close()
    this.#ports.clear()
  }

  /** Dies as the core does on a panic: tells the page and the ports. */
  panic(message = 'the core stopped with a panic'): void {
    const error = { kind: 'worker_died', op: 'run the core', message, hint: '' }
    for (const port of this.#ports) {
      port.link.tell({ rp: 'gone', error })
      port.link.close()
    }
    this.#ports.clear()
    this.#isDead = true
    this.onmessage?.({ rp: 'dead', error })
  }

  /** Answers what was held back. */
  release(): void {
    const held = this.#held
    this.#held = []
    for (const answer of held) answer()
  }

  /** Answers again, and what has piled up. */
  wake(): void {
    this.isSilent = false
    const mail = this.#mailbox
    this.#mailbox = []
    for (const deliver of mail) deliver()
  }

  /** Tells every tab. */
  emit(event: Parameters<typeof wire.encodeEvent>[0]): void {
    for (const port of this.#ports) port.link.post(frame(PageFrame.PageEvent, 0, wire.encodeEvent(event)))
  }

  #serve(open: (events: Parameters<typeof portLink>[1]) => Link): void {
    const later = (run: () => void) => {
      if (this.isSilent) this.#mailbox.push(run)
      else run()
    }
    const port: Port = {
      live: new Map(),
      link: open({
        frame: (buffer) => {
          later(() => {
            this.#frame(port, buffer)
          })
        },
        control: (message) => {
          later(() => {
            if (message.rp === 'ping') port.link.tell({ rp: 'pong', n: message.n })
            if (message.rp === 'bye') {
              port.live.clear()
              this.#ports.delete(port)
            }
          })
        },
      }),
    }
    this.#ports.add(port)
    port.link.tell({ rp: 'tables', text: PAGE_TABLES })
  }

  #frame(port: Port, buffer: ArrayBuffer): void {
    const bytes = new Uint8Array(buffer)
    const head = header(bytes)
    if (head === null || this.#isDead) return
    this.calls.push(head.type)
    const run = () => {
      if (this.#isDead) return
      try {
        this.#answer(port, head.type, head.call, body(bytes))
      } catch (error) {
        const kind = error instanceof FakeFailure ? error.kind : 'internal'
        const message = error instanceof Error ? error.message : String(error)
        port.link.post(
          frame(
            PageFrame.PageFail,
            head.call,
            wire.encodeFailure({
              kind: (KIND_NAMES as readonly string[]).indexOf(kind),
              op: 'fake',
              message,
              offset: -1,
            }),
          ),
        )
      }
    }
    if (this.options.hold?.has(head.type) === true) this.#held.push(run)
    else run()
  }

  #answer(port: Port, type: number, call: number, bytes: Uint8Array): void {
    const done = (message: Uint8Array<ArrayBuffer>) => {
      port.link.post(frame(PageFrame.PageDone, call, message))
    }
    switch (type) {
      case PageFrame.PageHello:
        done(
          wire.encodeTabWelcome({
            version: wire.PageVersion,
            storage: wire.StorageVersion,
            engine: 'fake',
            ...this.options.welcome,
          }),
        )
        return
      case PageFrame.PageOpen:
        if (this.options.openError !== undefined)
          throw new FakeFailure(this.options.openError.kind, this.options.openError.message)
        done(wire.encodeOpened({ clientId: 'client', schema: this.store.schema, durable: true }))
        return
      case PageFrame.PageSelect: {
        const { select } = wire.decodeSelectCall(bytes)
        if (select === null) throw new FakeFailure('protocol', 'no query')
        const { columns, rows } = this.store.select(select)
        this.#rows(port, call, columns, rows)
        done(wire.encodeQueryDone({ rows: rows.length }))
        return
      }
      case PageFrame.PageQuery: {
        const { sql } = wire.decodeQuery(bytes)
        const { columns, rows } = this.#sql(sql)
        this.#rows(port, call, columns, rows)
        done(wire.encodeQueryDone({ rows: rows.length }))
        return
      }
      case PageFrame.PageOperations: {
        const { ops, idempotencyKey } = wire.decodeOperations(bytes)
        done(wire.encodeOperationsDone(this.store.apply(ops, idempotencyKey)))
        this.changed()
        return
      }
      case PageFrame.PageStatus: {
        const known = this.store.keys.get(wire.decodeWriteStatus(bytes).idempotencyKey)
        done(wire.encodeWriteDone(known === undefined ? {} : { mid: known.mid, known: true }))
        return
      }
      case PageFrame.PageLive: {
        port.live.set(call, { call: wire.decodeLiveCall(bytes), last: '' })
        this.#state(port, call)
        return
      }
      case PageFrame.PageCancel: {
        const id = wire.decodeCancel(bytes).call
        if (port.live.delete(id)) port.link.post(frame(PageFrame.PageDone, id, wire.encodeEmpty({})))
        return
      }
      case PageFrame.PageBegin:
        done(wire.encodeTxStarted({ tx: 1 }))
        return
      case PageFrame.PageTxQuery: {
        const { ops } = wire.decodeTxQuery(bytes)
        done(wire.encodeOperationsDone(this.store.apply(ops, '')))
        return
      }
      case PageFrame.PageTxEnd:
        done(wire.encodeWriteDone({ mid: this.store.mid, known: true }))
        this.changed()
        return
      case PageFrame.PageSyncNow:
        this.emit({ type: wire.EventType.EventSyncRound, round: { updated: 3, conflicts: 1 } })
        done(wire.encodeSyncRound({ updated: 3, conflicts: 1 }))
        return
      case PageFrame.PageConflicts:
        done(wire.encodeConflictList({}))
        return
      case PageFrame.PageOutbox:
        done(wire.encodeOutboxList({ entries: this.options.outbox ?? [] }))
        return
      case PageFrame.PageResolve:
        done(wire.encodeWriteDone({}))
        return
      case PageFrame.PageValidate:
        done(wire.encodeValidated({ sql: 'select 1', isReadOnly: true }))
        return
      case PageFrame.PageSchema:
        done(wire.encodeSchemaInfo({ schema: this.store.schema }))
        return
      case PageFrame.PageStats:
        done(wire.encodeStats({ queries: this.calls.length }))
        return
      case PageFrame.PageVisible:
      case PageFrame.PageToken:
        return
      default:
        done(wire.encodeEmpty({}))
    }
  }

  /** Tells every live query whose rows have changed. */
  changed(): void {
    for (const port of this.#ports) for (const call of port.live.keys()) this.#state(port, call)
  }

  #state(port: Port, call: number): void {
    const live = port.live.get(call)
    if (live === undefined) return
    let result: { readonly columns: { name: string; type: Type }[]; readonly rows: SqlValue[][] }
    try {
      result = live.call.select === null ? this.#sql(live.call.sql) : this.store.select(live.call.select)
    } catch (error) {
      port.live.delete(call)
      throw error
    }
    const text = JSON.stringify(result.rows)
    if (text === live.last) return
    live.last = text
    this.#rows(port, call, result.columns, result.rows)
    port.link.post(frame(PageFrame.PageLiveEnd, call, wire.encodeLiveState({ rows: result.rows.length })))
  }

  #sql(sql: string): { columns: { name: string; type: Type }[]; rows: SqlValue[][] } {
    const found = this.options.sql?.get(sql)
    if (found === undefined) throw new FakeFailure('invalid_sql', `the fake does not know ${sql}`)
    return { columns: found.columns.map((name) => ({ name, type: Type.TypeUnknown })), rows: found.rows }
  }

  #rows(port: Port, call: number, columns: { name: string; type: Type }[], rows: SqlValue[][]): void {
    port.link.post(frame(PageFrame.PageHead, call, wire.encodeHead({ columns })))
    if (rows.length === 0) return
    const chunk = encodeChunk(columns.length, rows)
    const buffer = new ArrayBuffer(HEADER_BYTES + chunk.length)
    new Uint8Array(buffer, HEADER_BYTES).set(chunk)
    new DataView(buffer).setUint8(0, PageFrame.PageChunk)
    new DataView(buffer).setUint32(4, call, true)
    port.link.post(buffer)
  }
}
