/** The client on a bare page: browser tests open databases here, through the public face only. */

import * as rockpool from '@rockpool/client'
import { models } from '@rockpool/client/models'

declare global {
  interface Window {
    rockpool: typeof rockpool
    models: typeof models
    /** The relay that served this page. */
    relayUrl: string
  }
}

window.rockpool = rockpool
window.models = models
window.relayUrl = new URL('/sync', location.href).href
