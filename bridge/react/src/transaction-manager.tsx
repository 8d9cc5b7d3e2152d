/** <TransactionManager>: operations as one transaction, seen from here to the server. */

import { type ComponentType, useCallback, useEffect, useState } from 'react'
import { newKey, toError, type Confirmation, type OperationKind, type RockpoolError } from '@rockpool/client'
import { useLatest } from './use-latest.ts'
import { useWrites, type WriteStatus } from './use-transaction.ts'
import type { UndoProps } from './undo-button.tsx'
import { toText } from './words.ts'

/** The seed's props, and optional ones. `any` is the seed's own. */
export interface TransactionManagerProps {
  operations: Array<{ type: OperationKind; table: string; data: any }>
  /** It is durable here: one result an operation. */
  onSuccess: (
    results: any[],
    write?: { readonly confirmed: Promise<Confirmation>; readonly idempotencyKey: string },
  ) => void
  onError: (error: Error) => void
  /** Nothing of it stands any more, and why: it failed here, or the server refused it and its rows have left the view. */
  onRollback: (why?: RockpoolError) => void
  /** Runs once per value of `operations`, without the button. */
  auto?: boolean
  /** The button's text. */
  label?: string
  /** `UndoButton` of `@rockpool/react/undo`, or one like it: takes the last accepted run back. */
  undo?: ComponentType<UndoProps>
}

/** What people read. */
const TEXTS: { readonly [S in WriteStatus]: string } = {
  idle: 'Ready',
  running: 'Running',
  failed: 'Failed: nothing was changed',
  draft: 'Draft',
  applied: 'Applied',
  durable: 'Kept on this device',
  sent: 'Sent',
  accepted: 'Accepted by the server',
  conflicted: 'In conflict: waits for a decision',
  rejected: 'Refused',
  rolled_back: 'Refused by the server and rolled back',
  blocked: 'Blocked by an earlier write',
}

/**
 * Shows the operations and a button that runs them atomically. The rows show
 * at once; `onRollback` tells when they do not stand. With `auto` the key of
 * each value of `operations` makes a second run (StrictMode's second effect, a
 * remount of the same element) apply nothing.
 */
export function TransactionManager({
  operations,
  onSuccess,
  onError,
  onRollback,
  auto = false,
  label = 'Run transaction',
  undo: Undo,
}: TransactionManagerProps) {
  const { begin, status, error, confirmation } = useWrites()
  const latest = useLatest({ operations, onSuccess, onError, onRollback })
  const value = toText(operations)
  // State outlives StrictMode's second mount: a value that has begun keeps its key and is not begun again.
  const [keys] = useState(() => new Map<string, string>())

  const run = useCallback(
    async (idempotencyKey: string) => {
      const failed = (thrown: unknown) => {
        const problem = toError(thrown, 'run transaction')
        latest.current.onError(problem)
        // With an unknown outcome nothing was rolled back, as far as anybody knows.
        if (problem.kind !== 'outcome_unknown') latest.current.onRollback(problem)
      }
      try {
        const { results, confirmed } = await begin((database) =>
          database.execute(latest.current.operations, { idempotencyKey }),
        )
        latest.current.onSuccess(results, { confirmed, idempotencyKey })
        confirmed.catch((thrown: unknown) => {
          if (toError(thrown, '').kind !== 'closed') failed(thrown) // the page is going; the write is not
        })
      } catch (thrown) {
        failed(thrown)
      }
    },
    [begin, latest],
  )

  useEffect(() => {
    if (!auto || keys.has(value)) return
    const key = newKey()
    keys.set(value, key)
    void run(key)
  }, [auto, value, keys, run])

  return (
    <section className="rp-transaction" aria-label="Transaction" data-testid="transaction-manager">
      <ol>
        {operations.map((operation, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: operations have no name but their place, and two may be equal
          <li key={at}>
            <b className={`rp-op rp-op-${operation.type}`}>{operation.type}</b> <span>{operation.table}</span>{' '}
            <code>{toText(operation.data)}</code>
          </li>
        ))}
      </ol>
      <div className="rp-row">
        {!auto && (
          <button
            type="button"
            className="rp-primary"
            disabled={status === 'running' || operations.length === 0}
            onClick={() => {
              void run(newKey())
            }}
          >
            {label}
          </button>
        )}
        {Undo && <Undo mid={status === 'accepted' ? confirmation?.mid : undefined} begin={begin} onError={onError} />}
        <span role="status" data-status={status}>
          {TEXTS[status]}
        </span>
      </div>
      {error !== null && (
        <p className="rp-problem" role="alert">
          {error.message}
        </p>
      )}
    </section>
  )
}
