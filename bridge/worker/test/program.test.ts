import { expect, test, vi } from 'vitest'
import { MemoryHandle } from '../src/pool.ts'
import { fetched, keep, kept, type Folder, type ProgramURLs, type Stamp } from '../src/program.ts'

/** Modules of that content: a header, and a custom section each. */
const moduleOf = (name: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, name.length + 1, name.length, ...new TextEncoder().encode(name)])
const parts = {
  core: moduleOf('core'),
  engine: moduleOf('the engine'),
  trampoline: moduleOf('t'),
  cold: moduleOf('cold'),
}

const sha256 = async (...bytes: BlobPart[]) => crypto.subtle.digest('SHA-256', await new Blob(bytes).arrayBuffer())
/** As wasm/engine/stamp.mjs has it, in blocks of which the engine has two. */
const BLOCK = 16
const blocks = Object.values(parts).flatMap((part) =>
  [part.subarray(0, BLOCK), part.subarray(BLOCK)].filter((block) => block.length > 0),
)
const stamp: Stamp = {
  sha256: Buffer.from(await sha256(...(await Promise.all(blocks.map((block) => sha256(block)))))).toString('hex'),
  block: BLOCK,
  bytes: {
    core: parts.core.length,
    engine: parts.engine.length,
    trampoline: parts.trampoline.length,
    cold: parts.cold.length,
  },
}

const urls = Object.fromEntries(
  Object.keys(parts).map((name) => [name, new URL(`https://app.test/${name}.wasm`)]),
) as unknown as ProgramURLs

/** A server of those modules; answers how often it was asked. */
function serve(files: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = parts) {
  const asked = vi.fn(async (url: URL) => {
    const file = files[url.pathname.slice(1, -'.wasm'.length)]
    return file === undefined
      ? new Response('no', { status: 404 })
      : new Response(file, { headers: { 'content-type': 'application/wasm' } })
  })
  vi.stubGlobal('fetch', asked)
  return asked
}

/** A folder in memory, where a file is one handle's at a time. */
function folder() {
  const files = new Map<string, MemoryHandle>()
  const home = {
    getFileHandle: async (name: string, options?: { create?: boolean }) => {
      const found = files.get(name) ?? (options?.create === true ? new MemoryHandle() : undefined)
      if (found === undefined) throw new DOMException('not there', 'NotFoundError')
      files.set(name, found)
      return { createSyncAccessHandle: async () => found }
    },
    removeEntry: async (name: string) => {
      files.delete(name)
    },
    keys: async function* () {
      yield* [...files.keys()]
    },
  } as unknown as Folder
  return { files, home: Promise.resolve(home) }
}

/** The custom section that tells a module from another. */
const told = (module: WebAssembly.Module, name: string) => WebAssembly.Module.customSections(module, name).length

test('what was kept is compiled without a request', async () => {
  const { home } = folder()
  serve()
  await keep(home, stamp, urls)
  const asked = serve()
  const modules = await kept(home, stamp)
  if (modules === null) throw new Error('there is no copy')
  const { core, engine, trampoline, cold } = modules
  expect([told(core, 'core'), told(engine, 'the engine'), told(trampoline, 't'), told(cold(), 'cold')]).toEqual([
    1, 1, 1, 1,
  ])
  expect(asked).not.toHaveBeenCalled()
})

for (const [what, write] of [
  ['ends at once', () => 4],
  [
    'is refused',
    () => {
      throw new DOMException('full', 'QuotaExceededError')
    },
  ],
] as const) {
  test(`where there is no room a write ${what}, and no part of a copy is left`, async () => {
    const { files, home } = folder()
    const full = new MemoryHandle()
    full.write = write
    files.set(stamp.sha256, full)
    serve()
    await expect(keep(home, stamp, urls)).rejects.toThrow(DOMException)
    expect([...files.keys()]).toEqual([])
  })
}

test('there is no copy before the first', async () => {
  expect(await kept(folder().home, stamp)).toBeNull()
})

test('without OPFS there is none', async () => {
  expect(await kept(Promise.reject(new DOMException('private window', 'SecurityError')), stamp)).toBeNull()
})

for (const [what, hurt] of [
  // "corg" for "core": still a module, which only the sum tells from the right one.
  ['one flipped bit', (file: MemoryHandle) => file.write(Uint8Array.of(0x67), { at: stamp.bytes.core - 1 })],
  ['a copy that was cut short', (file: MemoryHandle) => file.truncate(20)],
  ['bytes behind its end', (file: MemoryHandle) => file.write(Uint8Array.of(1), { at: file.getSize() })],
] as const) {
  test(`${what}: it is no copy, and the next one is right`, async () => {
    const { home, files } = folder()
    serve()
    await keep(home, stamp, urls)
    const file = files.get(stamp.sha256)
    if (file === undefined) throw new Error('nothing was kept')
    hurt(file)
    expect(await kept(home, stamp)).toBeNull()
    await keep(home, stamp, urls)
    expect(await kept(home, stamp)).not.toBeNull()
  })
}

test('a copy of another build goes when that of this one comes', async () => {
  const { home, files } = folder()
  files.set('another', new MemoryHandle())
  serve()
  await keep(home, stamp, urls)
  expect([...files.keys()]).toEqual([stamp.sha256])
})

test('a server of another build is not kept as this one', async () => {
  const { home, files } = folder()
  serve({ ...parts, engine: moduleOf('of another build') })
  await keep(home, stamp, urls)
  expect([...files.keys()]).toEqual([])
})

test('what cannot be loaded is named', async () => {
  serve({ core: parts.core, engine: parts.engine })
  await expect(fetched(urls)).rejects.toThrow('/trampoline.wasm could not be loaded: 404')
})
