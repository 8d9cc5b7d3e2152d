import { check, fill, quantile, type Workload } from './workload.ts'

/** Bytes of an echoed message: about those of a point select's frame. */
const ECHO_BYTES = 64

/** Calls between two looks at the clock, which pages see in steps of 0.1 ms only. */
const CALLS_PER_LOOK = 10

/** Point selects, each awaited, and in the same run as many bare echoes of a Worker. Latencies are means of CALLS_PER_LOOK calls. */
export const points: Workload = {
  prepare: fill,
  async run(adapter, { rows, calls }) {
    const echo = await echoes(calls)
    let call = 0
    const latencies = await timed(calls, async () => {
      const id = ((call++ * 7919) % rows) + 1
      const [row] = await adapter.all('SELECT id, name, v, grp FROM t WHERE id = ?', [id])
      check('row', row?.id, id)
    })
    const p50 = quantile(latencies, 0.5)
    const echoP50 = quantile(echo, 0.5)
    return { p50, p99: quantile(latencies, 0.99), echoP50, perEcho: p50 / echoP50 }
  },
}

/** Runs `once` `calls` times, one after the other; milliseconds a call. */
async function timed(calls: number, once: () => Promise<void>): Promise<number[]> {
  const latencies: number[] = []
  for (let done = 0; done < calls; done += CALLS_PER_LOOK) {
    const began = performance.now()
    for (let call = 0; call < CALLS_PER_LOOK; call++) await once()
    latencies.push((performance.now() - began) / CALLS_PER_LOOK)
  }
  return latencies
}

async function echoes(calls: number): Promise<number[]> {
  const worker = new Worker(new URL('./echo-worker.ts', import.meta.url), { type: 'module' })
  const once = () =>
    new Promise<void>((resolve) => {
      worker.onmessage = () => resolve()
      const frame = new ArrayBuffer(ECHO_BYTES)
      worker.postMessage(frame, [frame])
    })
  await once() // it has started
  const latencies = await timed(calls, once)
  worker.terminate()
  return latencies
}
