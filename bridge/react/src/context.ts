/** The seed's context, to the letter, and what it stands on. */

import { createContext, use, useMemo } from 'react'
import {
  type Database,
  type DatabaseHealth,
  type DatabaseOperation,
  failure,
  type RockpoolError,
  type Stats,
  type UntypedTables,
} from '@rockpool/client'
import { SERVER_SNAPSHOT, type ConnectionSnapshot, type ConnectionStore } from './connection-store.ts'
import { useReadable } from './use-readable.ts'

/** The connection to a database in this browser. */
export interface DatabaseConnection {
  readonly name: string
  readonly state: ConnectionSnapshot['state']
  readonly health: DatabaseHealth
  stats(): Promise<Stats>
  close(): Promise<void>
  /** The whole client: builder, live queries, sync, conflicts, outbox. */
  readonly database: Database<UntypedTables>
}

/** The seed's interface. `any` is the seed's own. */
export interface DatabaseContextValue {
  connection: DatabaseConnection | null
  connect: () => Promise<void>
  disconnect: () => Promise<void>
  /** The local database is open and its leading tab answers. Being offline never makes it false. */
  isConnected: boolean
  /** Runs SQL with bound parameters; resolves to rows. Connects first if that was not done yet. */
  executeQuery: (query: string, params?: any[]) => Promise<any>
  /** Runs operations as one transaction; one result an operation: the row after it, or the key of a deleted one. */
  executeTransaction: (operations: DatabaseOperation[]) => Promise<any[]>
  /** Why it is not connected, or null. */
  error: RockpoolError | null
}

/** The store of the nearest provider. */
export const StoreContext = createContext<ConnectionStore | null>(null)

/** The store of the nearest provider. @throws when there is none: a mistake in the app. */
export function useStore(): ConnectionStore {
  const store = use(StoreContext)
  if (store === null)
    throw failure('invalid_argument', 'use database', 'there is no <DatabaseProvider> above this component')
  return store
}

/** Where the connection stands; re-renders when that changes. */
export function useConnection(): ConnectionSnapshot {
  return useReadable(useStore(), SERVER_SNAPSHOT)
}

/** The database, or null before the first attempt and on servers. */
export function useClient(): Database<UntypedTables> | null {
  return useConnection().database
}

/** The seed's context value: connection, connect, disconnect, isConnected, executeQuery, executeTransaction. */
export function useDatabase(): DatabaseContextValue {
  const store = useStore()
  const snapshot = useConnection()
  return useMemo(() => contextOf(store, snapshot), [store, snapshot])
}

function contextOf(
  store: ConnectionStore,
  { database, state, isConnected, error }: ConnectionSnapshot,
): DatabaseContextValue {
  const { connect, disconnect, executeQuery, executeTransaction } = store
  return {
    connect,
    disconnect,
    executeQuery,
    executeTransaction,
    isConnected,
    error,
    connection: database && {
      name: database.name,
      state,
      database,
      stats: () => database.stats(),
      close: disconnect,
      get health() {
        return database.health.get()
      },
    },
  }
}
