/** The core's calls for files that take their time: open, close, delete. Each answers by rp_files. */

import { KIND_NAMES } from '../../client/src/gen/fault.ts'
import type { Core } from './core.ts'
import { bytesOf } from './memory.ts'
import { deleteFiles, opfsHandles, StorageError } from './opfs.ts'
import { FilePool, type OpenHandle } from './pool.ts'

/** Opens handles, and makes the files with `create`; a Worker opens OPFS, a test in Node something else. */
export type HandleSource = (waiting: (name: string) => void, create: boolean) => Promise<OpenHandle>

/** What rp_files tells when the core's own words are not known. */
const INTERNAL = 'internal'

/** See the file's comment. */
export class Files {
  readonly pool: FilePool
  readonly #core: () => Core
  readonly #source: HandleSource
  readonly #log: (message: string) => void
  readonly #databases = new Set<string>()
  readonly #prepared = new Map<string, Promise<void>>()

  constructor(
    memory: () => WebAssembly.Memory,
    core: () => Core,
    log: (message: string) => void,
    source: HandleSource = opfsHandles,
  ) {
    this.#core = core
    this.#log = log
    this.#source = source
    this.pool = new FilePool(memory, {
      onError: (error) => {
        log(`file: ${textOf(error)}`)
      },
    })
  }

  /** Opens a database's files, if they are there, while the core is still on its way: both take their time. */
  prepare(name: string): void {
    const taken = this.#take(name, false)
    taken.catch(() => {}) // told when the core asks for them
    this.#prepared.set(name, taken)
  }

  open(id: number, name: string): void {
    void this.#answer(id, async () => {
      const prepared = this.#prepared.get(name)
      this.#prepared.delete(name)
      try {
        await prepared
      } catch (error) {
        if (!(error instanceof StorageError && error.kind === 'not_found')) throw error
      }
      await this.#take(name, true)
    })
  }

  /** Opens the files unless they are open. */
  async #take(name: string, create: boolean): Promise<void> {
    if (this.#databases.has(name)) return
    const handles = await this.#source((file) => {
      this.#log(`waiting for ${file}, which a Worker that ended still holds`)
    }, create)
    await this.pool.open(name, handles)
    this.#databases.add(name)
  }

  delete(id: number, name: string): void {
    void this.#answer(id, async () => {
      this.close(name)
      await deleteFiles([name, `${name}-journal`, `${name}-wal`])
    })
  }

  close(name: string): void {
    this.#databases.delete(name)
    try {
      this.pool.close(name)
    } catch (error) {
      this.#log(`close ${name}: ${textOf(error)}`)
    }
  }

  closeAll(): void {
    for (const name of [...this.#databases]) this.close(name)
  }

  async #answer(id: number, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      this.#core().call((go) => {
        go.rp_files(id, 0, 0)
      })
    } catch (error) {
      const kind = error instanceof StorageError ? error.kind : INTERNAL
      const number = Math.max(1, (KIND_NAMES as readonly string[]).indexOf(kind))
      this.#core().send(bytesOf(textOf(error)), (go, length) => {
        go.rp_files(id, number, length)
      })
    }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
