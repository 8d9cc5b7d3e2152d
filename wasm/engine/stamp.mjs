// Says what a build's modules are: node stamp.mjs core.wasm engine.wasm trampoline.wasm > program.json
//
// The Worker keeps a copy of them on the device and knows it by this
// (bridge/worker/src/program.ts).
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

const files = process.argv.slice(2)
if (files.length !== 3) throw new Error('usage: node stamp.mjs core.wasm engine.wasm trampoline.wasm')
const sum = createHash('sha256')
const [core, engine, trampoline] = files.map((file) => {
  const bytes = readFileSync(file)
  sum.update(bytes)
  return bytes.length
})
process.stdout.write(`${JSON.stringify({ sha256: sum.digest('hex'), bytes: { core, engine, trampoline } })}\n`)
