/** Files of the engine's pool on Node's file system. One process at a time owns a database: the engine's locks are within it. */

import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { SyncHandle } from '@rockpool/worker/pool'
import { SqliteError } from './error.ts'

const BUSY = 5
const SIDE_FILES = ['-journal', '-wal'] as const

/** A file that comes into being when it is written. */
class NodeFile implements SyncHandle {
  readonly #path: string
  #fd = -1

  constructor(path: string) {
    this.#path = path
    if (existsSync(path)) this.#fd = openSync(path, 'r+')
  }

  read(to: Uint8Array, { at }: { at: number }): number {
    return this.#fd < 0 ? 0 : readSync(this.#fd, to, 0, to.length, at)
  }

  write(from: Uint8Array, { at }: { at: number }): number {
    const fd = this.#made()
    let done = 0
    while (done < from.length) done += writeSync(fd, from, done, from.length - done, at + done)
    return done
  }

  truncate(size: number): void {
    ftruncateSync(this.#made(), size)
  }

  flush(): void {
    if (this.#fd >= 0) fsyncSync(this.#fd)
  }

  getSize(): number {
    return this.#fd < 0 ? 0 : fstatSync(this.#fd).size
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd)
    this.#fd = -1
  }

  #made(): number {
    if (this.#fd < 0) this.#fd = openSync(this.#path, 'w+')
    return this.#fd
  }
}

/** Opens a file for the engine, or null where its folder is not there. */
export function openFile(path: string): SyncHandle | null {
  return existsSync(dirname(path)) ? new NodeFile(path) : null
}

const users = new Map<string, number>()

/** Counts a user of a database file; the first one claims it for this process. @throws SqliteError SQLITE_BUSY when another process has it. */
export function claim(path: string): void {
  const known = users.get(path) ?? 0
  if (known === 0) lock(path)
  users.set(path, known + 1)
}

/** Gives a user's share back. For the last one `closeFiles` runs, and what is empty beside the file goes. */
export function release(path: string, closeFiles: () => void): void {
  const left = (users.get(path) ?? 1) - 1
  if (left > 0) {
    users.set(path, left)
    return
  }
  users.delete(path)
  try {
    closeFiles()
    for (const suffix of SIDE_FILES)
      if (existsSync(path + suffix) && statSync(path + suffix).size === 0) unlinkSync(path + suffix)
  } finally {
    rmSync(lockOf(path), { force: true })
  }
}

function lockOf(path: string): string {
  return `${path}-lock`
}

function lock(path: string): void {
  if (!existsSync(dirname(path))) return // the engine says that it cannot be opened
  for (let tries = 0; tries < 2; tries++) {
    try {
      writeFileSync(lockOf(path), String(process.pid), { flag: 'wx' })
      return
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const owner = Number(readFileSync(lockOf(path), 'utf8'))
    if (owner !== process.pid && isRunning(owner))
      throw new SqliteError(
        `database is locked: process ${owner} has ${path} open; close it there first, or delete ${lockOf(path)} if that process is another program`,
        BUSY,
      )
    rmSync(lockOf(path), { force: true }) // its owner has ended without closing
  }
  throw new SqliteError(`database is locked: another process has just opened ${path}`, BUSY)
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
