/** <ConflictResolver>: both sides of each open conflict, and a decision. */

import type { Conflict } from '@rockpool/client'
import type { ConflictCardProps, Decision } from './conflict-card.tsx'
import { later } from './later.tsx'
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

/** Most pages have no conflict to show. */
const ConflictCard = later<ConflictCardProps>(
  ({ conflict }) => `A conflict in ${conflict.table}`,
  async () => (await import('./conflict-card.tsx')).ConflictCard,
)

/** Lists conflicts; each one, or all of a table, can be kept as mine, as theirs, or column by column, or edited. */
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
        conflicts.map((conflict) => (
          <ConflictCard
            key={conflict.id}
            conflict={conflict}
            all={conflicts}
            onResolved={onResolved}
            onError={failed}
          />
        ))
      )}
    </section>
  )
}
