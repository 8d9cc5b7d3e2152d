/** What a page needs of this package: a new Worker that runs the core. */

import { isOnPort, type FromWorker, type Pulse, type ToWorker } from './control.ts'
import { ownPort, type Port } from './link.ts'

/** A Worker as the leading tab sees it. Tests give a fake one. */
export interface CoreWorker {
  post(message: ToWorker, transfer?: Transferable[]): void
  onmessage: ((message: FromWorker) => void) | null
  /** Opens the page's own path to the Worker, which takes the place of the one before. */
  own(): Port
  /** Ends it at once; what was flushed is safe, what was not was never acknowledged. */
  terminate(): void
}

/**
 * Starts the Worker. The files it needs are found by URL, so a bundler ships them as they are. `file` names those of the
 * database that is going to be opened; the caller owns them by its Web Lock.
 */
export function spawn(file?: string): CoreWorker {
  const worker = new Worker(new URL('./entry.ts', import.meta.url), { type: 'module', name: 'rockpool' })
  const post = (message: unknown, transfer: Transferable[] = []) => {
    worker.postMessage(message, transfer)
  }
  if (file !== undefined) post({ rp: 'files', name: file } satisfies ToWorker)
  const ended = new AbortController()
  let own: Port | undefined
  const core: CoreWorker = {
    post,
    onmessage: null,
    own: () => {
      core.post({ rp: 'own' })
      own = ownPort(post)
      return own
    },
    terminate: () => {
      ended.abort()
      worker.terminate()
    },
  }
  worker.onmessage = (event: MessageEvent<FromWorker | Pulse>) => {
    const { data } = event
    if (isOnPort(data)) own?.onmessage?.(event)
    else if (data.rp === 'pulse') listen(data.lock)
    else core.onmessage?.(data)
  }
  // Browsers tell of errors, and of a Worker's silent end (out of memory, closed from outside) nothing.
  const listen = (lock: string) => {
    navigator.locks
      .request(lock, { signal: ended.signal }, () => {
        died('it ended without a word')
      })
      .catch(() => {}) // only our own abort rejects it
  }
  const died = (message: string) => {
    core.onmessage?.({
      rp: 'dead',
      error: { kind: 'worker_died', op: 'run the Worker', message, hint: 'it is started again from what is stored' },
    })
  }
  worker.onerror = (event) => {
    died(event.message || 'the Worker script could not be loaded')
  }
  worker.onmessageerror = () => {
    died('a message to the page could not be read')
  }
  return core
}

/** The SharedWorker that hands ports from tab to tab, or null where the browser has none. */
export function broker(): SharedWorker | null {
  if (typeof SharedWorker === 'undefined') return null
  return new SharedWorker(new URL('./broker-entry.ts', import.meta.url), { type: 'module', name: 'rockpool-broker' })
}
