/** useTransaction: writes with their state. */

import { useCallback, useEffect, useRef, useState } from 'react'
import {
  toError,
  type Confirmation,
  type DatabaseOperation,
  type RockpoolError,
  type UntypedTables,
  type Transaction,
  type TransactionOptions,
  type TransactionState,
} from '@rockpool/client'
import { useStore } from './context.ts'

/** Where the last write of this hook stands. */
export type WriteStatus = 'idle' | 'running' | 'failed' | TransactionState

/** What useTransaction gives. */
export interface TransactionHook {
  /** Runs operations, or a function in an interactive transaction. Resolves when it is durable here. */
  readonly run: <T = unknown>(
    work: readonly DatabaseOperation[] | ((tx: Transaction<UntypedTables>) => Promise<T>),
    options?: TransactionOptions,
  ) => Promise<T>
  readonly status: WriteStatus
  readonly error: RockpoolError | null
  readonly results: unknown
  /** Set when the server has decided without refusing. */
  readonly confirmation: Confirmation | null
  readonly reset: () => void
}

interface Progress {
  readonly status: WriteStatus
  readonly error: RockpoolError | null
  readonly results: unknown
  readonly confirmation: Confirmation | null
}
const IDLE: Progress = { status: 'idle', error: null, results: null, confirmation: null }

/** Runs writes and follows the last one from here to the server. */
export function useTransaction(): TransactionHook {
  const store = useStore()
  const [progress, setProgress] = useState(IDLE)
  const latest = useRef(0)
  const isMounted = useRef(false)
  useEffect(() => {
    isMounted.current = true
    return () => {
      isMounted.current = false
    }
  }, [])

  const run = useCallback(
    async <T>(
      work: readonly DatabaseOperation[] | ((tx: Transaction<UntypedTables>) => Promise<T>),
      options: TransactionOptions = {},
    ): Promise<T> => {
      const turn = ++latest.current
      const show = (change: Partial<Progress>) => {
        if (isMounted.current && latest.current === turn) setProgress((before) => ({ ...before, ...change }))
      }
      show({ ...IDLE, status: 'running' })
      try {
        const database = await store.database()
        const write =
          typeof work === 'function'
            ? database.transaction(work, options)
            : (database.transaction(work, options) as unknown as ReturnType<typeof database.transaction<T>>)
        const results = await write
        show({ status: 'durable', results })
        write.confirmed.then(
          (confirmation) => {
            show({
              status:
                confirmation.status === 'parked'
                  ? 'conflicted'
                  : confirmation.status === 'local'
                    ? 'durable'
                    : 'accepted',
              confirmation,
            })
          },
          (error: unknown) => {
            show({
              status: toError(error, '').kind === 'blocked' ? 'blocked' : 'rolled_back',
              error: toError(error, 'run transaction'),
            })
          },
        )
        return results
      } catch (thrown) {
        show({ status: 'failed', error: toError(thrown, 'run transaction') })
        throw thrown
      }
    },
    [store],
  )
  const reset = useCallback(() => {
    latest.current++
    setProgress(IDLE)
  }, [])
  return { run, reset, ...progress }
}
