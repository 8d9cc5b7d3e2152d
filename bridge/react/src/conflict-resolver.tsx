/** <ConflictResolver>: both sides of each open conflict, and a decision. */

import { lazy, Suspense } from 'react'
import type { Conflict } from '@rockpool/client'
import type { ConflictCardProps, Decision } from './conflict-card.tsx'
import { useConflicts } from './use-watched.ts'
import { asError } from './words.ts'

export interface ConflictResolverProps {
  /** Only these tables; all by default. */
  readonly tables?: readonly string[]
  readonly onResolved?: (conflict: Conflict, choice: Decision) => void
  readonly onError?: (error: Error) => void
  /** Also shows conflicts that a rule has settled, to be looked at and dismissed. Default false. */
  readonly showSettled?: boolean
}

/** Most pages have no conflict to show: what shows one is a chunk of its own, which a build's service worker keeps. */
const ConflictCard = lazy(() =>
  import('./conflict-card.tsx').then(
    (module) => ({ default: module.ConflictCard }),
    () => ({ default: NotLoaded }),
  ),
)

/** The chunk is not there: no network and no service worker, or a build that was replaced. The conflict stays as it is. */
function NotLoaded({ conflict }: ConflictCardProps) {
  return (
    <p className="rp-problem" role="alert">
      A conflict in {conflict.table} cannot be shown: a part of this page could not be loaded. Reload the page with a
      network.
    </p>
  )
}

/** Lists conflicts; each one can be kept as mine, as theirs, or column by column. */
export function ConflictResolver({ tables, onResolved, onError, showSettled = false }: ConflictResolverProps) {
  const conflicts = useConflicts().filter(
    (conflict) => (conflict.isOpen || showSettled) && (tables === undefined || tables.includes(conflict.table)),
  )
  const failed = (thrown: unknown) => onError?.(asError(thrown))
  return (
    <section className="rp-conflicts" aria-label="Conflicts" data-testid="conflict-resolver">
      {conflicts.length === 0 ? (
        <p className="rp-soft">No conflicts</p>
      ) : (
        <Suspense fallback={<p className="rp-soft">Loading</p>}>
          {conflicts.map((conflict) => (
            <ConflictCard key={conflict.id} conflict={conflict} onResolved={onResolved} onError={failed} />
          ))}
        </Suspense>
      )}
    </section>
  )
}
