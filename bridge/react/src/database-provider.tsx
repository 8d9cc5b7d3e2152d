/** <DatabaseProvider>: gives a database to the tree below. */

import { useEffect, useState, type ReactNode } from 'react'
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
  const key = `${storage ?? 'opfs'} ${name} ${user ?? ''}`
  const [held, setHeld] = useState(() => ({ key, store: storeFor(options as OpenOptions<UntypedTables>) }))
  let { store } = held
  if (held.key !== key) {
    store = storeFor(options as OpenOptions<UntypedTables>)
    setHeld({ key, store })
  }
  useEffect(() => {
    const release = store.hold()
    if (connectOnMount) store.begin()
    return release
  }, [store, connectOnMount])
  return <StoreContext value={store}>{children}</StoreContext>
}
