/**
 * Turns on the page's thread. Encoding and decoding work in slices of at most SLICE_MS and
 * gives way in between, so that the page keeps its frames.
 */

/** Milliseconds that they may hold the page at a time: half a frame at 60 Hz. */
export const SLICE_MS = 8

/** A piece of work: does some, returns whether more is left. */
export type Work = () => boolean

const waiting: Work[] = []
let isScheduled = false
let channel: MessageChannel | undefined
let spentUntil = 0

function laterTurn(): void {
  if (channel === undefined) {
    channel = new MessageChannel()
    // Node keeps a process alive for an open port; a page has no such thing.
    const port: MessagePort & { unref?: () => void } = channel.port1
    port.onmessage = () => {
      isScheduled = false
      drain(performance.now() + SLICE_MS)
    }
    port.unref?.()
  }
  if (isScheduled) return
  isScheduled = true
  channel.port2.postMessage(0)
}

function drain(until: number): void {
  spentUntil = until
  for (;;) {
    const work = waiting[0]
    if (work === undefined) return
    while (work()) {
      if (performance.now() >= until) {
        laterTurn()
        return
      }
    }
    waiting.shift()
    if (waiting.length > 0 && performance.now() >= until) {
      laterTurn()
      return
    }
  }
}

/** Runs work in slices; settles when it has ended or thrown. */
export function sliced(work: Work): Promise<void> {
  return new Promise((resolve, reject) => {
    inSlices(() => {
      try {
        if (work()) return true
        resolve()
      } catch (thrown) {
        reject(thrown)
      }
      return false
    })
  })
}

/**
 * Runs work in slices, first come first served. It starts at once when nothing
 * else waits and the current slice has time left, so a small result costs no
 * extra turn.
 */
export function inSlices(work: Work): void {
  waiting.push(work)
  if (isScheduled) return
  const now = performance.now()
  if (waiting.length > 1) return
  drain(now < spentUntil ? spentUntil : now + SLICE_MS)
}
