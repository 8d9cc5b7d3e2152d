/** Waits for a condition, by turns of the event loop; fails after a bound. */
export async function until(what: string, holds: () => boolean, milliseconds = 9_000): Promise<void> {
  const end = performance.now() + milliseconds
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${milliseconds} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
