/**
 * The files of the engine: synchronous handles that were opened ahead of time,
 * under the names that SQLite uses. A file exists for SQLite exactly when it is
 * not empty, so there is no name table that could be damaged, and a file can be
 * copied out as it is. wasm/engine/README.md states the contract of `imports`.
 *
 * The same code runs on OPFS in a Worker and, in Node, on handles that inject
 * faults (internal/enginehost).
 */

import { WalHandle } from './wal.ts'

/** What the pool needs of a FileSystemSyncAccessHandle. */
export interface SyncHandle {
  read(to: Uint8Array, options: { at: number }): number
  write(from: Uint8Array, options: { at: number }): number
  truncate(size: number): void
  flush(): void
  getSize(): number
  close(): void
}

/** Opens the handle of a file, creating it; for a name that is open elsewhere it waits or throws. */
export type OpenHandle = (name: string) => Promise<SyncHandle>

interface Slot {
  readonly name: string
  readonly handle: SyncHandle
  size: number
  isDirty: boolean
}

/** Names that begin so are files in memory, for tests: sqlite.MemoryName in Go. */
const MEMORY_PREFIX = 'memory:'
const WAL = '-wal'
const SUFFIXES = ['', '-journal', WAL] as const
const IO = -1
const FULL = -2

/** Figures of all files since the pool was made. */
export interface PoolStats {
  flushes: number
  reads: number
  writes: number
}

export interface PoolOptions {
  /** Is told what a handle threw before the engine turns it into an I/O error. */
  readonly onError?: (error: unknown) => void
  /** Opens a file that nobody has prepared, where handles open at once (Node); null refuses. */
  readonly onMissing?: (name: string) => SyncHandle | null
}

/** The open files of one Worker. */
export class FilePool {
  readonly #memory: () => WebAssembly.Memory
  readonly #onError: (error: unknown) => void
  readonly #slots: (Slot | undefined)[] = []
  readonly #byName = new Map<string, number>()
  readonly stats: PoolStats = { flushes: 0, reads: 0, writes: 0 }
  readonly #onMissing: (name: string) => SyncHandle | null
  #view: Uint8Array<ArrayBuffer> = new Uint8Array(0)

  constructor(memory: () => WebAssembly.Memory, options: PoolOptions = {}) {
    this.#memory = memory
    this.#onError = options.onError ?? (() => undefined)
    this.#onMissing = options.onMissing ?? (() => null)
  }

  /** Opens the files of a database. When one cannot be opened, those that were are closed. */
  async open(database: string, handles: OpenHandle): Promise<void> {
    const names = SUFFIXES.map((suffix) => database + suffix)
    if (names.some((name) => this.#byName.has(name))) return
    const results = await Promise.allSettled(names.map((name) => handles(name)))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed !== undefined) {
      for (const result of results) if (result.status === 'fulfilled') closeQuietly(result.value)
      throw failed.reason
    }
    names.forEach((name, i) => {
      const result = results[i]
      if (result?.status === 'fulfilled') this.#addFile(name, result.value)
    })
  }

  #addFile(name: string, handle: SyncHandle): number {
    return this.#add(name, name.endsWith(WAL) ? new WalHandle(handle) : handle)
  }

