/** The middle of numbers. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

/** Samples ({ figure: number }[]) to { figure: { median, min, max } }. */
export function summarise(samples) {
  const summary = {}
  for (const figure of Object.keys(samples[0] ?? {})) {
    const numbers = samples.map((sample) => sample[figure])
    summary[figure] = { median: median(numbers), min: Math.min(...numbers), max: Math.max(...numbers) }
  }
  return summary
}
