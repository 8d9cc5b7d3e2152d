/** The tabs' ports, numbered for the core. */

import { broadcastLink } from './broadcast-link.ts'
import type { ControlError, OnPort } from './control.ts'
import type { Core } from './core.ts'
import { PAGE_TABLES } from './gen/tables.ts'
import { portLink, type Link, type LinkEvents, type Port } from './link.ts'

/** Tabs that one Worker serves at most. */
export const PORTS_MAX = 64

/** Connects links to the core. Pings are answered here: a long step in C must not look like a dead tab. */
export class Ports {
  readonly #core: () => Core
  readonly #links = new Map<number, Link>()
  #next = 1

  constructor(core: () => Core) {
    this.#core = core
  }

  /** Adopts a port, until it says bye. */
  adopt(port: Port): void {
    this.#add((events) => portLink(port, events))
  }

  /** Serves a tab over a BroadcastChannel of that name. */
  listen(name: string): void {
    this.#add((events) => broadcastLink(new BroadcastChannel(name), 'worker', events))
  }

  /** Sends a frame of the core's; the buffer is transferred. */
  post(port: number, frame: ArrayBuffer): void {
    this.#links.get(port)?.post(frame)
  }

  /** Tells every tab that this Worker is going, then forgets them. */
  goneAll(error?: ControlError): void {
    for (const link of this.#links.values()) {
      link.tell(error === undefined ? { rp: 'gone' } : { rp: 'gone', error })
      link.close()
    }
    this.#links.clear()
  }

  #add(open: (events: LinkEvents) => Link): void {
    const id = this.#next++
    const link = open({
      frame: (frame) => {
        this.#core().send(new Uint8Array(frame), (go, length) => go.rp_port_frame(id, length))
      },
      control: (message) => {
        this.#control(id, message)
      },
    })
    if (this.#links.size >= PORTS_MAX) {
      link.tell({
        rp: 'gone',
        error: {
          kind: 'limit_exceeded',
          op: 'join the database',
          message: `${PORTS_MAX} tabs are open already`,
          hint: 'close a tab of this site',
        },
      })
      link.close()
      return
    }
    this.#links.set(id, link)
    link.tell({ rp: 'tables', text: PAGE_TABLES })
    this.#core().call((go) => go.rp_port_open(id))
  }

  #control(id: number, message: OnPort): void {
    const link = this.#links.get(id)
    if (link === undefined) return
    switch (message.rp) {
      case 'ping':
        link.tell({ rp: 'pong', n: message.n })
        return
      case 'bye':
      case 'gone':
        this.#links.delete(id)
        this.#core().call((go) => go.rp_port_close(id))
        link.close()
        return
      case 'pong':
      case 'tables':
        return
      default: {
        const never: never = message
        void never
      }
    }
  }
}
