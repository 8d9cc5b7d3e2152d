import { afterEach, expect, test, vi } from 'vitest'
import { fetchCold } from '../src/cold.ts'

const url = new URL('https://app.test/cold.wasm')
const bytes = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)

afterEach(() => {
  vi.unstubAllGlobals()
})

/** What a request that waits gets. */
function answer(status: number, response: ArrayBuffer | null, send = () => {}) {
  const asked = vi.fn()
  vi.stubGlobal(
    'XMLHttpRequest',
    class {
      responseType = ''
      readonly status = status
      readonly response = response
      open(method: string, from: URL, isAsync: boolean) {
        asked(method, from, isAsync)
      }
      send() {
        send()
      }
    },
  )
  return asked
}

test('the part comes by itself, and nobody waits for it', async () => {
  const asked = answer(500, null)
  let isRead = false
  vi.stubGlobal('fetch', async () => ({
    ok: true,
    arrayBuffer: async () => {
      isRead = true
      return bytes.buffer
    },
  }))
  const part = fetchCold(url)
  await vi.waitFor(() => {
    expect(isRead).toBe(true)
  })
  expect(part()).toBeInstanceOf(WebAssembly.Module)
  expect(asked).not.toHaveBeenCalled()
})

for (const [what, fetching] of [
  ['is on its way', () => new Promise(() => {})],
  ['was not found', async () => new Response('', { status: 404 })],
  ['had no network', () => Promise.reject(new TypeError('no network'))],
  ['was cut off', async () => ({ ok: true, arrayBuffer: () => Promise.reject(new TypeError('no network')) })],
] as const) {
  test(`a call waits for a part that ${what}`, async () => {
    vi.stubGlobal('fetch', fetching)
    const asked = answer(200, bytes.buffer)
    const part = fetchCold(url)
    await Promise.resolve()
    expect(part()).toBeInstanceOf(WebAssembly.Module)
    expect(asked).toHaveBeenCalledWith('GET', url, false)
  })
}

test('a part that cannot be loaded is named', () => {
  vi.stubGlobal('fetch', () => new Promise(() => {}))
  answer(404, null)
  expect(fetchCold(url)).toThrow('/cold.wasm could not be loaded: 404')
})

test('without a network it is named, too', () => {
  vi.stubGlobal('fetch', () => new Promise(() => {}))
  answer(0, null, () => {
    throw new DOMException('Failed to load', 'NetworkError')
  })
  expect(fetchCold(url)).toThrow('/cold.wasm could not be loaded: NetworkError: Failed to load')
})
