/**
 * The running core: its exports behind one guard. After each call the guard
 * asks whether Go has exited, because after a panic exports still answer, with
 * nothing behind them.
 */

import { Memory } from './memory.ts'

/** What the Go program exports (wasm/edge). No export ever blocks. */
export interface CoreExports {
  readonly mem: WebAssembly.Memory
  rp_buffer(length: number): number
  rp_port_open(port: number): void
  rp_port_close(port: number): void
  rp_port_frame(port: number, length: number): void
  rp_socket(id: number, event: number, length: number, code: number): void
  rp_fetch(id: number, event: number, status: number, length: number): void
  rp_timer(): void
  /** 1: call again. */
  rp_run(): number
  rp_files(id: number, status: number, length: number): void
  /** 1: everything is closed. */
  rp_freeze(): number
}

/** Calls into the core. Once it is dead every call is a no-op. */
export class Core {
  readonly memory: Memory
  readonly #exports: CoreExports
  readonly #hasExited: () => boolean
  readonly #onDead: (why: string) => void
  #isDead = false

  constructor(exports: CoreExports, hasExited: () => boolean, onDead: (why: string) => void) {
    this.memory = new Memory(exports.mem)
    this.#exports = exports
    this.#hasExited = hasExited
    this.#onDead = onDead
  }

  get isDead(): boolean {
    return this.#isDead
  }

  /** Marks the core dead, once, and says so. */
  die(why: string): void {
    if (this.#isDead) return
    this.#isDead = true
    this.#onDead(why)
  }

  /** Runs one export. Returns 0 when the core is dead or dies of it. */
  call(run: (exports: CoreExports) => unknown): number {
    if (this.#isDead) return 0
    try {
      const result = run(this.#exports)
      if (this.#hasExited()) this.die('the core stopped with a panic')
      return typeof result === 'number' ? result : 0
    } catch (error) {
      this.die(error instanceof Error ? error.message : String(error))
      return 0
    }
  }

  /** Runs an export that takes bytes: copies them into the core's input buffer first. */
  send(bytes: Uint8Array, run: (exports: CoreExports, length: number) => void): void {
    this.call((exports) => {
      const at = exports.rp_buffer(bytes.length)
      this.memory.view(at, bytes.length).set(bytes)
      run(exports, bytes.length)
    })
  }
}
