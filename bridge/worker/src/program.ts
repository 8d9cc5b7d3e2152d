/**
 * Where the program comes from: the core in two parts (cold.ts), the engine, and
 * the trampoline that joins them (engine.ts).
 *
 * A browser moves a file of its HTTP cache through several processes, which
 * takes it longer than compiling what it has moved; a file of OPFS is read in
 * place, at about ten times the speed. So after a first start the modules are
 * kept in OPFS, and the next one reads them there.
 *
 * A copy is known by the sum that the build has written into `stamp`. One of
 * another build, or one that was cut short or has rotted, is no copy: the
 * modules are fetched, and kept anew. The sum is one of blocks: a browser
 * copies what it sums, and copies block after block into the same memory.
 */

import { fetchCold } from './cold.ts'
import type { EngineModules } from './engine.ts'
import type { SyncHandle } from './pool.ts'

/** The modules by name, in the order in which a copy holds them. */
const NAMES = ['core', 'engine', 'trampoline', 'cold'] as const

/** What the build says of its modules (wasm/engine/stamp.mjs). */
export interface Stamp {
  /** SHA-256, in hexadecimal, of the SHA-256s of the modules' blocks, one behind the other. */
  readonly sha256: string
  /** Bytes of a block; the last one of a module may be shorter. */
  readonly block: number
  /** Bytes of each. */
  readonly bytes: { readonly [name in (typeof NAMES)[number]]: number }
}

/** Where each module is served. */
export type ProgramURLs = { readonly [name in (typeof NAMES)[number]]: URL }

/** Milliseconds after the start at which a copy is made: the app has the disk to itself until then. */
export const KEEP_AFTER_MS = 4_000

/** The folder of OPFS that holds the copy. Databases are in a folder of their own. */
const FOLDER = 'rockpool-program'

/** What TypeScript's page library leaves out: handles of Workers, the mode of the File System standard, iteration. */
type CopyFile = FileSystemFileHandle & {
  createSyncAccessHandle(options?: { mode: 'read-only' }): Promise<SyncHandle>
}
export type Folder = Pick<FileSystemDirectoryHandle, 'getFileHandle' | 'removeEntry'> & {
  keys(): AsyncIterable<string>
}

/** The copies' folder. @throws where there is no OPFS. */
export async function copies(): Promise<Folder> {
  const root = await navigator.storage.getDirectory()
  return (await root.getDirectoryHandle(FOLDER, { create: true })) as unknown as Folder // TypeScript's page library has no keys()
}

/** Compiles the copy of this build; null where there is none that can be read now. */
export async function kept(home: Promise<Folder>, stamp: Stamp): Promise<EngineModules | null> {
  try {
    const file = (await (await home).getFileHandle(stamp.sha256)) as CopyFile
    // Several Workers read at a time. Browsers that do not know the mode give the file to one, and the others fetch.
    const handle = await file.createSyncAccessHandle({ mode: 'read-only' })
    try {
      if (handle.getSize() !== NAMES.reduce((sum, name) => sum + stamp.bytes[name], 0)) return null
      const sums: Promise<ArrayBuffer>[] = []
      let from = 0
      const read = (name: (typeof NAMES)[number]): Uint8Array<ArrayBuffer> => {
        const bytes = new Uint8Array(stamp.bytes[name])
        for (const block of blocks(bytes, stamp.block)) {
          handle.read(block, { at: from + block.byteOffset })
          sums.push(digest(block))
        }
        from += bytes.length
        return bytes
      }
      // Part by part: the core, which takes longest, is compiled while the others are read.
      const modules = Promise.all([compile(read('core')), compile(read('engine')), compile(read('trampoline'))])
      const cold = read('cold')
      const [[core, engine, trampoline], sum] = await Promise.all([modules, total(sums)])
      if (sum !== stamp.sha256) return null
      return { core, engine, trampoline, cold: () => new WebAssembly.Module(cold) }
    } finally {
      handle.close()
    }
  } catch {
    return null // no copy, no OPFS (a private window), or another Worker writes one
  }
}

/** Fetches and compiles the modules. @throws Error when one cannot be loaded. */
export async function fetched(urls: ProgramURLs): Promise<EngineModules> {
  const [core, engine, trampoline] = await Promise.all([
    compiled(urls.core),
    compiled(urls.engine),
    compiled(urls.trampoline),
  ])
  return { core, engine, trampoline, cold: fetchCold(urls.cold) }
}

/** Makes a copy for the next start, and removes those of other builds. @throws where there is no room, or no OPFS. */
export async function keep(home: Promise<Folder>, stamp: Stamp, urls: ProgramURLs): Promise<void> {
  const parts = await Promise.all(NAMES.map((name) => bytesOf(urls[name])))
  const sums = parts.flatMap((part) => [...blocks(new Uint8Array(part), stamp.block)].map(digest))
  // The page and the server may be of different builds for a while.
  if ((await total(sums)) !== stamp.sha256) return
  const all = new Uint8Array(await new Blob(parts).arrayBuffer())
  const folder = await home
  for await (const name of folder.keys()) {
    if (name !== stamp.sha256) await folder.removeEntry(name).catch(() => {}) // a Worker of that build reads it
  }
  const file = (await folder.getFileHandle(stamp.sha256, { create: true })) as CopyFile
  const handle = await file.createSyncAccessHandle()
  try {
    handle.truncate(0)
    if (handle.write(all, { at: 0 }) < all.length)
      throw new DOMException('no room for the program', 'QuotaExceededError')
    handle.flush()
    handle.close()
  } catch (thrown) {
    handle.close()
    await folder.removeEntry(stamp.sha256).catch(() => {}) // a part is of no use, and takes room that is short
    throw thrown
  }
}

const compile = (bytes: BufferSource): Promise<WebAssembly.Module> => WebAssembly.compile(bytes)

function* blocks(bytes: Uint8Array<ArrayBuffer>, size: number): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

function digest(bytes: BufferSource): Promise<ArrayBuffer> {
  return crypto.subtle.digest('SHA-256', bytes)
}

/** The sum of blocks, in hexadecimal. */
async function total(sums: readonly Promise<ArrayBuffer>[]): Promise<string> {
  const sum = new Uint8Array(await digest(await new Blob(await Promise.all(sums)).arrayBuffer()))
  return Array.from(sum, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

async function load(url: URL): Promise<Response> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url.pathname} could not be loaded: ${response.status}`)
  return response
}

async function bytesOf(url: URL): Promise<ArrayBuffer> {
  return (await load(url)).arrayBuffer()
}

async function compiled(url: URL): Promise<WebAssembly.Module> {
  const response = await load(url)
  // Servers that do not know the type application/wasm cannot be streamed from.
  return response.headers.get('content-type')?.startsWith('application/wasm') === true
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer())
}
