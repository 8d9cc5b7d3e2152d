/** Collects the chunks of one call into rows, in slices, in order. */

import { ChunkReader, type Row } from './chunk.ts'
import { toError, type RockpoolError } from './error.ts'
import { isSameBytes } from './identity.ts'
import { inSlices } from './pace.ts'
import type { Sink } from './session.ts'
import { decode } from './codec.ts'
import { HeadMessage } from './gen/wire.ts'
import { shaped, type Booleans, type RowShape } from './shape.ts'

/** Rows decoded between two looks at the clock. */
const ROWS_PER_STEP = 256

/** Results' columns that are remembered: most queries are asked again and again. */
const SHAPES_MAX = 32

interface Known {
  readonly head: Uint8Array
  readonly mode: Booleans
  readonly shape: RowShape
}
const known: Known[] = []
let oldest = 0

/** The columns that a head tells of. */
function shapeOf(head: Uint8Array, mode: Booleans): RowShape {
  for (const one of known) if (one.mode === mode && isSameBytes(one.head, head)) return one.shape
  const shape = shaped(decode(HeadMessage, head).columns, mode)
  known[oldest++ % SHAPES_MAX] = { head: head.slice(), mode, shape }
  return shape
}

/** A sink of rows of any form. Chunks of one state are appended to one array; `take` hands it over and begins another. */
export abstract class Rows<R> implements Sink {
  readonly #booleans: Booleans
  readonly #onState: ((body: Uint8Array) => void) | undefined
  #shape: RowShape = { columns: [], names: [], shows: null }
  #rows: R[] = []
  #error: RockpoolError | null = null
  /** Grows with each reset: slices of an earlier attempt are dropped. */
  #attempt = 0

  /** `onState` runs in order with the decoding, when the rows of a live state are whole or `take` throws. It does not throw. */
  constructor(booleans: Booleans, onState?: (body: Uint8Array) => void) {
    this.#booleans = booleans
    this.#onState = onState
  }

  /** Appends up to `limit` rows of a chunk. */
  protected abstract read(reader: ChunkReader, shape: RowShape, out: R[], limit: number): void

  /** The columns of the rows; none before the first head. */
  get shape(): RowShape {
    return this.#shape
  }

  /** The rows so far, which become the caller's. @throws what decoding threw. */
  take(): R[] {
    if (this.#error !== null) throw this.#error
    const rows = this.#rows
    this.#rows = []
    return rows
  }

  head(body: Uint8Array): void {
    const shape = shapeOf(body, this.#booleans)
    this.#inOrder(() => {
      this.#shape = shape
      return false
    })
  }

  chunk(body: Uint8Array): void {
    let reader: ChunkReader | undefined
    this.#inOrder(() => {
      reader ??= new ChunkReader(body)
      this.read(reader, this.#shape, this.#rows, ROWS_PER_STEP)
      return !reader.isDone
    })
  }

  state(body: Uint8Array): void {
    const attempt = this.#attempt
    this.drained(() => {
      if (attempt === this.#attempt) this.#onState?.(body)
    })
  }

  reset(): void {
    this.#attempt++
    this.#rows = []
    this.#error = null
  }

  drained(then: () => void): void {
    inSlices(() => {
      then()
      return false
    })
  }

  #inOrder(step: () => boolean): void {
    const attempt = this.#attempt
    inSlices(() => {
      if (attempt !== this.#attempt || this.#error !== null) return false
      try {
        return step()
      } catch (thrown) {
        this.#error = toError(thrown, 'decode rows')
        return false
      }
    })
  }
}

/** Rows as plain objects. */
export class RowSink extends Rows<Row> {
  protected override read(reader: ChunkReader, shape: RowShape, out: Row[], limit: number): void {
    reader.read(shape, out, limit)
  }
}
