/** <ConflictCard>: the sides of one conflict and what they started from, and a decision. Loaded when there is a conflict (conflict-resolver.tsx). */

import { useId, useRef, useState } from 'react'
import type { Conflict, ConflictChoice, Row } from '@rockpool/client'
import { useClient } from './context.ts'
import { useQuery } from './use-query.ts'
import { asError } from './words.ts'

export interface ConflictCardProps {
  readonly conflict: Conflict
  /** All that are shown: one decision may be for the open ones of its table. */
  readonly all: readonly Conflict[]
  readonly onResolved: ((conflict: Conflict, choice: Decision) => void) | undefined
  readonly onError: (thrown: unknown) => void
}

/** How a conflict was decided. */
export type Decision = 'mine' | 'theirs' | 'edited'

type Cell = Row[string] | undefined

/** What a person picked for one column: a side, or the text of an edit. */
type Pick = 'mine' | 'theirs' | { readonly text: string }

const SIDES = ['mine', 'theirs'] as const

/** Shows where the sides differ; keeps mine, theirs, or for each column a side or what is typed. Theirs is the row as it stands now. */
export function ConflictCard({ conflict, all, onResolved, onError }: ConflictCardProps) {
  const { table, key, base, localData: mine, isOpen } = conflict
  const client = useClient()
  const now = useQuery(isOpen && client !== null ? client.from(table).select('*').where(key) : null)
  const isKnown = now.status === 'ready'
  const seen: Row | null = isKnown ? (now.rows[0] ?? null) : conflict.remoteData
  const theirs = isOpen ? seen : conflict.remoteData
  const hasMoved = isOpen && !isSameRow(theirs, conflict.remoteData)

  const [picks, setPicks] = useState<Readonly<Record<string, Pick>>>({})
  const [isForAll, setForAll] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const article = useRef<HTMLElement>(null)
  const id = useId()

  const sides = { mine, theirs }
  const names = [...new Set([...Object.keys(mine ?? {}), ...Object.keys(theirs ?? {})])]
  const differing = names.filter((name) => text(mine?.[name]) !== text(theirs?.[name]))
  const alike = all.filter((one) => one.isOpen && one.table === table)
  const isChoice = isOpen && mine !== null && theirs !== null

  const edited = (): Row => {
    const row: Row = { ...key }
    for (const name of differing) {
      const pick = picks[name] ?? 'theirs'
      if (pick === 'mine') row[name] = mine?.[name] ?? null
      else if (pick !== 'theirs') row[name] = typed(pick.text, theirs?.[name] ?? mine?.[name] ?? base?.[name])
    }
    return row
  }
  const settle = async (choice: Decision) => {
    const section = article.current?.closest<HTMLElement>('.rp-conflicts')
    setBusy(true)
    setProblem('')
    try {
      const decided: ConflictChoice = choice === 'edited' ? edited() : choice
      await (isKnown ? conflict.resolve(decided, seen) : conflict.resolve(decided))
      onResolved?.(conflict, choice)
      // What the others' rows are now, they have shown: the person decided for them unseen.
      for (const one of isForAll ? alike : []) {
        if (one.id === conflict.id) continue
        await one.resolve(decided)
        onResolved?.(one, choice)
      }
      // The button that had the focus is gone.
      section?.setAttribute('tabindex', '-1')
      ;(section?.querySelector<HTMLElement>(`article:not([data-conflict="${conflict.id}"]) button`) ?? section)?.focus()
    } catch (thrown) {
      setProblem(asError(thrown).message)
      onError(thrown)
    } finally {
      setBusy(false)
    }
  }
  const pick = (name: string, how: Pick) => {
    setPicks({ ...picks, [name]: how })
  }
  const decision = (choice: Decision, label: string) => (
    <button type="button" disabled={isBusy || now.isPending} onClick={() => void settle(choice)}>
      {label}
    </button>
  )
  const side = (name: string, which: (typeof SIDES)[number]) => {
    const shown = text(sides[which]?.[name])
    if (!isChoice) return shown
    return (
      <label>
        <input
          type="radio"
          name={id + name}
          checked={(picks[name] ?? 'theirs') === which}
          aria-label={`${name}, ${which}: ${shown}`}
          onChange={() => {
            pick(name, which)
          }}
        />
        {shown}
      </label>
    )
  }
  const edit = (name: string) => {
    const picked = picks[name] ?? 'theirs'
    const start = picked === 'mine' ? mine?.[name] : theirs?.[name]
    return (
      <input
        type="text"
        aria-label={`${name}, edited`}
        data-edited={typeof picked === 'object'}
        value={typeof picked === 'object' ? picked.text : (start ?? '').toString()}
        disabled={start instanceof Uint8Array}
        onChange={(event) => {
          pick(name, { text: event.target.value })
        }}
      />
    )
  }

  return (
    <article ref={article} aria-labelledby={id} data-conflict={conflict.id}>
      <h3 id={id}>
        {table} {Object.values(key).map(text).join(' ')}
      </h3>
      {mine === null && <p>This device deleted the row.</p>}
      {theirs === null && <p>The row is gone on the server.</p>}
      <p role="status" className="rp-soft">
        {hasMoved && 'Theirs has changed again: this is what stands now.'}
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">Column</th>
            <th scope="col">Before</th>
            <th scope="col">Mine</th>
            <th scope="col">Theirs</th>
            {isChoice && <th scope="col">Keep</th>}
          </tr>
        </thead>
        <tbody>
          {differing.map((name) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td data-side="Before">{base === null ? 'not known' : text(base[name])}</td>
              <td data-side="Mine">{side(name, 'mine')}</td>
              <td data-side="Theirs">{side(name, 'theirs')}</td>
              {isChoice && <td data-side="Keep">{edit(name)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      <div className="rp-row">
        {isOpen ? (
          <>
            {decision('mine', 'Keep mine')}
            {decision('theirs', 'Keep theirs')}
            {isChoice && !isForAll && decision('edited', 'Keep my choice of each')}
            {alike.length > 1 && (
              <label>
                <input
                  type="checkbox"
                  checked={isForAll}
                  onChange={() => {
                    setForAll(!isForAll)
                  }}
                />{' '}
                for all {alike.length} in {table}
              </label>
            )}
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
      {problem !== '' && (
        <p className="rp-problem" role="alert">
          {problem}
        </p>
      )}
    </article>
  )
}

function isSameRow(a: Row | null, b: Row | null): boolean {
  return (a === null) === (b === null) && Object.keys(a ?? {}).every((name) => text(a?.[name]) === text(b?.[name]))
}

function text(value: Cell): string {
  if (value === null || value === undefined) return 'nothing'
  return value instanceof Uint8Array ? `${value.length} bytes` : String(value)
}

/** What a person typed, as a value like those of the column: the database says what does not fit. */
function typed(typing: string, like: Cell): Row[string] {
  if (typeof like === 'boolean') return typing === 'true'
  if ((typeof like === 'number' || typeof like === 'bigint') && typing.trim() !== '') {
    const number = Number(typing)
    return Number.isNaN(number)
      ? typing
      : Number.isSafeInteger(number) || !Number.isInteger(number)
        ? number
        : BigInt(typing)
  }
  return typing
}