  #add(name: string, handle: SyncHandle): number {
    const slot = { name, handle, size: handle.getSize(), isDirty: false }
    const unused = this.#slots.indexOf(undefined)
    const at = unused < 0 ? this.#slots.length : unused
    this.#slots[at] = slot
    this.#byName.set(name, at)
    return at
  }

  /** Flushes and closes the files of a database. The first error is thrown once all are closed. */
  close(database: string): void {
    let first: unknown
    for (const name of SUFFIXES.map((suffix) => database + suffix)) {
      const at = this.#byName.get(name)
      if (at === undefined) continue
      const slot = this.#slots[at]
      this.#forget(name, at)
      if (slot === undefined) continue
      try {
        if (slot.isDirty) slot.handle.flush()
      } catch (error) {
        first ??= error
      }
      try {
        slot.handle.close()
      } catch (error) {
        first ??= error
      }
    }
    if (first !== undefined) throw first
  }

  /** Flushes one file when it has changed. 0 is done, −1 failed, −2 the storage is full. */
  flush(name: string): number {
    const at = this.#byName.get(name)
    return at === undefined ? 0 : this.#flush(at)
  }

  /** Names and sizes in bytes of the files that exist. */
  sizes(): Map<string, number> {
    const sizes = new Map<string, number>()
    for (const slot of this.#slots) if (slot !== undefined && slot.size > 0) sizes.set(slot.name, slot.size)
    return sizes
  }

  /** Reads a whole file, for export; null when it does not exist. */
  read(name: string): Uint8Array | null {
    const slot = this.#slots[this.#byName.get(name) ?? -1]
    if (slot === undefined || slot.size === 0) return null
    const bytes = new Uint8Array(slot.size)
    slot.handle.read(bytes, { at: 0 })
    return bytes
  }

  #bytes(at: number, length: number): Uint8Array<ArrayBuffer> {
    const { buffer } = this.#memory() // it grows, which detaches the old view
    // Never shared: no page of ours needs isolation.
    if (this.#view.buffer !== buffer) this.#view = new Uint8Array(buffer as ArrayBuffer)
    return this.#view.subarray(at >>> 0, (at >>> 0) + length)
  }

  #name(at: number, length: number): string {
    return new TextDecoder().decode(this.#bytes(at, length))
  }

  /** Runs one call on a slot; what it throws becomes a code. */
  #on(at: number, run: (slot: Slot) => number): number {
    const slot = this.#slots[at]
    if (slot === undefined) return IO
    try {
      return run(slot)
    } catch (error) {
      this.#onError(error)
      return error instanceof Error && error.name === 'QuotaExceededError' ? FULL : IO
    }
  }

  #flush(at: number): number {
    return this.#on(at, (slot) => {
      if (!slot.isDirty) return 0
      slot.handle.flush()
      slot.isDirty = false
      this.stats.flushes++
      return 0
    })
  }

  #empty(slot: Slot): void {
    if (slot.size === 0) return
    slot.handle.truncate(0)
    slot.size = 0
    slot.isDirty = true
  }

  #open(name: string): number {
    return name.startsWith(MEMORY_PREFIX) && !this.#byName.has(name)
      ? this.#add(name, new MemoryHandle())
      : this.#named(name)
  }

  /** The slot of a file that is prepared, or can be on the spot; −1 for none. SQLite asks for no temporary files (flags.txt). */
  #named(name: string): number {
    const at = this.#byName.get(name)
    if (at !== undefined) return at
    const handle = name === '' || name.startsWith(MEMORY_PREFIX) ? null : this.#onMissing(name)
    return handle === null ? IO : this.#addFile(name, handle)
  }

  #close(at: number): number {
    return this.#on(at, (slot) => {
      if (slot.name.startsWith(MEMORY_PREFIX)) this.#forget(slot.name, at)
      return 0
    })
  }

  #forget(name: string, at: number): void {
    this.#slots[at] = undefined
    this.#byName.delete(name)
  }

  /** The engine's import module "host". */
  imports(): Record<string, (...numbers: number[]) => number> {
    const named = (at: number, length: number): number => this.#named(this.#name(at, length))
    return {
      open: (at = 0, length = 0) => this.#open(this.#name(at, length)),
      close: (slot = 0) => this.#close(slot),
      read: (slot = 0, to = 0, length = 0, at = 0) =>
        this.#on(slot, (file) => {
          this.stats.reads++
          return at >= file.size ? 0 : file.handle.read(this.#bytes(to, length), { at })
        }),
      write: (slot = 0, from = 0, length = 0, at = 0) =>
        this.#on(slot, (file) => {
          this.stats.writes++
          file.isDirty = true // also when it fails half way
          const put = file.handle.write(this.#bytes(from, length), { at })
          if (put > length) return FULL // Chromium's private windows: an error's negative number, read as unsigned
          file.size = Math.max(file.size, at + put)
          return put
        }),
      truncate: (slot = 0, size = 0) =>
        this.#on(slot, (file) => {
          file.isDirty = true
          file.handle.truncate(size)
          file.size = size
          return 0
        }),
      flush: (slot = 0) => this.#flush(slot),
      size: (slot = 0) => this.#slots[slot]?.size ?? IO,
      delete: (at = 0, length = 0, flush = 0) => {
        const slot = named(at, length)
        if (slot < 0) return 0
        const code = this.#on(slot, (file) => {
          this.#empty(file)
          return 0
        })
        return code === 0 && flush !== 0 ? this.#flush(slot) : code
      },
      exists: (at = 0, length = 0) => ((this.#slots[named(at, length)]?.size ?? 0) > 0 ? 1 : 0),
      now: () => Date.now(),
      random: (to = 0, length = 0) => {
        crypto.getRandomValues(this.#bytes(to, length))
        return length
      },
    }
  }
}

function closeQuietly(handle: SyncHandle): void {
  try {
    handle.close()
  } catch {
    /* it is given up either way */
  }
}

/** A file in memory that grows. */
export class MemoryHandle implements SyncHandle {
  #bytes = new Uint8Array(0)
  #size = 0

  read(to: Uint8Array, { at }: { at: number }): number {
    const n = Math.max(0, Math.min(to.length, this.#size - at))
    to.set(this.#bytes.subarray(at, at + n))
    return n
  }

  write(from: Uint8Array, { at }: { at: number }): number {
    const end = at + from.length
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2))
      grown.set(this.#bytes.subarray(0, this.#size))
      this.#bytes = grown
    }
    if (at > this.#size) this.#bytes.fill(0, this.#size, at)
    this.#bytes.set(from, at)
    this.#size = Math.max(this.#size, end)
    return from.length
  }

  truncate(size: number): void {
    if (size > this.#bytes.length) this.write(new Uint8Array(size - this.#size), { at: this.#size })
    if (size < this.#size) this.#bytes.fill(0, size, this.#size)
    this.#size = size
  }

  flush(): void {
    /* there is nothing behind it */
  }
  getSize(): number {
    return this.#size
  }
  close(): void {
    /* it goes with its owner */
  }
}
