/**
 * Whether a page has revoked a blob: URL: the one thing that a Worker can ask
 * in the middle of a long step, when no message reaches it.
 */

let canTell: boolean | undefined

/** Waits for the browser's answer. False where a blob: URL cannot be read at all, as under a policy that forbids it. */
export function isRevoked(url: string): boolean {
  if (canTell === undefined) {
    const own = typeof XMLHttpRequest === 'undefined' ? '' : URL.createObjectURL(new Blob())
    canTell = own !== '' && stands(own)
    URL.revokeObjectURL(own)
  }
  return canTell && !stands(url)
}

function stands(url: string): boolean {
  const request = new XMLHttpRequest()
  request.open('GET', url, false)
  try {
    request.send()
    return true
  } catch {
    return false
  }
}
