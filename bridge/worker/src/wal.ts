/**
 * SQLite's write-ahead log on its way to a file. SQLite writes a commit's
 * frames one by one, each as a header and a page, and a call of a handle costs
 * about as much as the bytes of twenty pages (Chromium: 0.1 ms). So they are
 * gathered here and written in one call: when they are flushed, which is when
 * they become durable, or when there are many.
 *
 * Room for them is taken ahead, RESERVE_BYTES of zeros at a time. A flush of a
 * file that has grown, or has got blocks where it had a hole, commits that too
 * (ext4: a third of the time of a flush), and a full disk is met when a
 * transaction writes, which fails then, not when it has committed and is flushed.
 */

import type { SyncHandle } from './pool.ts'

/** Bytes that are gathered at most. */
export const GATHER_BYTES_MAX = 256 << 10

/** Bytes by which the file grows. What is behind the last frame is zeros, which SQLite takes for the end of the log. */
export const RESERVE_BYTES = 256 << 10

/** What room is taken with. Kept: memory that is touched for the first time costs more than writing it does. */
const ZEROS = new Uint8Array(RESERVE_BYTES)

/** A handle of a log. What it has gathered is part of the file for whoever reads. */
export class WalHandle implements SyncHandle {
  readonly #file: SyncHandle
  /** The log's length: the furthest byte written. */
  #size: number
  /** The file's length, with what is taken ahead. */
  #taken: number
  #gathered = new Uint8Array(0)
  /** Where the gathered bytes belong. */
  #at = 0
  #length = 0

  constructor(file: SyncHandle) {
    this.#file = file
    this.#size = this.#taken = file.getSize()
  }

  read(to: Uint8Array, { at }: { at: number }): number {
    const end = Math.min(at + to.length, this.#size)
    if (end <= at) return 0
    const { start, stop } = this.#span()
    if (at >= start && end <= stop) {
      to.set(this.#gathered.subarray(at - start, end - start))
      return end - at
    }
    if (at < stop && end > start) this.#pass()
    return this.#file.read(end - at === to.length ? to : to.subarray(0, end - at), { at })
  }

  write(from: Uint8Array, { at }: { at: number }): number {
    const end = at + from.length
    this.#reserve(end)
    const { start, stop } = this.#span()
    if (this.#length > 0 && (at < start || at > stop || end - start > GATHER_BYTES_MAX)) this.#pass()
    if (from.length > GATHER_BYTES_MAX) {
      put(this.#file, from, at)
    } else {
      if (this.#length === 0) this.#at = at
      this.#gather(from, at - this.#at)
    }
    this.#size = Math.max(this.#size, end)
    return from.length
  }

  truncate(size: number): void {
    if (this.#at < size) this.#length = Math.min(this.#length, size - this.#at)
    else this.#length = 0
    this.#file.truncate(size)
    this.#size = this.#taken = size
  }

  flush(): void {
    this.#pass()
    this.#file.flush()
  }

  getSize(): number {
    return this.#size
  }

  close(): void {
    try {
      this.#pass()
    } finally {
      this.#file.close()
    }
  }

  #span(): { start: number; stop: number } {
    return { start: this.#at, stop: this.#at + this.#length }
  }

  #gather(from: Uint8Array, offset: number): void {
    const end = offset + from.length
    if (end > this.#gathered.length) {
      const grown = new Uint8Array(Math.min(GATHER_BYTES_MAX, Math.max(end, 2 * this.#gathered.length)))
      grown.set(this.#gathered.subarray(0, this.#length))
      this.#gathered = grown
    }
    this.#gathered.set(from, offset)
    this.#length = Math.max(this.#length, end)
  }

  /** Writes what is gathered. When that fails it stays gathered: it is read as before, and written the next time. */
  #pass(): void {
    if (this.#length === 0) return
    put(this.#file, this.#gathered.subarray(0, this.#length), this.#at)
    this.#length = 0
  }

  /** Makes the file at least `end` bytes long; where there is no room to take some ahead, just that long. */
  #reserve(end: number): void {
    if (end <= this.#taken) return
    try {
      this.#zeros(Math.ceil(end / RESERVE_BYTES) * RESERVE_BYTES)
    } catch {
      this.#zeros(end)
    }
  }

  #zeros(end: number): void {
    while (this.#taken < end) {
      const room = ZEROS.subarray(0, end - this.#taken)
      put(this.#file, room, this.#taken)
      this.#taken += room.length
    }
  }
}

/** Writes all of the bytes. @throws an error named QuotaExceededError when only a part fits. */
function put(file: SyncHandle, bytes: Uint8Array, at: number): void {
  const n = file.write(bytes, { at })
  // More than all is what Chromium's private windows answer when nothing fits: a negative number, read as unsigned.
  if (n !== bytes.length) throw full(`${n} of ${bytes.length} bytes were written`)
}

function full(message: string): Error {
  return Object.assign(new Error(message), { name: 'QuotaExceededError' })
}
