import { expect, test } from 'vitest'
import { globalBase, goData } from '../../../wasm/engine/layout.mjs'
import { checkMap, readModule, trampoline } from '../../../wasm/engine/link.mjs'

const I32 = 0x7f

/** Each case: Go's data segments, and the end of its low region or null for a clash. */
const maps: [name: string, data: [number, number][], used: number | null][] = [
  ['nothing', [], 0],
  [
    'read-only data below, data above',
    [
      [4096, 2_000_000],
      [goData, goData + 5000],
    ],
    2_000_000,
  ],
  ['read-only data up to the base', [[0, globalBase]], globalBase],
  ['read-only data one byte too long', [[0, globalBase + 1]], null],
  [
    'data below where it is linked',
    [
      [4096, 8192],
      [goData - 1, goData + 10],
    ],
    null,
  ],
  ['data over the whole engine', [[0, goData + 1]], null],
  ['a segment inside the engine', [[globalBase + 10, globalBase + 20]], null],
]

test.each(maps)('the memory map with %s', (_, data, used) => {
  if (used === null) expect(() => checkMap(data)).toThrow(`-ldflags=-D=${goData}`)
  else expect(checkMap(data)).toBe(used)
})

/** A module's bytes from its sections, each shorter than 128 bytes. */
function wasmOf(...sections: [id: number, ...body: number[]][]): Uint8Array<ArrayBuffer> {
  const magic = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
  return Uint8Array.from([...magic, ...sections.flatMap(([id, ...body]) => [id, body.length, ...body])])
}

const string = (text: string): number[] => [text.length, ...Buffer.from(text)]

test('imports and data segments are read as a module has them', () => {
  const wasm = wasmOf(
    [1, 1, 0x60, 2, I32, I32, 1, I32], // a type
    [2, 2, ...string('sqlite'), ...string('sq_x'), 0, 0, ...string('go'), ...string('unused'), 0, 0],
    [5, 1, 1, 0x90, 0x30, 0x90, 0x30], // a memory
    [11, 1, 0, 0x41, 0x80, 0x80, 0x80, 0x03, 0x0b, 2, 7, 7], // two bytes at 6 MiB
  )
  expect(WebAssembly.validate(wasm)).toBe(true)
  const { imports, data } = readModule(wasm)
  expect(imports.map(({ name, type }) => [name, [...type[0]], [...type[1]]])).toEqual([['sq_x', [I32, I32], [I32]]])
  expect(data).toEqual([[globalBase, globalBase + 2]])
  expect(() => checkMap(data)).toThrow("inside the engine's memory")
})

test('the trampoline calls what its table holds, under the imports’ names', async () => {
  const imports = [
    { name: 'sq_minus', type: [[I32, I32], [I32]] },
    { name: 'sq_one', type: [[], [I32]] },
  ] as const satisfies readonly { name: string; type: readonly [number[], number[]] }[]
  const { instance } = await WebAssembly.instantiate(
    trampoline(imports.map(({ name, type }) => ({ name, type: [[...type[0]], [...type[1]]] }))),
  )
  const { table, sq_minus, sq_one, go_data } = instance.exports as unknown as {
    table: WebAssembly.Table
    go_data: WebAssembly.Global
    sq_minus(a: number, b: number): number
    sq_one(): number
  }
  // What stands in the slots comes from a module of its own: a table holds wasm functions only.
  const own = await WebAssembly.instantiate(
    wasmOf(
      [1, 2, 0x60, 2, I32, I32, 1, I32, 0x60, 0, 1, I32],
      [3, 2, 0, 1],
      [7, 2, ...string('minus'), 0, 0, ...string('one'), 0, 1],
      [10, 2, 7, 0, 0x20, 0, 0x20, 1, 0x6b, 0x0b, 4, 0, 0x41, 1, 0x0b],
    ),
  )
  table.set(0, own.instance.exports.minus)
  table.set(1, own.instance.exports.one)
  expect([sq_minus(7, 2), sq_one(), go_data.value]).toEqual([5, 1, goData])
})
