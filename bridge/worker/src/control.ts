/**
 * Messages that are not frames: what a page tells the Worker beside the
 * bytes, and what the Worker says back. Frames are ArrayBuffers; control
 * messages are plain objects with a `rp` field, on the same ports.
 */

/** An error that has to cross a port without a frame: a boot that failed, a core that died. */
export interface ControlError {
  /** The stable text of a fault kind, as "storage_locked". */
  readonly kind: string
  readonly op: string
  readonly message: string
  readonly hint: string
}

/** What the owning page sends to the Worker's global scope. */
export type ToWorker =
  /** Serve this page on the Worker's own channel: what comes there beside these messages is its link's. */
  | { readonly rp: 'own' }
  /** The database's files are so called: the core is going to ask for them. */
  | { readonly rp: 'files'; readonly name: string }
  /** Adopt a port that was transferred with this message. */
  | { readonly rp: 'port'; readonly port: MessagePort }
  /** Serve a tab over BroadcastChannel of that name, in chunks with credit. */
  | { readonly rp: 'channel'; readonly name: string }
  /** Drain, close the files, answer `frozen`. */
  | { readonly rp: 'freeze' }

/** What the Worker sends to the owning page. */
export type FromWorker =
  | { readonly rp: 'ready' }
  /** The files are closed; the Worker may be ended. */
  | { readonly rp: 'frozen' }
  /** The core is gone: start another Worker from durable state. */
  | { readonly rp: 'dead'; readonly error: ControlError }

/**
 * The Worker holds a Web Lock of this name as long as it lives. Whoever gets
 * the lock knows that it has ended, also when nothing else said so.
 */
export interface Pulse {
  readonly rp: 'pulse'
  readonly lock: string
}

/** Control messages on a port or channel between a tab and the Worker. */
export type OnPort =
  | { readonly rp: 'ping'; readonly n: number }
  | { readonly rp: 'pong'; readonly n: number }
  /** From the Worker, before all else: the tables of what both say (PAGE_TABLES), which the page's code does not have. */
  | { readonly rp: 'tables'; readonly text: string }
  /** The tab is going: forget the port. */
  | { readonly rp: 'bye' }
  /** The Worker is going, by hand-over (`moved`) or by death (`error`). */
  | { readonly rp: 'gone'; readonly error?: ControlError }

const ON_PORT: readonly string[] = ['ping', 'pong', 'tables', 'bye', 'gone'] satisfies OnPort['rp'][]

/** Whether a message on a Worker's own channel is its link's: frames, and what OnPort lists. */
export function isOnPort(data: unknown): boolean {
  return !isControl(data) || ON_PORT.includes(data.rp)
}

/** Tells control messages from anything else that arrives on a port. */
export function isControl(data: unknown): data is { readonly rp: string } {
  return typeof data === 'object' && data !== null && 'rp' in data && typeof data.rp === 'string'
}
