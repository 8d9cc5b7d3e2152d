// Links a Go program to the engine. Usage: node link.mjs core.wasm trampoline.wasm
//
// Go imports the engine's functions and the engine imports Go's memory, so each
// needs the other first. The trampoline is a module of a few hundred bytes that
// exports, for each function that Go imports from "sqlite", one of the same type
// that calls slot N of its table: wasm to wasm, without a JavaScript frame. The
// loader fills slot N with the engine's function of the N-th exported name. Its
// globals go_data and page_slots tell the loader where the engine's heap ends.
//
// It also checks the memory map (layout.mjs): Go's read-only data must end below
// the engine's base, and Go's data must begin above the engine's heap.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { globalBase, goData, goLdflags, pageSlots } from './layout.mjs'

const TYPE = 1,
  IMPORT = 2,
  FUNCTION = 3,
  TABLE = 4,
  GLOBAL = 6,
  EXPORT = 7,
  CODE = 10,
  DATA = 11

/** Reads what the linker needs: imports from "sqlite" with their types, and data segments. */
export function readModule(bytes) {
  let at = 8
  const leb = () => {
    let value = 0,
      scale = 1,
      byte
    do {
      byte = bytes[at++]
      value += (byte & 127) * scale
      scale *= 128
    } while (byte & 128)
    return value
  }
  const signed = () => {
    let value = 0n,
      shift = 0n,
      byte
    do {
      byte = bytes[at++]
      value |= BigInt(byte & 127) << shift
      shift += 7n
    } while (byte & 128)
    return Number(byte & 64 ? value - (1n << shift) : value)
  }
  const take = () => {
    const n = leb(),
      from = at
    at += n
    return bytes.subarray(from, at)
  }
  const text = () => new TextDecoder().decode(take())
  const types = [],
    imports = [],
    data = []
  while (at < bytes.length) {
    const id = bytes[at++],
      size = leb(),
      end = at + size
    if (id === TYPE)
      for (let n = leb(); n > 0; n--) {
        at++
        types.push([[...take()], [...take()]])
      }
    if (id === IMPORT) {
      for (let n = leb(); n > 0; n--) {
        const module = text(),
          name = text()
        if (bytes[at++] !== 0) throw new Error(`${module}.${name} is no function`)
        const type = types[leb()]
        if (module === 'sqlite') imports.push({ name, type })
      }
    }
    if (id === DATA) {
      for (let n = leb(); n > 0; n--) {
        leb()
        at++
        const from = signed()
        at++
        data.push([from, from + take().length])
      }
    }
    at = end
  }
  return { imports, data }
}

/** Throws unless the program leaves the engine's region alone. Returns how much of the low region it uses. */
export function checkMap(data) {
  const clash = data.find(([from, to]) => from < goData && to > globalBase)
  if (clash)
    throw new Error(
      `Go's data at ${clash[0]}–${clash[1]} is inside the engine's memory ${globalBase}–${goData}: link with -ldflags=${goLdflags}, or raise globalBase in wasm/engine/layout.mjs and rebuild the engine`,
    )
  return Math.max(0, ...data.filter(([from]) => from < globalBase).map(([, to]) => to))
}

/** Writes the trampoline for these imports. */
export function trampoline(imports) {
  const leb = (n) => {
    const out = []
    do {
      let byte = n & 127
      n >>>= 7
      if (n) byte |= 128
      out.push(byte)
    } while (n)
    return out
  }
  const vec = (items) => [...leb(items.length), ...items.flat()]
  const section = (id, body) => [id, ...leb(body.length), ...body]
  const string = (s) => vec([...Buffer.from(s)].map((byte) => [byte]))
  const signed = (n) => {
    const out = []
    for (;;) {
      const byte = n & 127
      n >>= 7
      if (n === 0 && !(byte & 64)) return [...out, byte]
      out.push(byte | 128)
    }
  }
  const constant = (i) => [0x41, ...signed(i)]
  const body = ({ type: [parameters] }, i) => {
    const code = [0, ...parameters.flatMap((_, p) => [0x20, ...leb(p)]), ...constant(i), 0x11, ...leb(i), 0, 0x0b]
    return [...leb(code.length), ...code]
  }
  const n = imports.length
  const types = imports.map(({ type: [p, r] }) => [0x60, ...vec(p.map((t) => [t])), ...vec(r.map((t) => [t]))])
  const globals = [goData, pageSlots].map((n) => [0x7f, 0, 0x41, ...signed(n), 0x0b])
  const names = imports.map(({ name }, i) => [...string(name), 0, ...leb(i)])
  return Uint8Array.from([
    0,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...section(TYPE, vec(types)),
    ...section(FUNCTION, vec(imports.map((_, i) => leb(i)))),
    ...section(TABLE, [1, 0x70, 1, ...leb(n), ...leb(n)]),
    ...section(GLOBAL, vec(globals)),
    ...section(
      EXPORT,
      vec([...names, [...string('table'), 1, 0], [...string('go_data'), 3, 0], [...string('page_slots'), 3, 1]]),
    ),
    ...section(CODE, vec(imports.map(body))),
  ])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , from, to] = process.argv
  if (!from || !to) throw new Error('usage: node link.mjs core.wasm trampoline.wasm')
  const { imports, data } = readModule(readFileSync(from))
  const engine = new WebAssembly.Module(readFileSync(new URL('rockpool-engine.wasm', import.meta.url)))
  const has = new Set(WebAssembly.Module.exports(engine).map((e) => e.name))
  const missing = imports.filter(({ name }) => !has.has(name))
  if (missing.length)
    throw new Error(`the engine does not export ${missing.map((i) => i.name).join(', ')}: rebuild it (make engine)`)
  const used = checkMap(data),
    bytes = trampoline(imports)
  new WebAssembly.Module(bytes)
  writeFileSync(to, bytes)
  console.log(`${imports.length} engine functions; Go's read-only data ends at ${used} of ${globalBase} bytes`)
}
