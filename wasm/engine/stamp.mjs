// Says what a build's modules are: node stamp.mjs core.wasm engine.wasm trampoline.wasm core.cold.wasm > program.json
//
// The Worker keeps a copy of them on the device and knows it by this
// (bridge/worker/src/program.ts, which also says what is summed).
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

const BLOCK = 64 << 10

const sha256 = (...bytes) => bytes.reduce((sum, part) => sum.update(part), createHash('sha256')).digest()

const files = process.argv.slice(2)
if (files.length !== 4) throw new Error('usage: node stamp.mjs core.wasm engine.wasm trampoline.wasm core.cold.wasm')
const sums = []
const [core, engine, trampoline, cold] = files.map((file) => {
  const bytes = readFileSync(file)
  for (let at = 0; at < bytes.length; at += BLOCK) sums.push(sha256(bytes.subarray(at, at + BLOCK)))
  return bytes.length
})
process.stdout.write(
  `${JSON.stringify({ sha256: sha256(...sums).toString('hex'), block: BLOCK, bytes: { core, engine, trampoline, cold } })}\n`,
)
