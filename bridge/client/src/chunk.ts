/**
 * Decodes the engine's columnar chunks into plain objects (wasm/engine):
 *
 *  u32 rows, columns, cell offset, text offset, text bytes, blob offset, state, capacity;
 *  then u8 tag[rows × columns]; 8-byte cells at the cell offset; all text,
 *  concatenated, at the text offset; blobs anywhere after it.
 *
 * Tags: 0 null · 1 int64 · 2 double · 3 text (cell: u32 bytes, u32 UTF-16
 * units) · 4 blob and 5 text that is not UTF-8 (cell: u32 bytes, u32 offset).
 * Offsets count from the chunk's first byte, which lies at a multiple of 8.
 */

import { textOf, type SqlValue } from './codec.ts'
import type { RowShape } from './shape.ts'

/** One row as a plain object. */
export type Row = Record<string, SqlValue | boolean>

const CHUNK_HEADER_BYTES = 32

/** Reads one chunk's rows in slices, so that no slice holds the page for long. */
export class ChunkReader {
  readonly rows: number
  readonly #columns: number
  readonly #tags: Uint8Array
  readonly #low: Uint32Array
  readonly #high: Int32Array
  readonly #doubles: Float64Array
  readonly #text: string
  readonly #bytes: Uint8Array
  #row = 0
  #textAt = 0

  /** @throws RangeError when the bytes are no chunk. */
  constructor(bytes: Uint8Array) {
    const { buffer, byteOffset: from } = bytes
    const head = new Uint32Array(buffer, from, CHUNK_HEADER_BYTES / 4)
    const [rows = 0, columns = 0, cellsAt = 0, textAt = 0, textBytes = 0] = head
    const cells = rows * columns
    if (Math.max(CHUNK_HEADER_BYTES, cellsAt + 8 * cells) > bytes.length)
      throw new RangeError('a chunk is shorter than it says')
    this.rows = rows
    this.#columns = columns
    this.#bytes = bytes
    this.#tags = bytes.subarray(CHUNK_HEADER_BYTES, CHUNK_HEADER_BYTES + cells)
    this.#low = new Uint32Array(buffer, from + cellsAt, cells * 2)
    this.#high = new Int32Array(buffer, from + cellsAt, cells * 2)
    this.#doubles = new Float64Array(buffer, from + cellsAt, cells)
    this.#text = textOf(bytes.subarray(textAt, textAt + textBytes))
  }

  get isDone(): boolean {
    return this.#row >= this.rows
  }

  /** Appends up to `limit` further rows to `out`. */
  read(shape: RowShape, out: Row[], limit: number): void {
    const { names, shows } = shape
    const columns = this.#columns
    const end = Math.min(this.rows, this.#row + limit)
    let cell = this.#row * columns
    for (; this.#row < end; this.#row++) {
      const row: Row = {}
      for (let column = 0; column < columns; column++, cell++) {
        const value = this.#value(cell)
        const show = shows === null ? undefined : shows[column]
        row[names[column] ?? ''] = show === undefined ? value : (show(value) as SqlValue) // the builder's types tell what it is
      }
      out.push(row)
    }
  }

  /** As read, with each row as the list of its values. */
  readLists(out: SqlValue[][], limit: number): void {
    const columns = this.#columns
    for (const end = Math.min(this.rows, this.#row + limit); this.#row < end; this.#row++) {
      const from = this.#row * columns
      out.push(Array.from({ length: columns }, (_, column) => this.#value(from + column)))
    }
  }

  #value(cell: number): SqlValue {
    const low = this.#low[2 * cell] ?? 0
    switch (this.#tags[cell]) {
      case 1: {
        const high = this.#high[2 * cell + 1] ?? 0
        const number = high * 4294967296 + low
        return Number.isSafeInteger(number) ? number : (BigInt(high) << 32n) | BigInt(low)
      }
      case 2:
        return this.#doubles[cell] ?? 0
      case 3: {
        const from = this.#textAt
        this.#textAt = from + (this.#low[2 * cell + 1] ?? 0)
        return this.#text.slice(from, this.#textAt)
      }
      case 4:
        return this.#blob(cell, low).slice()
      case 5:
        return textOf(this.#blob(cell, low))
      default:
        return null
    }
  }

  #blob(cell: number, length: number): Uint8Array {
    const at = this.#low[2 * cell + 1] ?? 0
    return this.#bytes.subarray(at, at + length)
  }
}
