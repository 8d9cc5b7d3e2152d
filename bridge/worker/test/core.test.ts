import { describe, expect, test } from 'vitest'
import { Core, type CoreExports } from '../src/core.ts'

function fake(change: Partial<CoreExports> = {}) {
  const mem = new WebAssembly.Memory({ initial: 1 })
  let exited = false
  const dead: string[] = []
  const frames: number[][] = []
  const exports: CoreExports = {
    mem,
    rp_buffer: () => 64,
    rp_port_open: () => {},
    rp_port_close: () => {},
    rp_port_frame: (port, length) => {
      frames.push([port, ...new Uint8Array(mem.buffer, 64, length)])
    },
    rp_socket: () => {},
    rp_fetch: () => {},
    rp_timer: () => {},
    rp_run: () => 1,
    rp_files: () => {},
    rp_freeze: () => 0,
    ...change,
  }
  const core = new Core(
    exports,
    () => exited,
    (why) => dead.push(why),
  )
  return {
    core,
    mem,
    dead,
    frames,
    exit: () => {
      exited = true
    },
  }
}

describe('Core', () => {
  test('bytes are copied in, also when asking for the buffer grows the memory', () => {
    const { core, frames, mem } = fake({
      rp_buffer: () => {
        mem.grow(1)
        return 64
      },
    })
    core.send(new Uint8Array([1, 2]), (go, length) => {
      go.rp_port_frame(7, length)
    })
    core.send(new Uint8Array([3]), (go, length) => {
      go.rp_port_frame(8, length)
    })
    expect(frames).toEqual([
      [7, 1, 2],
      [8, 3],
    ])
  })

  test('a panic inside an export is noticed although it returns, and told once', () => {
    const { core, dead, exit } = fake({
      rp_run: () => {
        exit()
        return 1
      },
    })
    core.call((go) => go.rp_run())
    expect(dead).toEqual(['the core stopped with a panic'])
    expect(core.call((go) => go.rp_run())).toBe(0)
    core.die('again')
    expect(dead).toHaveLength(1)
  })

  test('a trap is death too', () => {
    const { core, dead } = fake({
      rp_timer: () => {
        throw new WebAssembly.RuntimeError('unreachable')
      },
    })
    core.call((go) => {
      go.rp_timer()
    })
    expect(dead).toEqual(['unreachable'])
  })

  test('an address outside the memory is refused', () => {
    const { core } = fake()
    expect(() => core.memory.view(65_530, 10)).toThrow(RangeError)
    expect(() => core.memory.view(-1, 4)).toThrow(RangeError)
    expect(core.memory.copy(65_526, 10).byteLength).toBe(10)
  })
})
