/** The engine's chunk layout, written in TypeScript for tests (the real one is C: wasm/engine). */

import type { SqlValue } from '../src/codec.ts'

/** A chunk's bytes, without a frame's header. */
export function encodeChunk(
  columns: number,
  rows: readonly (readonly SqlValue[])[],
  invalidText?: { at: number; bytes: Uint8Array },
): Uint8Array {
  const cells = rows.length * columns
  const cellsAt = (32 + cells + 7) & ~7
  const utf8 = new TextEncoder()
  const texts: Uint8Array[] = []
  const blobs: { at: number; bytes: Uint8Array }[] = []
  const tags = new Uint8Array(cells),
    data = new DataView(new ArrayBuffer(cells * 8))
  rows.flat().forEach((value, at) => {
    if (invalidText?.at === at) {
      tags[at] = 5
      blobs.push({ at, bytes: invalidText.bytes })
    } else if (value === null) tags[at] = 0
    else if (
      typeof value === 'bigint' ||
      (typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0))
    ) {
      tags[at] = 1
      data.setBigInt64(at * 8, BigInt(value), true)
    } else if (typeof value === 'number') {
      tags[at] = 2
      data.setFloat64(at * 8, value, true)
    } else if (typeof value === 'string') {
      const bytes = utf8.encode(value)
      tags[at] = 3
      data.setUint32(at * 8, bytes.length, true)
      data.setUint32(at * 8 + 4, value.length, true)
      texts.push(bytes)
    } else {
      tags[at] = 4
      blobs.push({ at, bytes: value })
    }
  })
  const textAt = cellsAt + cells * 8
  const textBytes = texts.reduce((n, bytes) => n + bytes.length, 0)
  const blobAt = textAt + textBytes
  const out = new Uint8Array(blobAt + blobs.reduce((n, blob) => n + blob.bytes.length, 0))
  const head = new DataView(out.buffer)
  ;[rows.length, columns, cellsAt, textAt, textBytes, blobAt, 1, out.length].forEach((value, at) => {
    head.setUint32(at * 4, value, true)
  })
  let at = blobAt
  for (const blob of blobs) {
    out.set(blob.bytes, at)
    data.setUint32(blob.at * 8, blob.bytes.length, true)
    data.setUint32(blob.at * 8 + 4, at, true)
    at += blob.bytes.length
  }
  out.set(tags, 32)
  out.set(new Uint8Array(data.buffer), cellsAt)
  at = textAt
  for (const bytes of texts) {
    out.set(bytes, at)
    at += bytes.length
  }
  return out
}
