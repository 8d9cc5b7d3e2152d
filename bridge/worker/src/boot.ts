/** Boots the Go core with SQLite inside the same linear memory (engine.ts), in a Worker. */

import '../../../wasm_exec.js'
import { Core, type CoreExports } from './core.ts'
import { type EngineModules, joinEngine } from './engine.ts'

/** What the program imports beside Go's own needs: the engine's host functions, and module "rockpool". */
export interface BootImports {
  /** Its functions run once the memory exists. */
  host(memory: () => WebAssembly.Memory): WebAssembly.ModuleImports
  rockpool: WebAssembly.ModuleImports
  /** Called before main runs, which may call the imports at once. */
  started(core: Core): void
}

/** Instantiates, links, starts main, and returns the core. `onDead` is called once, when the program has ended for whatever reason. */
export async function boot(modules: EngineModules, imports: BootImports, onDead: (why: string) => void): Promise<Core> {
  const go = new Go()
  go.argv = ['rockpool']
  let code = 0
  go.exit = (status) => {
    code = status
  }
  const hostMemory = (): WebAssembly.Memory => {
    if (memory === undefined) throw new Error('the memory is not there yet')
    return memory
  }
  let memory: WebAssembly.Memory | undefined
  const program = await joinEngine(
    modules,
    { ...(go.importObject as WebAssembly.Imports), rockpool: imports.rockpool }, // wasm_exec's functions are plain ones
    imports.host(hostMemory),
    (made) => {
      memory = (made.exports as unknown as CoreExports).mem // what wasm/edge exports
    },
  )
  const core = new Core(program.exports as unknown as CoreExports, () => go.exited, onDead)
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
