/** Watches the page's thread: how long one task has kept it. */

/** Runs `work` and returns the longest time between two turns of the page's event loop, in milliseconds. */
export async function longestTurn(work: () => Promise<void>): Promise<number> {
  const { port1, port2 } = new MessageChannel()
  let last = performance.now()
  let longest = 0
  let isOver = false
  port1.onmessage = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    if (isOver) port1.close()
    else port2.postMessage(0)
  }
  port2.postMessage(0)
  await work()
  const now = performance.now()
  longest = Math.max(longest, now - last)
  isOver = true
  return longest
}
