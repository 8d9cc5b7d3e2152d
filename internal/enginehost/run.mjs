#!/usr/bin/env node
// go test -exec: runs a js/wasm test binary in Node on the real engine.
// Usage: run.mjs BINARY [test flags]; link the binary with -ldflags=-D=142606336.
import crypto from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { checkMap, readModule, trampoline } from '../../wasm/engine/link.mjs'
import { Store } from './store.mjs'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const [binary, ...flags] = process.argv.slice(2)

/** The product's own TypeScript, compiled in memory. */
async function product() {
  const { outputFiles } = buildSync({
    stdin: {
      contents: "export { FilePool } from './pool.ts'\nexport { joinEngine } from './engine.ts'",
      resolveDir: path.join(root, 'bridge/worker/src'),
      loader: 'ts',
    },
    bundle: true,
    format: 'esm',
    write: false,
    target: 'es2023',
  })
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`)
}

// As the toolchain's wasm_exec_node.js.
globalThis.fs = fs
globalThis.path = path
globalThis.crypto ??= crypto.webcrypto
await import(path.join(root, 'wasm_exec.js'))

const store = new Store()
const { FilePool, joinEngine } = await product()
let core
const memory = () => core.exports.mem
const pool = new FilePool(memory, { onMissing: (name) => store.open(name) })
const string = (at, n) => Buffer.from(memory().buffer, at >>> 0, n).toString()

/** What package enginehost imports. */
const enginehost = {
  record: (at, n) => store.record(string(at, n)),
  operations: () => store.operations,
  replay: (at, n, count, loss, seed) => {
    const database = string(at, n)
    pool.close(database) // the pool knows the size of each file it has open
    store.replay(database, count, loss, seed)
  },
  copy: (at, n, to, m) => {
    const from = string(at, n),
      database = string(to, m)
    pool.close(database)
    pool.flush(`${from}-wal`) // the pool gathers a log's frames until they are flushed
    store.copy(from, database)
  },
  put: (at, n, from, m) => {
    const name = string(at, n)
    pool.close(name)
    store.put(name, new Uint8Array(memory().buffer, from >>> 0, m))
  },
  fail: (after, kind) => store.failAfter(after, kind),
  failed: () => (store.hasFailed ? 1 : 0),
  contains: (at, n, what, m) => {
    const database = string(at, n),
      text = Buffer.from(string(what, m))
    const found = [...store.files].some(
      ([name, bytes]) => name.startsWith(database) && Buffer.from(bytes.copy()).includes(text),
    )
    return found ? 1 : 0
  },
  damage: (at, n, offset, mask) => {
    const byte = new Uint8Array(1),
      bytes = store.files.get(string(at, n))
    bytes.read(byte, offset)
    byte[0] ^= mask
    bytes.write(byte, offset)
  },
  size: (at, n) => store.files.get(string(at, n))?.size ?? 0,
  byte: (at, n, offset) => {
    const byte = new Uint8Array(1)
    store.files.get(string(at, n)).read(byte, offset)
    return byte[0]
  },
  total: () => [...store.files.values()].reduce((sum, file) => sum + file.size, 0),
  quota: (bytes) => {
    store.quota = bytes
  },
}

const go = new globalThis.Go()
go.argv = [binary, ...flags]
go.env = { TMPDIR: os.tmpdir(), ...process.env }
go.exit = process.exit
const bytes = fs.readFileSync(binary)
const { imports, data } = readModule(bytes)
checkMap(data)
const modules = {
  core: await WebAssembly.compile(bytes),
  engine: await WebAssembly.compile(fs.readFileSync(path.join(root, 'wasm/engine/rockpool-engine.wasm'))),
  trampoline: await WebAssembly.compile(trampoline(imports)),
}
const instance = await joinEngine(modules, { ...go.importObject, enginehost }, pool.imports(), (made) => {
  core = made
})
process.on('exit', (code) => {
  if (code === 0 && !go.exited) {
    console.error('the program did not end: a deadlock')
    process.exitCode = 2
  }
})
await go.run(instance)
