/** What the browser lends to a tab. Tests and memory databases bring their own. */

import type { Channel } from '@rockpool/worker/broadcast-link'
import { broker, spawn, type CoreWorker } from '@rockpool/worker'
import { failure } from '../error.ts'
import { newKey } from '../key.ts'

/** A held or wanted Web Lock. */
export interface LockTicket {
  /** Leaves the queue or lets the lock go; idempotent. */
  release(): void
}

/** The outside world of a tab. */
export interface TabEnvironment {
  readonly tab: string
  now(): number
  /** Starts a Worker that is going to open the database whose files are so called. */
  spawn(file: string): CoreWorker
  /** Queues for the lock; `granted` comes once, later, be it released by then, or `refused` where the browser gives none. */
  lock(name: string, granted: () => void, refused: (why: unknown) => void): LockTicket
  /** Opens a BroadcastChannel, or null where there is nobody to talk to. */
  channel(name: string): Channel | null
  /** The SharedWorker that introduces tabs, or null. */
  broker(): MessagePort | null
  isVisible(): boolean
  /** Watches visibility and the page's life; returns the way to stop. */
  watchPage(shown: () => void, hidden: () => void, sleep: () => void, wake: () => void): () => void
}

/** The browser as it is. @throws `storage_unavailable` without Web Locks, which need https or localhost. */
export function browserEnvironment(): TabEnvironment {
  if (globalThis.navigator?.locks === undefined) {
    throw failure(
      'storage_unavailable',
      'open database',
      'this page has no Web Locks, so no tab can own the files',
      "serve the page over https or from localhost, or open with storage: 'memory'",
    )
  }
  return {
    ...aTab(),
    spawn,
    lock,
    channel: (name) => new BroadcastChannel(name),
    broker: () => {
      const worker = broker()
      worker?.port.start()
      return worker?.port ?? null
    },
    isVisible: () => document.visibilityState === 'visible',
    watchPage,
  }
}

/** A tab alone: for databases in memory, which nobody shares. */
export function soloEnvironment(): TabEnvironment {
  return {
    ...aTab(),
    spawn: () => spawn(),
    lock: (_name, granted) => {
      queueMicrotask(granted)
      return { release: () => {} }
    },
    channel: () => null,
    broker: () => null,
    isVisible: () => true,
    watchPage: () => () => {},
  }
}

function aTab() {
  return { tab: newKey(), now: () => performance.now() }
}

function lock(name: string, granted: () => void, refused: (why: unknown) => void): LockTicket {
  const abort = new AbortController()
  let release = () => {
    abort.abort()
  }
  navigator.locks
    .request(
      name,
      { signal: abort.signal },
      () =>
        new Promise<void>((resolve) => {
          if (abort.signal.aborted) {
            resolve()
            return
          }
          release = resolve
          granted()
        }),
    )
    .catch((why: unknown) => {
      if (!abort.signal.aborted) refused(why)
    })
  return {
    release: () => {
      release()
    },
  }
}

function watchPage(shown: () => void, hidden: () => void, sleep: () => void, wake: () => void): () => void {
  const abort = new AbortController()
  const { signal } = abort
  document.addEventListener(
    'visibilitychange',
    () => {
      if (document.visibilityState === 'visible') shown()
      else hidden()
    },
    { signal },
  )
  document.addEventListener('freeze', sleep, { signal })
  document.addEventListener('resume', wake, { signal })
  addEventListener('pagehide', sleep, { signal })
  addEventListener(
    'pageshow',
    ({ persisted }) => {
      if (persisted) wake()
    },
    { signal },
  )
  return () => {
    abort.abort()
  }
}
