/** <QueryForm>: makes a query of one table, checks it while it is made, and runs it. Loaded when it is shown (query-builder.tsx). */

import { useEffect, useMemo, useState, type FormEvent } from 'react'
import {
  failure,
  type Operator,
  OPERATORS,
  RockpoolError,
  toError,
  type Schema,
  type SelectBuilder,
  type UntypedTables,
  typeName,
} from '@rockpool/client'
import { explain, type Explanation } from '@rockpool/client/explain'
import { useClient, useStore } from './context.ts'
import type { QueryBuilderProps } from './query-builder.tsx'
import { useReadable } from './use-readable.ts'
import { asError } from './words.ts'

interface Filter {
  readonly id: number
  readonly column: string
  readonly op: Operator
  readonly text: string
}

/** Milliseconds without typing before a query is checked. */
const VALIDATE_MS = 200

/** Operators that a person may choose; lists are typed with commas. */
const CHOICES = OPERATORS.filter((op) => op !== '<>')

/** What a person typed; the core reads it as a value of its column's type. */
function operandOf({ op, text }: Filter): unknown {
  const read = (one: string) => (one.trim().toLowerCase() === 'null' ? null : one)
  return op.endsWith('in') || op === 'between' ? text.split(',').map((one) => read(one.trim())) : read(text)
}

type AnySelect = SelectBuilder<UntypedTables, any, any, any>

