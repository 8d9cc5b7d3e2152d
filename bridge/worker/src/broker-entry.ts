/**
 * The SharedWorker: it introduces tabs to each other and carries no frames.
 * A tab says who it is (`iam`), then sends `to` another tab with a port that
 * is transferred on. It keeps no other state and may be killed at any time.
 */

import type { FromBroker, ToBroker } from './broker-messages.ts'

const tabs = new Map<string, MessagePort>()

// SharedWorkerGlobalScope is not in TypeScript's DOM library.
;(globalThis as unknown as { onconnect: (event: MessageEvent) => void }).onconnect = (event) => {
  const tab = event.ports[0]
  if (tab === undefined) return
  tab.onmessage = ({ data }: MessageEvent<ToBroker>) => {
    if ('iam' in data) {
      tabs.set(data.iam, tab)
    } else if ('bye' in data) {
      tabs.delete(data.bye)
    } else {
      const other = tabs.get(data.to)
      if (other === undefined) tab.postMessage({ unknown: data.to } satisfies FromBroker)
      else other.postMessage({ from: data.from, port: data.port } satisfies FromBroker, [data.port])
    }
  }
}
