/** Module "rockpool": what the core asks of JavaScript. All numbers are i32 unless said; texts and bytes are in linear memory. */

import type { Core } from './core.ts'
import type { Fetches } from './fetches.ts'
import type { Files } from './files.ts'
import type { Pace } from './pace.ts'
import type { Ports } from './ports.ts'
import { isRevoked } from './revoked.ts'
import type { Sockets } from './sockets.ts'

/** What the imports are made of. */
export interface Host {
  readonly core: () => Core
  readonly ports: Ports
  readonly sockets: Sockets
  readonly fetches: Fetches
  readonly pace: Pace
  readonly files: Files
}

/** host.LogLevel. */
const LOGS = [console.debug, console.info, console.warn, console.error] as const

/** The import object. None of them waits, and none throws into Go. */
export function rockpoolImports({ core, ports, sockets, fetches, pace, files }: Host): WebAssembly.ModuleImports {
  const text = (at: number, length: number) => core().memory.string(at, length)
  return {
    post: (port: number, at: number, length: number) => {
      ports.post(port, core().memory.copy(at, length))
    },
    socket_open: (id: number, at: number, length: number) => {
      sockets.open(id, text(at, length))
    },
    socket_send: (id: number, at: number, length: number) => sockets.send(id, core().memory.view(at, length)),
    socket_buffered: (id: number) => sockets.buffered(id),
    socket_close: (id: number, code: number) => {
      sockets.close(id, code)
    },
    fetch_start: (id: number, at: number, length: number, tokenAt: number, tokenLength: number) => {
      fetches.start(id, text(at, length), text(tokenAt, tokenLength))
    },
    fetch_cancel: (id: number) => {
      fetches.cancel(id)
    },
    timer_set: (milliseconds: number) => {
      pace.timer(milliseconds)
    },
    now: () => Date.now(),
    monotonic: () => performance.now(),
    revoked: (at: number, length: number) => Number(isRevoked(text(at, length))),
    random: (at: number, length: number) => {
      crypto.getRandomValues(core().memory.view(at, length) as Uint8Array<ArrayBuffer>)
    }, // the memory is not shared
    yield: () => {
      pace.soon()
    },
    files_open: (id: number, at: number, length: number) => {
      files.open(id, text(at, length))
    },
    files_close: (at: number, length: number) => {
      files.close(text(at, length))
    },
    files_delete: (id: number, at: number, length: number) => {
      files.delete(id, text(at, length))
    },
    files_flush: (at: number, length: number) => files.pool.flush(text(at, length)),
    log: (level: number, at: number, length: number) => {
      ;(LOGS[level] ?? console.info)('rockpool: ' + text(at, length))
    },
  }
}