/** See the file's comment and QueryBuilder. */
export function QueryForm({ table, onQuery, onError, limit: limitAtFirst = 50 }: QueryBuilderProps) {
  const store = useStore()
  const client = useClient()
  const schema = useReadable<Schema | null>(client?.schema, null)
  const columns = useMemo(() => schema?.tables.find((one) => one.name === table)?.columns ?? [], [schema, table])
  const [chosen, setChosen] = useState<readonly string[]>([])
  const [filters, setFilters] = useState<readonly Filter[]>([])
  const [order, setOrder] = useState('')
  const [isDescending, setDescending] = useState(false)
  const [limit, setLimit] = useState(String(limitAtFirst))
  const [isRunning, setRunning] = useState(false)
  const [checked, setChecked] = useState<Explanation | null>(null)
  const [ran, setRan] = useState('')
  const [problem, setProblem] = useState<RockpoolError | null>(null)

  const { query, error } = useMemo((): { query?: AnySelect; error?: RockpoolError } => {
    if (client === null) return {}
    try {
      let query = client.from(table) as AnySelect
      if (chosen.length > 0) query = query.select(...chosen)
      for (const filter of filters)
        query = query.where(filter.column as `${string}.${string}`, filter.op, operandOf(filter) as never)
      if (order !== '') query = query.orderBy(order as `${string}.${string}`, isDescending ? 'desc' : 'asc')
      if (limit.trim() !== '') {
        if (!/^\d+$/.test(limit.trim()))
          throw failure('invalid_argument', 'read limit', `${limit} is no number of rows`)
        query = query.limit(Number(limit))
      }
      return { query }
    } catch (thrown) {
      return { error: toError(thrown, 'build query') }
    }
  }, [client, table, chosen, filters, order, isDescending, limit])

  // biome-ignore lint/correctness/useExhaustiveDependencies: a schema that comes later knows other names
  useEffect(() => {
    if (client === null || query === undefined) return
    let isCurrent = true
    const timer = setTimeout(() => {
      explain(client, query).then(
        (result) => {
          if (isCurrent) setChecked(result)
        },
        () => {},
      ) // running it will tell
    }, VALIDATE_MS)
    return () => {
      isCurrent = false
      clearTimeout(timer)
    }
  }, [client, query, columns])

  const run = async (event: FormEvent) => {
    event.preventDefault()
    setRunning(true)
    setProblem(null)
    const began = performance.now()
    try {
      const database = await store.database()
      if (error !== undefined) throw error
      if (query === undefined) throw failure('closed', 'run query', 'the database is opening', 'try again')
      const rows = await database.run(query)
      const millis = performance.now() - began
      setRan(`${rows.length} ${rows.length === 1 ? 'row' : 'rows'} in ${millis.toFixed(1)} ms`)
      onQuery(rows, { sql: checked?.sql ?? '', rows: rows.length, millis })
    } catch (thrown) {
      const failed = asError(thrown)
      if (failed instanceof RockpoolError) setProblem(failed)
      onError(failed)
    } finally {
      setRunning(false)
    }
  }

  const change = (id: number, to: Partial<Filter>) => {
    setFilters(filters.map((one) => (one.id === id ? { ...one, ...to } : one)))
  }
  const names = columns.map(({ name }) => <option key={name}>{name}</option>)
  const shownProblem = (problem ?? error ?? checked?.problems[0])?.message
  return (
    <form
      className="rp-builder"
      onSubmit={(event) => {
        void run(event)
      }}
      aria-label={`Query ${table}`}
      data-testid="query-builder"
    >
      <fieldset>
        <legend>Columns of {table}</legend>
        {columns.length === 0 ? (
          <p className="rp-soft">Every column</p>
        ) : (
          columns.map(({ name, type }) => (
            <label key={name} className="rp-chip" title={typeName(type)}>
              <input
                type="checkbox"
                checked={chosen.includes(name)}
                onChange={(event) => {
                  setChosen(event.target.checked ? [...chosen, name] : chosen.filter((one) => one !== name))
                }}
              />
              {name}
            </label>
          ))
        )}
      </fieldset>
      <fieldset>
        <legend>Filters</legend>
        {filters.map((filter) => (
          <div key={filter.id} className="rp-row">
            <select
              aria-label="Column"
              value={filter.column}
              onChange={(event) => {
                change(filter.id, { column: event.target.value })
              }}
            >
              {names}
            </select>
            <select
              aria-label="Operator"
              value={filter.op}
              onChange={(event) => {
                change(filter.id, { op: CHOICES.find((op) => op === event.target.value) ?? '=' })
              }}
            >
              {CHOICES.map((op) => (
                <option key={op}>{op}</option>
              ))}
            </select>
            <input
              aria-label="Value"
              value={filter.text}
              placeholder={filter.op === 'between' ? 'low, high' : filter.op.endsWith('in') ? 'a, b, c' : 'value'}
              onChange={(event) => {
                change(filter.id, { text: event.target.value })
              }}
            />
            <button
              type="button"
              aria-label={`Remove filter on ${filter.column}`}
              onClick={() => {
                setFilters(filters.filter((one) => one.id !== filter.id))
              }}
            >
              ×
            </button>
          </div>
        ))}
        <button
          type="button"
          disabled={columns.length === 0}
          onClick={() => {
            setFilters([
              ...filters,
              { id: (filters.at(-1)?.id ?? 0) + 1, column: columns[0]?.name ?? '', op: '=', text: '' },
            ])
          }}
        >
          Add filter
        </button>
      </fieldset>
      <div className="rp-row">
        <label className="rp-field">
          Order by
          <select
            value={order}
            onChange={(event) => {
              setOrder(event.target.value)
            }}
          >
            <option value="">nothing</option>
            {names}
          </select>
        </label>
        <label className="rp-chip">
          <input
            type="checkbox"
            checked={isDescending}
            onChange={(event) => {
              setDescending(event.target.checked)
            }}
          />{' '}
          descending
        </label>
        <label className="rp-field">
          Limit
          <input
            inputMode="numeric"
            size={6}
            value={limit}
            onChange={(event) => {
              setLimit(event.target.value)
            }}
          />
        </label>
        <button type="submit" className="rp-primary" disabled={isRunning}>
          {isRunning ? 'Running' : 'Run'}
        </button>
      </div>
      <p role="status" className={shownProblem === undefined ? 'rp-soft rp-sql' : 'rp-problem'}>
        {shownProblem ?? checked?.sql ?? ''}
      </p>
      {checked !== null && shownProblem === undefined && (
        <ol className="rp-soft" aria-label="How it runs">
          {checked.steps.map(({ text, depth }, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: steps have their places and nothing else
            <li key={at} style={{ marginInlineStart: `${depth}em` }}>
              {text}
            </li>
          ))}
          {checked.advice.map(({ sql }) => (
            <li key={sql}>
              An index would help: <code>{sql}</code>
            </li>
          ))}
        </ol>
      )}
      <output className="rp-soft" aria-label="Timing">
        {ran}
      </output>
    </form>
  )
}
