/** The Worker's script: boots the core and serves ports until it is told to freeze, or dies. */

import stamp from '../../../build/program.json' with { type: 'json' }
import { boot } from './boot.ts'
import { isOnPort, type ControlError, type FromWorker, type Pulse, type ToWorker } from './control.ts'
import type { Core } from './core.ts'
import type { EngineModules } from './engine.ts'
import { Fetches } from './fetches.ts'
import { Files } from './files.ts'
import { rockpoolImports } from './imports.ts'
import { ownPort, type Port } from './link.ts'
import { Pace } from './pace.ts'
import { Ports } from './ports.ts'
import { copies, fetched, keep, KEEP_AFTER_MS, kept, type ProgramURLs } from './program.ts'
import { Sockets } from './sockets.ts'

/** Milliseconds between two looks at whether the core has drained. */
const FREEZE_STEP_MS = 5

const tell = (message: FromWorker) => {
  postMessage(message)
}
let core: Core | undefined
let isReady = false
let isOver = false
const running = (): Core => {
  if (core === undefined) throw new Error('the core is not there yet')
  return core
}

const ports = new Ports(running)
const sockets = new Sockets(running)
const fetches = new Fetches(running)
const pace = new Pace(running)
let memory: (() => WebAssembly.Memory) | undefined
const files = new Files(
  () => {
    if (memory === undefined) throw new Error('the memory is not there yet')
    return memory()
  },
  running,
  (message) => {
    console.info('rockpool: ' + message)
  },
)

/** Ports that came before the core. */
const early: Exclude<ToWorker, { rp: 'files' }>[] = []

/** The owning page's path. */
let own: Port | undefined

self.onmessageerror = (event) => own?.onmessageerror?.(event)
self.onmessage = (event: MessageEvent<ToWorker>) => {
  const { data } = event
  if (isOnPort(data)) own?.onmessage?.(event)
  else if (data.rp === 'files') files.prepare(data.name)
  else if (!isReady) early.push(data)
  else handle(data)
}

function handle(message: Exclude<ToWorker, { rp: 'files' }>): void {
  switch (message.rp) {
    case 'own':
      own = ownPort((answer, transfer = []) => {
        postMessage(answer, { transfer })
      })
      ports.adopt(own)
      return
    case 'port':
      ports.adopt(message.port)
      return
    case 'channel':
      ports.listen(message.name)
      return
    case 'freeze':
      freeze()
      return
    default: {
      const never: never = message
      void never
    }
  }
}

/** Drains and closes; the page ends this Worker when it hears `frozen`. */
function freeze(): void {
  if (running().call((go) => go.rp_freeze()) !== 1 && !running().isDead) {
    setTimeout(freeze, FREEZE_STEP_MS)
    return
  }
  isOver = true
  ports.goneAll()
  stop()
  tell({ rp: 'frozen' })
}

function stop(): void {
  sockets.closeAll()
  fetches.cancelAll()
  pace.stop()
  files.closeAll()
}

/** The core has ended: everybody hears it, once, and the page starts another Worker. */
function dead(error: ControlError): void {
  if (isOver) return
  isOver = true
  ports.goneAll(error)
  stop()
  tell({ rp: 'dead', error })
}

const urls: ProgramURLs = {
  core: new URL('../../../build/core.wasm', import.meta.url),
  engine: new URL('../../../wasm/engine/rockpool-engine.wasm', import.meta.url),
  trampoline: new URL('../../../build/trampoline.wasm', import.meta.url),
  cold: new URL('../../../build/core.cold.wasm', import.meta.url),
}

/** The program, and the copy of it that is to be made when the app is up. */
async function load(): Promise<EngineModules> {
  const home = copies()
  const own = await kept(home, stamp)
  if (own !== null) return own
  const modules = await fetched(urls)
  setTimeout(() => {
    keep(home, stamp, urls).catch((error: unknown) => {
      console.info(`rockpool: no copy of the program is kept: ${String(error)}`)
    })
  }, KEEP_AFTER_MS)
  return modules
}

async function start(): Promise<void> {
  let modules: EngineModules
  try {
    modules = await load()
  } catch (error) {
    tell({
      rp: 'dead',
      error: {
        kind: 'io',
        op: 'load the core',
        message: error instanceof Error ? error.message : String(error),
        hint: 'the page tries again; see whether the .wasm files are served',
      },
    })
    return
  }
  try {
    await boot(
      modules,
      {
        host: (of) => {
          memory = of
          return files.pool.imports()
        },
        rockpool: rockpoolImports({ core: running, ports, sockets, fetches, pace, files }),
        started: (made) => {
          core = made
        },
      },
      (why) => {
        dead({ kind: 'worker_died', op: 'run the core', message: why, hint: 'it is started again from what is stored' })
      },
    )
  } catch (error) {
    dead({
      kind: 'internal',
      op: 'start the core',
      message: error instanceof Error ? error.message : String(error),
      hint: 'this browser may be too old, or the files may not belong together',
    })
    return
  }
  isReady = true
  for (const message of early.splice(0)) handle(message)
  tell({ rp: 'ready' })
}

/** Holds a lock until this Worker ends, however that happens. Databases in memory run where there are no locks, too. */
function pulse(): void {
  if (navigator.locks === undefined) return
  const lock = 'rockpool-pulse:' + crypto.randomUUID()
  navigator.locks
    .request(lock, () => {
      postMessage({ rp: 'pulse', lock } satisfies Pulse)
      return new Promise<never>(() => {}) // for ever
    })
    .catch(() => {}) // a browser that blocks site data gives none
}

pulse()
void start()
