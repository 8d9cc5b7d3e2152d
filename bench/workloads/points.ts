import { check, fill, quantile, type Workload } from './workload.ts'

/** Bytes of an echoed message: about those of a point select's frame. */
const ECHO_BYTES = 64

/** Calls between two looks at the clock, which pages see in steps of 0.1 ms only. */
const CALLS_PER_LOOK = 10

/**
 * Point selects, each awaited, and as many bare echoes of a Worker: ten of
 * these and ten of those by turns, so that what else the machine does falls on
 * both. Latencies are means of CALLS_PER_LOOK calls.
 */
export const points: Workload = {
  prepare: fill,
  async run(adapter, { rows, calls }) {
    const echo = echoes()
    let call = 0
    const select = async () => {
      const id = ((call++ * 7919) % rows) + 1
      const [row] = await adapter.all('SELECT id, name, v, grp FROM t WHERE id = ?', [id])
      check('row', row?.id, id)
    }
    await echo.once() // it has started
    const selected: number[] = []
    const echoed: number[] = []
    for (let done = 0; done < calls; done += CALLS_PER_LOOK) {
      echoed.push(await mean(echo.once))
      selected.push(await mean(select))
    }
    echo.end()
    const p50 = quantile(selected, 0.5)
    const echoP50 = quantile(echoed, 0.5)
    return { p50, p99: quantile(selected, 0.99), echoP50, perEcho: p50 / echoP50 }
  },
}

/** Milliseconds of one of CALLS_PER_LOOK calls, one after the other. */
async function mean(once: () => Promise<void>): Promise<number> {
  const began = performance.now()
  for (let call = 0; call < CALLS_PER_LOOK; call++) await once()
  return (performance.now() - began) / CALLS_PER_LOOK
}

/** A Worker that sends back what it gets. */
function echoes(): { once(): Promise<void>; end(): void } {
  const worker = new Worker(new URL('./echo-worker.ts', import.meta.url), { type: 'module' })
  return {
    once: () =>
      new Promise((resolve) => {
        worker.onmessage = () => resolve()
        const frame = new ArrayBuffer(ECHO_BYTES)
        worker.postMessage(frame, [frame])
      }),
    end: () => worker.terminate(),
  }
}
