/** What `open` takes. */

import type { TabEnvironment } from './tabs/environment.ts'
import type { DefinedSchema } from './schema.ts'

/** The relay to keep in step with. */
export interface RelayOptions {
  /** ws://, wss://, http:// or https://; relative to the page where it has no host. */
  readonly url: string
  /** Gives a JWT whenever one is wanted: at the start, before expiry, and after a refusal. */
  readonly token?: () => string | Promise<string>
}

/** Options of a database. */
export interface OpenOptions<DB = never> {
  /** Its file's name in this origin. */
  readonly name: string
  /** Declares the tables, so that the first start may be offline; without it they come from the relay. */
  readonly schema?: DefinedSchema<DB>
  readonly relay?: RelayOptions
  /** Whose data it is: each user has a file of their own. */
  readonly user?: string
  /** Encrypts the file. A string is taken as its UTF-8 bytes. */
  readonly encryption?: { readonly key: string | Uint8Array }
  /** `memory` keeps nothing beyond the page. Default `opfs`; there is no silent fallback. */
  readonly storage?: 'opfs' | 'memory'
  /** Connect to the relay only when something is followed or `db.sync.connect()` is called. */
  readonly lazy?: boolean
  /** Orders builds of the app: tabs of the higher number take over. Default 0. */
  readonly build?: number
  /** Snapshot readers; 0 for the core's default. */
  readonly readers?: number
  /** Milliseconds between forced rounds of sync; 0 for none. */
  readonly syncInterval?: number
  /** Milliseconds that opening may take, waiting for a frozen tab included. Default OPEN_MS. */
  readonly timeout?: number
  /** For tests: another outside world. */
  readonly environment?: TabEnvironment
}

/** Milliseconds that opening may take by default. */
export const OPEN_MS = 20_000

/** The relay's address as a WebSocket URL. */
export function socketUrl(url: string): string {
  const absolute = new URL(url, globalThis.location?.href)
  absolute.protocol = absolute.protocol.replace('http', 'ws')
  return absolute.href
}
