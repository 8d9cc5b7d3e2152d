/** A WebSocket for supabase-js that ends in the page: Realtime channels on the local database, offline too. */

import type { Database, Tables } from '@rockpool/client'
import { Broadcasts } from './broadcasts.ts'
import { Channel, type Line } from './channel.ts'
import { decodeFrame, encodeFrame, isRecord, type Message, type Version } from './frames.ts'

/** Channels of one client at most, as at Supabase. */
export const CHANNELS_MAX = 100

/** Makes a socket; supabase-js calls it with its project's address. */
export interface RealtimeTransport {
  new (address: string | URL, protocols?: string | string[]): LocalSocket
}

/**
 * What `createClient` takes as `realtime.transport`: channels are then served
 * by the database in this page. Changes are told whoever made them, here at
 * once and from the server as they arrive; offline they work as they do online.
 *
 * @example
 * const supabase = createClient(url, key, { realtime: { transport: realtimeTransport(db) } })
 */
export function realtimeTransport<DB extends Tables>(db: Database<DB>): RealtimeTransport {
  const local = db as unknown as Database // of tables whose columns are not known
  const broadcasts = new Broadcasts('rockpool-realtime:' + db.name)
  return class extends LocalSocket {
    constructor(address: string | URL) {
      super(address, local, broadcasts)
    }
  }
}

/** The client's end of a socket, as WebSocket is. */
export class LocalSocket extends EventTarget {
  readonly CONNECTING = 0
  readonly OPEN = 1
  readonly CLOSING = 2
  readonly CLOSED = 3
  readonly url: string
  readonly protocol = ''
  readonly bufferedAmount = 0
  readonly extensions = ''
  binaryType = 'arraybuffer'
  onopen: ((event: Event) => unknown) | null = null
  onmessage: ((event: MessageEvent) => unknown) | null = null
  onclose: ((event: CloseEvent) => unknown) | null = null
  onerror: ((event: Event) => unknown) | null = null
  readyState = 0
  readonly #version: Version
  readonly #line: Line
  readonly #channels = new Map<string, Channel>()
  #forget: () => void = () => {}

  constructor(address: string | URL, db: Database, broadcasts: Broadcasts) {
    super()
    this.url = String(address)
    this.#version = new URL(this.url).searchParams.get('vsn') === '1.0.0' ? '1.0.0' : '2.0.0'
    this.#line = {
      db,
      broadcasts,
      send: (message) => {
        this.#deliver(message)
      },
    }
    queueMicrotask(() => {
      if (this.readyState !== this.CONNECTING) return
      this.#forget = db.health.subscribe(({ database }) => {
        if (database === 'closed') this.#end(1001, 'the database is closed')
      })
      if (db.health.get().database === 'closed') {
        const event = new Event('error')
        this.dispatchEvent(event)
        this.onerror?.(event)
        this.#end(1001, 'the database is closed')
        return
      }
      this.readyState = this.OPEN
      const event = new Event('open')
      this.dispatchEvent(event)
      this.onopen?.(event)
    })
  }

  /** Takes a frame of the client. What is no frame of Realtime's closes the socket, and the reason says so. */
  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    if (this.readyState !== this.OPEN) throw new Error('the socket is not open: wait for onopen')
    const frame = typeof data === 'string' ? data : bytesOf(data)
    try {
      if (frame === undefined) throw new Error('a Blob')
      this.#receive(decodeFrame(frame, this.#version))
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown)
      this.#end(1007, `this is no frame of Realtime ${this.#version}: ${why}`)
    }
  }

  close(code = 1000, reason = ''): void {
    if (this.readyState >= this.CLOSING) return
    this.readyState = this.CLOSING
    this.#end(code, reason)
  }

  #receive(message: Message): void {
    const { joinRef, ref, topic, event } = message
    const reply = (status: 'ok' | 'error', response: Record<string, string> = {}): void => {
      this.#deliver({ joinRef, ref, topic, event: 'phx_reply', payload: { status, response } })
    }
    if (topic === 'phoenix') {
      if (event === 'heartbeat') reply('ok')
      else reply('error', { reason: `there is no event ${event} of the socket` })
      return
    }
    const channel = this.#channels.get(topic)
    if (event === 'phx_join') {
      if (channel === undefined && this.#channels.size >= CHANNELS_MAX)
        reply('error', { reason: `ChannelRateLimitReached: a client has at most ${CHANNELS_MAX} channels` })
      else if (!isRecord(message.payload.config))
        reply('error', { reason: 'a join without config is of supabase-js 1: use version 2' })
      else this.#join(message, channel)
      return
    }
    if (channel === undefined) {
      reply('error', { reason: 'unmatched topic' })
    } else if (event === 'phx_leave') {
      this.#channels.delete(topic)
      channel.end()
      reply('ok')
      this.#deliver({ joinRef, ref: channel.joinRef, topic, event: 'phx_close', payload: {} })
    } else {
      channel.receive(message)
    }
  }

  #join(message: Message, before: Channel | undefined): void {
    before?.end()
    const channel = new Channel(this.#line, message)
    this.#channels.set(message.topic, channel)
    void channel.join(message.ref)
  }

  /** Hands a frame over, in order, and never from within a call of the client. */
  #deliver(message: Message): void {
    const data = encodeFrame(message, this.#version)
    queueMicrotask(() => {
      if (this.readyState !== this.OPEN) return
      const event = new MessageEvent('message', { data })
      this.dispatchEvent(event)
      this.onmessage?.(event)
    })
  }

  #end(code: number, reason: string): void {
    if (this.readyState === this.CLOSED) return
    this.readyState = this.CLOSED
    this.#forget()
    for (const channel of this.#channels.values()) channel.end()
    this.#channels.clear()
    queueMicrotask(() => {
      const event = Object.assign(new Event('close'), { code, reason, wasClean: true })
      this.dispatchEvent(event)
      this.onclose?.(event)
    })
  }
}

function bytesOf(data: Exclude<Parameters<LocalSocket['send']>[0], string>): ArrayBuffer | undefined {
  if (data instanceof Blob) return undefined
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)
  return bytes.slice().buffer
}
