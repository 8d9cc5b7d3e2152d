/** What a workload is: it drives one contender once and returns figures. */

import type { Adapter, RowValues } from '../adapters/adapter.ts'

/** Figures of one run by name: milliseconds unless the name says otherwise. */
export type Sample = Record<string, number>

/** How much work. */
export interface Size {
  /** Rows of the large table. */
  readonly rows: number
  /** Small durable transactions, and point selects. */
  readonly calls: number
  /** Milliseconds of rest before a run: what the run before has left for idle time, as a checkpoint, ends in it. */
  readonly rest: number
}

/** One workload. */
export interface Workload {
  /** Brings the contender to the state that `run` needs; not measured. */
  prepare(adapter: Adapter, size: Size): Promise<void>
  run(adapter: Adapter, size: Size): Promise<Sample>
}

/** Row number `id` of the large table, about 45 bytes. */
export function rowOf(id: number): RowValues {
  return [id, `name of row ${id}`, id * 1.5, id % 100]
}

/** Rows 1 to n. */
export function rowsOf(n: number): RowValues[] {
  return Array.from({ length: n }, (_, at) => rowOf(at + 1))
}

/** Fills the large table unless it holds its rows already. */
export async function fill(adapter: Adapter, { rows }: Size): Promise<void> {
  const [found] = await adapter.all('SELECT count(*) AS n FROM t', [])
  if (found?.n === rows) return
  await adapter.fresh()
  await adapter.insertMany(rowsOf(rows))
}

/** Fails the run when a contender did not do the work. */
export function check(what: string, got: unknown, want: unknown): void {
  if (got !== want) throw new Error(`${what}: got ${String(got)}, want ${String(want)}`)
}

/** The q-quantile of numbers, by the nearest rank. */
export function quantile(numbers: readonly number[], q: number): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN
}
