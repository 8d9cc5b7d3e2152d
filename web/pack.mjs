// Writes the compressed forms of an app's files beside them, which the relay
// serves in their place: `node web/pack.mjs <folder>…`. Files that do not get
// smaller are left alone.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const kinds = /\.(wasm|js|css|html|svg|json|webmanifest)$/
/** Less is one packet anyway. */
const bytesMin = 1400

const packings = {
  '.br': (body) =>
    brotliCompressSync(body, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: body.length },
    }),
  '.gz': (body) => gzipSync(body, { level: 9 }),
}

for (const folder of process.argv.slice(2)) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !kinds.test(entry.name)) continue
    const path = join(entry.parentPath, entry.name)
    const body = readFileSync(path)
    if (body.length < bytesMin) continue
    for (const [suffix, pack] of Object.entries(packings)) {
      const small = pack(body)
      if (small.length < body.length) writeFileSync(path + suffix, small)
    }
  }
}
