/** useTransaction: writes with their state. */

import { useCallback, useRef, useState } from 'react'
import {
  toError,
  type Confirmation,
  type Database,
  type DatabaseOperation,
  type RockpoolError,
  type UntypedTables,
  type Transaction,
  type TransactionOptions,
  type TransactionState,
  type Write,
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

/** What a write's status is when the server has settled it; else accepted. */
const SETTLED: { readonly [S in Confirmation['status']]?: WriteStatus } = { local: 'durable', parked: 'conflicted' }

/** Runs writes and follows the last one from here to the server. */
export function useTransaction(): TransactionHook {
  const { begin, ...rest } = useWrites()
  const run = useCallback(
    async <T>(
      work: readonly DatabaseOperation[] | ((tx: Transaction<UntypedTables>) => Promise<T>),
      options: TransactionOptions = {},
    ): Promise<T> =>
      // The overloads of `transaction` do not take the union of their arguments.
      (await begin((database) => database.transaction(work as () => Promise<T>, options))).results,
    [begin],
  )
  return { run, ...rest }
}

/** As useTransaction, for any write: `begin` resolves when it is durable here. */
export function useWrites() {
  const store = useStore()
  const [progress, setProgress] = useState(IDLE)
  const latest = useRef(0)

  const begin = useCallback(
    async <T>(start: (database: Database<UntypedTables>) => Write<T>) => {
      const turn = ++latest.current
      const show = (change: Partial<Progress>) => {
        if (latest.current === turn) setProgress((before) => ({ ...before, ...change }))
      }
      show({ ...IDLE, status: 'running' })
      try {
        const write = start(await store.database())
        const results = await write
        const { confirmed } = write
        show({ status: 'durable', results })
        confirmed.then(
          (confirmation) => {
            show({ status: SETTLED[confirmation.status] ?? 'accepted', confirmation })
          },
          (thrown: unknown) => {
            const error = toError(thrown, 'run transaction')
            // A closed database says nothing of the write, which goes on.
            if (error.kind !== 'closed') show({ status: error.kind === 'blocked' ? 'blocked' : 'rolled_back', error })
          },
        )
        return { results, confirmed }
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
  return { begin, reset, ...progress }
}
