/** The client on a bare page: browser tests open databases here, through the public face only. */

import * as rockpool from '@rockpool/client'

declare global {
  interface Window {
    rockpool: typeof rockpool
    /** The relay that served this page. */
    relayUrl: string
  }
}

window.rockpool = rockpool
window.relayUrl = new URL('/sync', location.href).href
