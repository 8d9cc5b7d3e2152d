/**
 * The real core (Go and SQLite, `make core`) in this process, for tests in
 * Node: databases in memory, without a relay. Only the Worker around it is
 * missing.
 */

import { readFileSync } from 'node:fs'
import { boot } from '@rockpool/worker/boot'
import type { CoreWorker } from '@rockpool/worker'
import type { FromWorker, ToWorker } from '@rockpool/worker/control'
import type { Port } from '../../worker/src/link.ts'
import { Fetches } from '../../worker/src/fetches.ts'
import { Files } from '../../worker/src/files.ts'
import { rockpoolImports } from '../../worker/src/imports.ts'
import { Pace } from '../../worker/src/pace.ts'
import { Ports } from '../../worker/src/ports.ts'
import { Sockets } from '../../worker/src/sockets.ts'
import type { Core } from '../../worker/src/core.ts'
import { newKey } from '../src/key.ts'
import { soloEnvironment, type TabEnvironment } from '../src/tabs/environment.ts'

const root = new URL('../../../', import.meta.url)
const compiled = (path: string) => WebAssembly.compile(readFileSync(new URL(path, root)))
const modules = Promise.all(
  ['build/core.wasm', 'wasm/engine/rockpool-engine.wasm', 'build/trampoline.wasm', 'build/core.cold.wasm'].map(
    compiled,
  ),
)

class NodeCore implements CoreWorker {
  onmessage: ((message: FromWorker) => void) | null = null
  #core: Core | undefined
  #memory: (() => WebAssembly.Memory) | undefined
  readonly #running = (): Core => {
    if (this.#core === undefined) throw new Error('the core is not there yet')
    return this.#core
  }
  readonly #ports = new Ports(this.#running)
  readonly #pace = new Pace(this.#running)

  constructor() {
    this.#start().then(
      () => this.onmessage?.({ rp: 'ready' }),
      (error: unknown) => {
        this.#dead(`${String(error)}; make core builds what it needs`)
      },
    )
  }

  async #start(): Promise<void> {
    const [core, engine, trampoline, cold] = await modules
    if (core === undefined || engine === undefined || trampoline === undefined || cold === undefined)
      throw new Error('a module is missing')
    const files = new Files(
      () => {
        if (this.#memory === undefined) throw new Error('the memory is not there yet')
        return this.#memory()
      },
      this.#running,
      () => {},
    )
    await boot(
      { core, engine, trampoline, cold: () => cold },
      {
        host: (of) => {
          this.#memory = of
          return files.pool.imports()
        },
        rockpool: rockpoolImports({
          core: this.#running,
          ports: this.#ports,
          sockets: new Sockets(this.#running),
          fetches: new Fetches(this.#running),
          pace: this.#pace,
          files,
        }),
        started: (made) => {
          this.#core = made
        },
      },
      (why) => {
        this.#dead(why)
      },
    )
  }

  #dead(message: string): void {
    this.onmessage?.({ rp: 'dead', error: { kind: 'worker_died', op: 'run the core', message, hint: '' } })
  }

  post(message: ToWorker): void {
    if (message.rp === 'port') this.#ports.adopt(message.port)
    if (message.rp === 'freeze') {
      const freeze = () => {
        if (this.#running().call((go) => go.rp_freeze()) !== 1 && !this.#running().isDead) setTimeout(freeze, 1)
        else this.onmessage?.({ rp: 'frozen' })
      }
      freeze()
    }
  }

  own(): Port {
    const { port1, port2 } = new MessageChannel()
    this.#ports.adopt(port2)
    return port1
  }

  terminate(): void {
    this.#ports.goneAll()
    this.#pace.stop()
  }
}

/** For `open({ storage: 'memory', environment: nodeEnvironment() })`. */
export function nodeEnvironment(): TabEnvironment {
  return { ...soloEnvironment(), tab: newKey(), spawn: () => new NodeCore() }
}
