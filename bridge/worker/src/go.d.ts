/** What wasm_exec.js, the toolchain's own file at the root, puts on globalThis. */

interface GoProgram {
  argv: string[]
  env: Record<string, string>
  /** Set when main has returned or panicked; exports still answer after that, with nothing behind them. */
  readonly exited: boolean
  readonly importObject: Record<string, Record<string, CallableFunction>>
  exit(code: number): void
  /** Runs main until it waits; the promise resolves when the program has ended. */
  run(instance: WebAssembly.Instance): Promise<void>
}

declare const Go: new () => GoProgram

declare module '*/wasm_exec.js' {}
