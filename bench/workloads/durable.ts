import type { Adapter } from '../adapters/adapter.ts'
import { check, quantile, rowOf, type Sample, type Size, type Workload } from './workload.ts'

/** Small durable transactions with `inFlight` of them awaited at a time. */
function durable(inFlight: number): Workload {
  return {
    prepare: (adapter) => adapter.fresh(),
    async run(adapter: Adapter, { calls }: Size): Promise<Sample> {
      const latencies: number[] = []
      let next = 1
      const writer = async () => {
        while (next <= calls) {
          const row = rowOf(next++)
          const began = performance.now()
          await adapter.insertOne(row)
          latencies.push(performance.now() - began)
        }
      }
      const began = performance.now()
      await Promise.all(Array.from({ length: inFlight }, writer))
      const ms = performance.now() - began
      const [found] = await adapter.all('SELECT count(*) AS n FROM t', [])
      check('rows', found?.n, calls)
      return { ms, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), max: quantile(latencies, 1) }
    },
  }
}

/** One after the other: each is awaited before the next begins. */
export const durableSerial = durable(1)

/** Eight in flight. */
export const durableEight = durable(8)
