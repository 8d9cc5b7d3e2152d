/**
 * A TCP proxy that is the bad network of the offline tests: it can cut, refuse, stall and resume connections. The
 * browser's own offline switch leaves open sockets standing, so it cannot show what a lost network does.
 */

import { connect, createServer, type Server, type Socket } from 'node:net'

/** One connection from the browser and its twin to the server. */
type Pair = { readonly near: Socket; readonly far: Socket }

/** What happens to bytes and to new connections. */
export type Weather =
  /** Everything passes. */
  | 'clear'
  /** Connections stay open and new ones are accepted, but no byte passes either way: a dead mobile network. */
  | 'stalled'
  /** Connections were reset and new ones are reset at once: no network. */
  | 'cut'

/** Passes TCP between a free loopback port and one server. */
export class NetworkProxy {
  readonly #server: Server
  readonly #target: { readonly host: string; readonly port: number }
  readonly #pairs = new Set<Pair>()
  #weather: Weather = 'clear'
  #connections = 0
  /** Bytes still to pass before the next cut; undefined when none is planned. */
  #cutAfterBytes: number | undefined

  private constructor(target: { host: string; port: number }) {
    this.#target = target
    this.#server = createServer((near) => {
      this.#accept(near)
    })
  }

  /** Opens a proxy to a server, by its URL or host and port. */
  static async open(to: string | { host: string; port: number }): Promise<NetworkProxy> {
    const url = typeof to === 'string' ? new URL(to) : undefined
    const target =
      typeof to === 'string'
        ? { host: url?.hostname ?? '', port: Number(url?.port || (url?.protocol === 'https:' ? 443 : 80)) }
        : to
    const proxy = new NetworkProxy(target)
    await new Promise<void>((listening, failed) => {
      proxy.#server.once('error', failed)
      proxy.#server.listen(0, '127.0.0.1', listening)
    })
    return proxy
  }

  /** The port on 127.0.0.1. */
  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy is closed')
    return address.port
  }

  /** Where the browser goes instead of the server: http, on the loopback address. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get weather(): Weather {
    return this.#weather
  }

  /** How many connections were accepted so far, those that were reset at once included. */
  get connections(): number {
    return this.#connections
  }

  /** How many connections are open now. */
  get open(): number {
    return this.#pairs.size
  }

  /** Resets every connection, and every new one until {@link resume}. */
  cut(): void {
    this.#weather = 'cut'
    for (const pair of this.#pairs) this.#drop(pair)
  }

  /** Resets every connection after so many more bytes, counted in both directions, as a network lost in mid-frame. */
  cutAfter(bytes: number): void {
    this.#cutAfterBytes = bytes
  }

  /** Holds all bytes back without a close event. */
  stall(): void {
    if (this.#weather === 'cut') return
    this.#weather = 'stalled'
    for (const { near, far } of this.#pairs) {
      near.pause()
      far.pause()
    }
  }

  /** Lets everything pass again; what a stall held back arrives, in order. */
  resume(): void {
    this.#weather = 'clear'
    this.#cutAfterBytes = undefined
    for (const { near, far } of this.#pairs) {
      near.resume()
      far.resume()
    }
  }

  /** Resets what is open and stops listening. */
  async close(): Promise<void> {
    for (const pair of this.#pairs) this.#drop(pair)
    await new Promise<void>((closed) => {
      this.#server.close(() => {
        closed()
      })
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #accept(near: Socket): void {
    this.#connections++
    near.on('error', () => {
      near.destroy()
    })
    if (this.#weather === 'cut') {
      near.resetAndDestroy()
      return
    }
    const far = connect(this.#target)
    const pair = { near, far }
    this.#pairs.add(pair)
    near.setNoDelay(true)
    far.setNoDelay(true)
    this.#carry(pair, near, far)
    this.#carry(pair, far, near)
    if (this.#weather === 'stalled') {
      near.pause()
      far.pause()
    }
  }

  /** Moves bytes one way, no faster than the receiver takes them. */
  #carry(pair: Pair, from: Socket, to: Socket): void {
    from.on('data', (bytes: Buffer) => {
      if (this.#cutAfterBytes !== undefined) {
        const pass = Math.min(bytes.length, this.#cutAfterBytes)
        this.#cutAfterBytes -= pass
        if (this.#cutAfterBytes === 0) {
          // What may still pass is sent first, so that the other side sees a torn frame.
          to.write(bytes.subarray(0, pass), () => {
            this.cut()
          })
          return
        }
      }
      if (!to.write(bytes)) from.pause()
    })
    to.on('drain', () => {
      if (this.#weather === 'clear') from.resume()
    })
    from.on('end', () => {
      to.end()
    })
    from.on('error', () => {
      this.#drop(pair)
    })
    from.on('close', () => {
      if (from.errored ?? false) this.#drop(pair)
      else if (to.destroyed || to.writableEnded) this.#pairs.delete(pair)
    })
  }

  #drop(pair: Pair): void {
    this.#pairs.delete(pair)
    pair.near.resetAndDestroy()
    pair.far.resetAndDestroy()
  }
}
