/** The client on a bare page: browser tests open databases here, through the public face only. */

import * as rockpool from '@rockpool/client'
import { models } from '@rockpool/client/models'
import { resolveConflicts } from '@rockpool/client/resolver'
import { undo } from '@rockpool/client/undo'

declare global {
  interface Window {
    rockpool: typeof rockpool
    models: typeof models
    resolveConflicts: typeof resolveConflicts
    undo: typeof undo
    /** The relay that served this page. */
    relayUrl: string
  }
}

window.rockpool = rockpool
window.models = models
window.resolveConflicts = resolveConflicts
window.undo = undo
window.relayUrl = new URL('/sync', location.href).href
