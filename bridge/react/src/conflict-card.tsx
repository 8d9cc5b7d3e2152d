/** <ConflictCard>: both sides of one conflict, and a decision. Loaded when there is a conflict (conflict-resolver.tsx). */

import { useId, useState } from 'react'
import type { Conflict, Row } from '@rockpool/client'

export interface ConflictCardProps {
  readonly conflict: Conflict
  readonly onResolved: ((conflict: Conflict, choice: Decision) => void) | undefined
  readonly onError: (thrown: unknown) => void
}

/** How a conflict was decided. */
export type Decision = 'mine' | 'theirs' | 'edited'

/** Shows where the sides differ; keeps mine, theirs, or a choice of each column. */
export function ConflictCard({ conflict, onResolved, onError }: ConflictCardProps) {
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
      onError(thrown)
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
                conflict.dismiss().catch(onError)
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

function text(value: Row[string] | undefined): string {
  if (value === null || value === undefined) return 'nothing'
  return value instanceof Uint8Array ? `${value.length} bytes` : String(value)
}
