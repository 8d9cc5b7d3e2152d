import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { goData, pageSlots } from '../../../wasm/engine/layout.mjs'

const PAGE_BYTES = 4096
const engine = readFileSync(new URL('../../../wasm/engine/rockpool-engine.wasm', import.meta.url))

// A page of memory costs nothing until it is touched, and then more than what most starts do with it.
test('starting the engine leaves the slots of the page cache untouched', async () => {
  const module = await WebAssembly.compile(engine)
  const memory = new WebAssembly.Memory({ initial: goData / 65536 })
  const host = Object.fromEntries(
    WebAssembly.Module.imports(module)
      .filter((one) => one.module === 'host')
      .map(({ name }) => [name, () => 0]),
  )
  const { exports } = await WebAssembly.instantiate(module, { env: { memory }, go: { sqlite_call: () => 0 }, host })
  const { _initialize: initialize, sq_init: init, __heap_base: heap } = exports
  if (typeof initialize !== 'function' || typeof init !== 'function' || !(heap instanceof WebAssembly.Global))
    throw new Error('the engine exports something else')
  initialize()
  const base = (Number(heap.value) + 15) & -16
  expect(init(base, goData - base, pageSlots)).toBe(0)
  const untouched = Buffer.alloc(PAGE_BYTES)
  let touched = 0
  for (let at = base; at + PAGE_BYTES <= goData; at += PAGE_BYTES)
    if (!untouched.equals(new Uint8Array(memory.buffer, at, PAGE_BYTES))) touched++
  expect(touched).toBeLessThan(pageSlots / 8)
})
