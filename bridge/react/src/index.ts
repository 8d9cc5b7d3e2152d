/** The public face of @rockpool/react. */

export { DatabaseProvider, type DatabaseProviderProps } from './database-provider.tsx'
export {
  DatabaseErrorBoundary,
  type DatabaseErrorBoundaryProps,
  type DatabaseFallbackProps,
} from './database-error-boundary.tsx'
export { useClient, useConnection, useDatabase, type DatabaseConnection, type DatabaseContextValue } from './context.ts'
export {
  useQuery,
  useSuspenseQuery,
  type QuerySource,
  type QueryState,
  type SelectOptions,
  type UseQueryOptions,
} from './use-query.ts'
export { useTransaction, type TransactionHook, type WriteStatus } from './use-transaction.ts'
export { useConflicts, useHealth, useOutbox, useSyncStatus } from './use-watched.ts'
export { QueryBuilder, type QueryBuilderProps } from './query-builder.tsx'
export { TransactionManager, type TransactionManagerProps } from './transaction-manager.tsx'
export { CacheSync, type CacheSyncProps } from './cache-sync.tsx'
export { ConflictResolver, type ConflictResolverProps } from './conflict-resolver.tsx'
export type { ConnectionSnapshot, ConnectionState } from './connection-store.ts'
