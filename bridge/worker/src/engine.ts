/**
 * Joins the Go core and the SQLite engine in one linear memory. Go imports the
 * engine's functions and the engine imports Go's memory, so a trampoline
 * (wasm/engine/link.mjs) stands between: its table is filled last.
 */

import { type ColdPart, joinCold } from './cold.ts'

/** The modules of a build. */
export interface EngineModules {
  readonly core: WebAssembly.Module
  readonly cold: ColdPart
  readonly engine: WebAssembly.Module
  readonly trampoline: WebAssembly.Module
}

const HEAP_ALIGN = 16

/**
 * Instantiates them and prepares the engine's heap. Run Go afterwards.
 * `host` is FilePool.imports(); the pool reads the memory of the instance that is returned.
 * @throws Error when the engine's heap cannot be made.
 */
export async function joinEngine(
  modules: EngineModules,
  goImports: WebAssembly.Imports,
  host: WebAssembly.ModuleImports,
  onInstance: (core: WebAssembly.Instance) => void,
): Promise<WebAssembly.Instance> {
  const trampoline = await WebAssembly.instantiate(modules.trampoline)
  const core = await WebAssembly.instantiate(modules.core, { ...goImports, sqlite: functionsOf(trampoline.exports) })
  joinCold(core, modules.cold)
  onInstance(core)
  const memory = core.exports.mem,
    call = core.exports.sqlite_call
  if (!(memory instanceof WebAssembly.Memory) || typeof call !== 'function')
    throw new Error('the core exports no mem and sqlite_call: it was not built from package sqlite')
  const engine = await WebAssembly.instantiate(modules.engine, { env: { memory }, go: { sqlite_call: call }, host })
  const { table } = trampoline.exports
  if (!(table instanceof WebAssembly.Table))
    throw new Error('the trampoline has no table: make it with wasm/engine/link.mjs')
  Object.keys(functionsOf(trampoline.exports)).forEach((name, slot) => {
    table.set(slot, functionOf(engine, name))
  })
  functionOf(engine, '_initialize')()
  const base = (numberOf(engine, '__heap_base') + HEAP_ALIGN - 1) & -HEAP_ALIGN
  const goData = numberOf(trampoline, 'go_data')
  if (memory.buffer.byteLength < goData)
    throw new Error(
      `the core was linked with a memory of ${memory.buffer.byteLength} bytes, and the engine needs ${goData}: link it with -ldflags=-D=${goData}`,
    )
  const code: unknown = functionOf(engine, 'sq_init')(base, goData - base, numberOf(trampoline, 'page_slots'))
  if (code !== 0) throw new Error(`the engine's heap cannot be made: SQLite's code ${String(code)}`)
  return core
}

function functionsOf(exports: WebAssembly.Exports): Record<string, (...args: number[]) => unknown> {
  const functions: Record<string, (...args: number[]) => unknown> = {}
  for (const [name, value] of Object.entries(exports))
    if (typeof value === 'function') functions[name] = value as (...args: number[]) => unknown // wasm functions take numbers
  return functions
}

function functionOf(instance: WebAssembly.Instance, name: string): (...args: number[]) => unknown {
  const found = functionsOf(instance.exports)[name]
  if (found === undefined) throw new Error(`the engine does not export ${name}: rebuild it (make engine)`)
  return found
}

function numberOf(instance: WebAssembly.Instance, name: string): number {
  const found = instance.exports[name]
  if (!(found instanceof WebAssembly.Global)) throw new Error(`the module exports no number ${name}`)
  return Number(found.value)
}
