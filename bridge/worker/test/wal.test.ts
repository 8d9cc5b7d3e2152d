import { describe, expect, test } from 'vitest'
import { MemoryHandle, type SyncHandle } from '../src/pool.ts'
import { GATHER_BYTES_MAX, RESERVE_BYTES, WalHandle } from '../src/wal.ts'

/** A file that counts its calls and fails on demand. */
class Watched implements SyncHandle {
  readonly file = new MemoryHandle()
  readonly calls: string[] = []
  /** What the next writes and truncations throw. */
  failure: Error | null = null
  /** The most bytes that the file may have. */
  room = Number.POSITIVE_INFINITY

  read(to: Uint8Array, options: { at: number }): number {
    this.calls.push('read')
    return this.file.read(to, options)
  }
  write(from: Uint8Array, options: { at: number }): number {
    this.#call('write', options.at + from.length)
    return this.file.write(from, options)
  }
  truncate(size: number): void {
    this.#call('truncate', size)
    this.file.truncate(size)
  }
  flush(): void {
    this.calls.push('flush')
  }
  getSize(): number {
    return this.file.getSize()
  }
  close(): void {
    this.calls.push('close')
  }
  #call(name: string, end: number): void {
    this.calls.push(name)
    if (this.failure !== null) throw this.failure
    if (end > this.room) throw Object.assign(new Error('the quota is used up'), { name: 'QuotaExceededError' })
  }
}

const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0
const frame = (byte: number, length = 4096) => new Uint8Array(length).fill(byte)

function content(handle: SyncHandle, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  expect(handle.read(bytes, { at: 0 })).toBe(size)
  return bytes
}

describe('a log', () => {
  test('writes the frames of several commits in one call, before the flush', () => {
    const file = new Watched()
    const log = new WalHandle(file)
    for (let n = 0; n < 6; n++) log.write(frame(n), { at: n * 4096 })
    expect(file.calls).toEqual(['write']) // zeros
    log.flush()
    expect(file.calls).toEqual(['write', 'write', 'flush'])
    expect(content(file.file, 6 * 4096).filter((_, at) => at % 4096 === 0)).toEqual(Uint8Array.of(0, 1, 2, 3, 4, 5))
  })

  test('is as long as what was written, while its file is longer', () => {
    const file = new Watched()
    const log = new WalHandle(file)
    log.write(frame(1), { at: 0 })
    expect(log.getSize()).toBe(4096)
    expect(file.getSize()).toBe(RESERVE_BYTES)
    expect(log.read(new Uint8Array(100), { at: 4090 })).toBe(6)
    expect(log.read(new Uint8Array(100), { at: 4096 })).toBe(0)
  })

  test('passes on what is gathered when there is much of it', () => {
    const file = new Watched()
    const log = new WalHandle(file)
    const frames = Math.floor(GATHER_BYTES_MAX / 4096)
    for (let n = 0; n <= frames; n++) log.write(frame(1), { at: n * 4096 })
    expect(file.calls.filter((call) => call === 'write')).toHaveLength(3) // two of them zeros
    log.write(frame(2, GATHER_BYTES_MAX + 1), { at: (frames + 1) * 4096 })
    expect(file.calls.filter((call) => call === 'write')).toHaveLength(6)
  })

  test('tells a full disk when it is written, not when it is flushed', () => {
    const file = new Watched()
    file.room = 5000
    const log = new WalHandle(file)
    log.write(frame(1), { at: 0 })
    expect(file.getSize()).toBe(4096)
    expect(() => log.write(frame(2), { at: 4096 })).toThrow('quota')
    log.flush()
    expect(log.getSize()).toBe(4096)
  })

  // A hole would get its blocks at a flush, which pays for that and may find the disk full.
  test('takes its room by writing, not by making the file longer', () => {
    const file = new Watched()
    const log = new WalHandle(file)
    for (let at = 0; at < 3 * RESERVE_BYTES; at += 4096) log.write(frame(1), { at })
    log.flush()
    expect(file.calls).not.toContain('truncate')
    expect(file.getSize()).toBe(3 * RESERVE_BYTES)
  })

  test('tells a full disk that the browser tells with a number', () => {
    const file = new Watched()
    const log = new WalHandle(file)
    file.write = () => 2 ** 32 - 8 // Chromium's private windows
    expect(() => log.write(frame(1), { at: 0 })).toThrow('4294967288')
    expect(log.getSize()).toBe(0)
    const other = new Watched()
    const second = new WalHandle(other)
    second.write(frame(1), { at: 0 })
    other.write = () => 2 ** 32 - 8
    expect(() => {
      second.flush()
    }).toThrow('4294967288')
    expect(isSame(content(second, 4096), frame(1))).toBe(true)
  })

  test('keeps what could not be written, shows it, and writes it the next time', () => {
    const file = new Watched()
    const log = new WalHandle(file)
    log.write(frame(1), { at: 0 })
    file.failure = new Error('a bad moment')
    expect(() => {
      log.flush()
    }).toThrow('a bad moment')
    expect(file.calls).not.toContain('flush')
    expect(isSame(content(log, 4096), frame(1))).toBe(true)
    file.failure = null
    log.write(frame(2), { at: 4096 })
    log.flush()
    expect(content(file.file, 8192).subarray(4095, 4097)).toEqual(Uint8Array.of(1, 2))
  })

  test('that is emptied forgets what is gathered', () => {
    const file = new Watched()
    const log = new WalHandle(file)
    log.write(frame(1), { at: 0 })
    log.truncate(0)
    log.flush()
    expect([log.getSize(), file.getSize()]).toEqual([0, 0])
  })

  // Whatever the order of calls, a reader of the log and, after a flush, of the
  // file sees what a plain file would hold.
  test.each(Array.from({ length: 40 }, (_, at) => at + 1))('is a file like any other, seed %i', (seed) => {
    let state = seed
    const below = (n: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return Math.floor((state / 2 ** 32) * n)
    }
    const file = new Watched()
    const log = new WalHandle(file)
    const plain = new MemoryHandle()
    for (let step = 0; step < 300; step++) {
      const size = plain.getSize()
      switch (below(8)) {
        case 0: {
          const a = new Uint8Array(below(30_000))
          const at = below(size + 100)
          const n = log.read(a, { at })
          const want = new Uint8Array(a.length)
          expect(n, `seed ${seed}, step ${step}`).toBe(plain.read(want, { at }))
          expect(isSame(a.subarray(0, n), want.subarray(0, n)), `seed ${seed}, step ${step}`).toBe(true)
          break
        }
        case 1:
          if (below(5) === 0) {
            const to = below(size + 1)
            log.truncate(to)
            plain.truncate(to)
          }
          break
        case 2:
          log.flush()
          expect(isSame(content(file.file, size), content(plain, size)), `seed ${seed}, step ${step}`).toBe(true)
          break
        default: {
          const bytes = frame(1 + below(255), 1 + below(step % 50 === 0 ? 2 * GATHER_BYTES_MAX : 9000))
          const at = below(4) === 0 ? below(size + 1) : size
          log.write(bytes, { at })
          plain.write(bytes, { at })
        }
      }
      expect(log.getSize()).toBe(plain.getSize())
    }
  })
})
