/** As main.ts, with the clients that tests/clients.spec.ts runs, unmodified. */

import './main.ts'
import * as kysely from 'kysely'
import { RockpoolDialect } from '@rockpool/kysely'

const clients = { kysely, RockpoolDialect }

declare global {
  interface Window {
    clients: typeof clients
  }
}

window.clients = clients
