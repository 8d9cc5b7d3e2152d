/** <DatabaseProvider>: gives a database to the tree below. */

import { useEffect, useMemo, type ReactNode } from 'react'
import type { OpenOptions, UntypedTables } from '@rockpool/client'
import { storeFor } from './connection-store.ts'
import { StoreContext } from './context.ts'

/** What `open` takes, and what the tree does with it. Options count when the name is first used; a changed name or user opens another database. */
export interface DatabaseProviderProps extends OpenOptions<any> {
  readonly children?: ReactNode
  /** False waits for `connect()`, a query or a write. Default true. */
  readonly connectOnMount?: boolean
}

/**
 * Opens a database once per name and shares it: StrictMode's second mount, and
 * other providers of the name, find the same one. It closes a few seconds
 * after the last provider is gone.
 *
 * @example
 * <DatabaseProvider name="shop" relay={{ url: '/sync' }}><App /></DatabaseProvider>
 */
export function DatabaseProvider({ children, connectOnMount = true, ...options }: DatabaseProviderProps) {
  const { name, user, storage } = options
  // biome-ignore lint/correctness/useExhaustiveDependencies: the other options count when the name is first used
  const store = useMemo(() => storeFor(options as OpenOptions<UntypedTables>), [name, user, storage])
  useEffect(() => {
    const release = store.hold()
    if (connectOnMount) store.begin()
    return release
  }, [store, connectOnMount])
  return <StoreContext value={store}>{children}</StoreContext>
}
