/** <ConflictResolver>: both sides of each open conflict, and a decision. */

import { useId, useState } from 'react'
import type { Conflict, Row } from '@rockpool/client'
import { useConflicts } from './use-watched.ts'
import { asError } from './words.ts'

export interface ConflictResolverProps {
  /** Only these tables; all by default. */
  readonly tables?: readonly string[]
  readonly onResolved?: (conflict: Conflict, choice: 'mine' | 'theirs' | 'edited') => void
  readonly onError?: (error: Error) => void
  /** Also shows conflicts that a rule has settled, to be looked at and dismissed. Default false. */
  readonly showSettled?: boolean
}

/** Lists conflicts; each one can be kept as mine, as theirs, or column by column. */
export function ConflictResolver({ tables, onResolved, onError, showSettled = false }: ConflictResolverProps) {
  const conflicts = useConflicts().filter(
    (conflict) => (conflict.isOpen || showSettled) && (tables === undefined || tables.includes(conflict.table)),
  )
  return (
    <section className="rp-conflicts" aria-label="Conflicts" data-testid="conflict-resolver">
      {conflicts.length === 0 ? (
        <p className="rp-soft">No conflicts</p>
      ) : (
        conflicts.map((conflict) => (
          <One key={conflict.id} conflict={conflict} onResolved={onResolved} onError={onError} />
        ))
      )}
    </section>
  )
}

function text(value: Row[string] | undefined): string {
  if (value === null || value === undefined) return 'nothing'
  return value instanceof Uint8Array ? `${value.length} bytes` : String(value)
}

type Decision = 'mine' | 'theirs' | 'edited'

interface OneProps {
  readonly conflict: Conflict
  readonly onResolved: ConflictResolverProps['onResolved']
  readonly onError: ConflictResolverProps['onError']
}

function One({ conflict, onResolved, onError }: OneProps) {
  const { localData: mine, remoteData: theirs } = conflict
  const sides = { mine, theirs }
  const [picks, setPicks] = useState<Readonly<Record<string, keyof typeof sides>>>({})
  const [isBusy, setBusy] = useState(false)
  const id = useId()
  const names = [...new Set([...Object.keys(mine ?? {}), ...Object.keys(theirs ?? {})])]
  const differing = names.filter((name) => text(mine?.[name]) !== text(theirs?.[name]))

  const settle = async (choice: Decision) => {
    setBusy(true)
    try {
      await conflict.resolve(choice === 'edited' ? edited() : choice)
      onResolved?.(conflict, choice)
    } catch (thrown) {
      onError?.(asError(thrown))
    } finally {
      setBusy(false)
    }
  }
  const isChoice = conflict.isOpen && mine !== null && theirs !== null
  const edited = (): Row => {
    const row: Row = { ...conflict.key, ...(theirs ?? mine) }
    for (const name of differing) row[name] = sides[picks[name] ?? 'theirs']?.[name] ?? null
    return row
  }
  const decision = (choice: Decision, label: string) => (
    <button type="button" disabled={isBusy} onClick={() => void settle(choice)}>
      {label}
    </button>
  )

  return (
    <article aria-labelledby={id} data-conflict={conflict.id}>
      <h3 id={id}>
        {conflict.table} {Object.values(conflict.key).map(text).join(' ')}
      </h3>
      {mine === null && <p>This device deleted the row.</p>}
      {theirs === null && <p>The row is gone on the server.</p>}
      <table>
        <thead>
          <tr>
            <th scope="col">Column</th>
            <th scope="col">Mine</th>
            <th scope="col">Theirs</th>
          </tr>
        </thead>
        <tbody>
          {differing.map((name) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {(['mine', 'theirs'] as const).map((side) => {
                const shown = text(sides[side]?.[name])
                return (
                  <td key={side}>
                    {isChoice ? (
                      <label>
                        <input
                          type="radio"
                          name={id + name}
                          checked={(picks[name] ?? 'theirs') === side}
                          onChange={() => {
                            setPicks({ ...picks, [name]: side })
                          }}
                        />
                        {shown}
                      </label>
                    ) : (
                      shown
                    )}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <div className="rp-row">
        {conflict.isOpen ? (
          <>
            {decision('mine', 'Keep mine')}
            {decision('theirs', 'Keep theirs')}
            {isChoice && decision('edited', 'Keep my choice of each')}
          </>
        ) : (
          <>
            <span className="rp-soft">Settled: {conflict.rule.replaceAll('_', ' ')}</span>
            <button
              type="button"
              disabled={isBusy}
              onClick={() => {
                conflict.dismiss().catch((error: unknown) => onError?.(asError(error)))
              }}
            >
              Dismiss
            </button>
          </>
        )}
      </div>
    </article>
  )
}
