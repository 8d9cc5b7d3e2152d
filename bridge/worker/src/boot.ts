/**
 * Boots the Go core with SQLite inside the same linear memory. Each needs the
 * other first: Go imports the engine's functions, the engine imports Go's
 * memory. The trampoline, a module of indirect calls, breaks the cycle without
 * a JavaScript frame (wasm/engine/link.mjs writes it).
 *
 * It runs in a Worker, and in Node for tests.
 */

import '../../../wasm_exec.js'
import { goData, pageSlots } from '../../../wasm/engine/layout.mjs'
import { Core, type CoreExports } from './core.ts'

/** The three modules. */
export interface Modules {
  readonly core: WebAssembly.Module
  readonly engine: WebAssembly.Module
  readonly trampoline: WebAssembly.Module
}

/** What the program imports beside Go's own needs: the engine's host functions, and module "rockpool". */
export interface BootImports {
  /** Called once the memory exists. */
  host(memory: () => WebAssembly.Memory): WebAssembly.ModuleImports
  rockpool: WebAssembly.ModuleImports
  /** Called before main runs, which may call the imports at once. */
  started(core: Core): void
}

/** What the engine exports to the loader. */
interface EngineExports {
  readonly __heap_base: WebAssembly.Global
  _initialize?(): void
  sq_init(heap: number, bytes: number, pageSlots: number): number
}

interface TrampolineExports {
  readonly table: WebAssembly.Table
}

/** Instantiates, links, starts main, and returns the core. `onDead` is called once, when the program has ended for whatever reason. */
export async function boot(modules: Modules, imports: BootImports, onDead: (why: string) => void): Promise<Core> {
  const go = new Go()
  go.argv = ['rockpool']
  let code = 0
  go.exit = (status) => {
    code = status
  }
  const trampoline = await WebAssembly.instantiate(modules.trampoline)
  const program = await WebAssembly.instantiate(modules.core, {
    ...(go.importObject as WebAssembly.Imports),
    sqlite: trampoline.exports,
    rockpool: imports.rockpool, // wasm_exec's functions are plain ones
  })
  const exports = program.exports as unknown as CoreExports & { sqlite_call: CallableFunction } // what wasm/edge exports
  const memory = exports.mem
  const engine = await WebAssembly.instantiate(modules.engine, {
    env: { memory },
    host: imports.host(() => memory),
    go: { sqlite_call: program.exports.sqlite_call ?? (() => 1) },
  })
  const { table } = trampoline.exports as unknown as TrampolineExports // link.mjs writes it
  const names = WebAssembly.Module.exports(modules.trampoline)
    .filter((entry) => entry.kind === 'function')
    .map((entry) => entry.name)
  names.forEach((name, slot) => {
    table.set(slot, engine.exports[name])
  })

  const own = engine.exports as unknown as EngineExports // what wasm/engine exports
  own._initialize?.()
  const heap = (Number(own.__heap_base.value) + 15) & ~15
  // Go's memory begins small: the engine's region must exist before it is used.
  const missing = goData - memory.buffer.byteLength
  if (missing > 0)
    throw new Error(
      `the core was linked with a memory of ${memory.buffer.byteLength} bytes, and the engine needs ${goData}`,
    )
  const status = own.sq_init(heap, goData - heap, pageSlots)
  if (status !== 0) throw new Error(`the engine did not start: code ${status}`)

  const core = new Core(exports, () => go.exited, onDead)
  imports.started(core)
  go.run(program).then(
    () => {
      core.die(`the core ended with code ${code}`)
    },
    (error: unknown) => {
      core.die(error instanceof Error ? error.message : String(error))
    },
  )
  if (go.exited) throw new Error(`the core ended at once with code ${code}`)
  return core
}
