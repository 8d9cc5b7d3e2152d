import { expect, test } from 'vitest'
import { Core, type CoreExports } from '../src/core.ts'
import { Files } from '../src/files.ts'
import { StorageError } from '../src/opfs.ts'
import { MemoryHandle } from '../src/pool.ts'
import { KIND_NAMES } from '../../client/src/gen/fault.ts'

const NAMES = ['shop', 'shop-journal', 'shop-wal']

/** Storage with files of those names; `asked` is each open, with whether it may make the file. */
function storage(...names: string[]) {
  const files = new Set(names)
  const asked: string[] = []
  const closed: string[] = []
  let failure: Error | null = null
  const answers: [id: number, kind: string][] = []
  const memory = new WebAssembly.Memory({ initial: 1 })
  const exports = {
    mem: memory,
    rp_buffer: () => 0,
    rp_files: (id: number, status: number) => {
      answers.push([id, KIND_NAMES[status] ?? ''])
    },
  } as unknown as CoreExports // no other export is called
  const core = new Core(
    exports,
    () => false,
    () => {},
  )
  const made = new Files(
    () => memory,
    () => core,
    () => {},
    async (_, create) => async (name) => {
      asked.push(`${name} ${create}`)
      if (failure !== null) throw failure
      if (!create && !files.has(name)) throw new StorageError('not_found', 'there is no file ' + name)
      files.add(name)
      return Object.assign(new MemoryHandle(), {
        close: () => {
          closed.push(name)
        },
      })
    },
  )
  return {
    made,
    files,
    asked,
    closed,
    fail: (error: Error | null) => {
      failure = error
    },
    open: async (id: number, name: string) => {
      made.open(id, name)
      await expect.poll(() => answers.find(([of]) => of === id)).toBeDefined()
      return answers.find(([of]) => of === id)?.[1]
    },
  }
}

test('files that were prepared are there when the core asks', async () => {
  const world = storage(...NAMES)
  world.made.prepare('shop')
  expect(await world.open(1, 'shop')).toBe('unknown') // 0: no error
  expect(world.asked).toEqual(NAMES.map((name) => name + ' false'))
})

test('preparing makes no file: the core may find that the name is no good', async () => {
  const world = storage('shop')
  world.made.prepare('shop')
  world.made.prepare('elsewhere')
  await expect.poll(() => world.closed).toEqual(['shop'])
  expect([...world.files]).toEqual(['shop'])
  expect(await world.open(1, 'shop')).toBe('unknown')
  expect([...world.files]).toEqual(NAMES)
})

test('what went wrong meanwhile is told to the core, which asks again', async () => {
  const world = storage(...NAMES)
  world.fail(new StorageError('storage_locked', 'another tab holds it'))
  world.made.prepare('shop')
  expect(await world.open(1, 'shop')).toBe('storage_locked')
  world.fail(null)
  expect(await world.open(2, 'shop')).toBe('unknown')
})

test('prepared files that nobody asked for are given back', async () => {
  const world = storage(...NAMES)
  world.made.prepare('shop')
  await expect.poll(() => world.made.pool.open('shop', () => Promise.reject(new Error('not open')))).toBeUndefined()
  world.made.closeAll()
  expect(world.closed.sort()).toEqual(NAMES)
})
