/// <reference types="vite/client" />
/** As main.ts, with the clients that tests/clients.spec.ts runs, unmodified. */

import './main.ts'
import * as kysely from 'kysely'
import * as orm from 'drizzle-orm'
import * as columns from 'drizzle-orm/sqlite-core'
import * as drizzle from '@rockpool/drizzle'
import { RockpoolDialect } from '@rockpool/kysely'
import { PrismaRockpool } from '@rockpool/prisma'
import { localFetch as planetscaleFetch } from '@rockpool/planetscale'
import * as planetscale from '@planetscale/database'
import { createClient } from '@supabase/supabase-js'
import { localFetch, realtimeTransport } from '@rockpool/supabase'
import { runOperations, type Client } from '../../../bridge/prisma/test/operations.ts'

// Prisma's runtime for browsers asks for it without a look whether it is there: pages have it only with COOP and COEP.
globalThis.SharedArrayBuffer ??= class {} as unknown as SharedArrayBufferConstructor // nothing is an instance of it

// A glob, as the client is there once it is generated, and types are checked without it.
const generated = import.meta.glob<{ PrismaClient: new (options: object) => Client }>(
  '../../../build/prisma/browser/client.ts',
)

/** Prisma's client of bridge/prisma/test/schema.prisma. */
async function prismaOf(database: ConstructorParameters<typeof PrismaRockpool>[0]): Promise<Client> {
  const [load] = Object.values(generated)
  if (load === undefined) throw new Error('the client is not generated: npm run build -w @rockpool/e2e')
  const { PrismaClient } = await load()
  return new PrismaClient({ adapter: new PrismaRockpool(database) })
}

const clients = {
  planetscale,
  planetscaleFetch,
  kysely,
  RockpoolDialect,
  drizzle,
  orm,
  columns,
  prismaOf,
  runOperations,
  createClient,
  localFetch,
  realtimeTransport,
}

declare global {
  interface Window {
    clients: typeof clients
  }
}

window.clients = clients
