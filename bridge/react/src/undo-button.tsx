/** <UndoButton>: takes an accepted transaction back. A module of its own, `@rockpool/react/undo`, for who wants it. */

import { useEffect, type ReactNode } from 'react'
import { undo } from '@rockpool/client/undo'
import { useClient } from './context.ts'
import type { useWrites } from './use-transaction.ts'
import { asError } from './words.ts'

export interface UndoProps {
  /** What may be undone; nothing yet: undefined. */
  readonly mid: number | undefined
  /** Runs the new transaction, and shows where it stands. */
  readonly begin: ReturnType<typeof useWrites>['begin']
  readonly onError: (error: Error) => void
}

/** Shown once there is something to undo. A row that has changed since stays, and the error names it. */
export function UndoButton({ mid, begin, onError }: UndoProps): ReactNode {
  const client = useClient()
  // What a transaction did is told to tabs that have listed the outbox.
  useEffect(() => {
    client?.outbox.list().catch(() => {}) // a closed database: nothing to undo
  }, [client])
  if (mid === undefined) return null
  return (
    <button
      type="button"
      onClick={() => {
        begin((database) => undo(database, mid)).catch((thrown: unknown) => {
          onError(asError(thrown))
        })
      }}
    >
      Undo
    </button>
  )
}
