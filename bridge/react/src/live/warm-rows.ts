/**
 * The last rows of queries, kept where a page reads them before its database has opened: one item of localStorage a
 * database, user and build. It holds plain values only, and has limits in rows' text and in queries.
 */

import type { OpenOptions, UntypedTables } from '@rockpool/client'

/** Characters of one query's rows, as JSON, at most; more are not kept. */
export const WARM_QUERY_MAX = 64 << 10
/** Characters of all queries of a database at most; the oldest go first. */
export const WARM_TOTAL_MAX = 512 << 10

/** Queries of a database whose rows are at hand at most, when they are not mounted. */
const WARM_QUERIES_MAX = 100

/** Milliseconds between a change and its being kept. A page that is hidden or left keeps at once. */
const KEEP_MS = 1_000

const PREFIX = 'rockpool.warm '

type Rows = readonly object[]

/** Rows of one database's queries. */
export class WarmRows {
  readonly #item: string
  #texts: Map<string, string> | undefined
  readonly #rows = new Map<string, Rows | undefined>()
  readonly #changed = new Map<string, Rows>()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(item: string) {
    this.#item = PREFIX + item
    addEventListener('pagehide', this.flush)
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') this.flush()
    })
  }

  /** The rows of a query when it was last seen, or undefined: the same object each time. */
  get(query: string): Rows | undefined {
    if (!this.#rows.has(query)) {
      const text = this.#read().get(query)
      this.#remember(query, text === undefined ? undefined : (JSON.parse(text) as Rows)) // as flush wrote it
    }
    return this.#rows.get(query)
  }

  #remember(query: string, rows: Rows | undefined): void {
    this.#rows.delete(query)
    this.#rows.set(query, rows)
    for (const oldest of this.#rows.keys()) {
      if (this.#rows.size <= WARM_QUERIES_MAX) break
      this.#rows.delete(oldest)
    }
  }

  /** Keeps a query's rows, soon. */
  keep(query: string, rows: Rows): void {
    this.#changed.set(query, rows)
    this.#remember(query, rows)
    this.#timer ??= setTimeout(this.flush, KEEP_MS)
  }

  /** Forgets everything, here and in storage: the database's data is going. */
  readonly erase = (): void => {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#changed.clear()
    this.#rows.clear()
    this.#texts = new Map()
    try {
      localStorage.removeItem(this.#item)
    } catch {} // no storage, and nothing kept
  }

  /** Writes what has changed, beside what other tabs have written. */
  readonly flush = (): void => {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#changed.size === 0) return
    this.#texts = undefined
    const texts = this.#read()
    for (const [query, rows] of this.#changed) {
      texts.delete(query) // the newest stand last
      const text = textOf(rows)
      if (text !== undefined) texts.set(query, text)
    }
    this.#changed.clear()
    let total = 0
    for (const [query, text] of texts) total += query.length + text.length
    for (const [query, text] of texts) {
      if (total <= WARM_TOTAL_MAX) break
      texts.delete(query)
      total -= query.length + text.length
    }
    try {
      localStorage.setItem(this.#item, JSON.stringify([...texts]))
    } catch {} // full, or forbidden: the next start is a cold one
  }

  #read(): Map<string, string> {
    if (this.#texts === undefined) {
      this.#texts = new Map()
      try {
        const kept: unknown = JSON.parse(localStorage.getItem(this.#item) ?? '[]')
        if (Array.isArray(kept))
          for (const [query, text] of kept) if (typeof text === 'string') this.#texts.set(String(query), text)
      } catch {} // none, or not ours
    }
    return this.#texts
  }
}

/** Rows as JSON, or undefined for those that are too long or hold what JSON would change. */
function textOf(rows: Rows): string | undefined {
  let isPlain = true
  const text = JSON.stringify(rows, (_, one: unknown) => {
    if (typeof one === 'bigint' || ArrayBuffer.isView(one) || (typeof one === 'number' && !Number.isFinite(one)))
      isPlain = false
    return isPlain ? one : null
  })
  return isPlain && text.length <= WARM_QUERY_MAX ? text : undefined
}

const known = new Map<string, WarmRows>()

/**
 * Where a database's rows are kept, or null where none may be: under a key the device must not hold them in the clear; and
 * where tokens say whose rows they are, but the name of the database does not (`user`), another person's could be shown.
 */
export function warmRowsOf(options: OpenOptions<UntypedTables>): WarmRows | null {
  const { name, user, build = 0, encryption, storage, relay } = options
  if (typeof window === 'undefined' || encryption !== undefined || storage === 'memory') return null
  if (user === undefined && relay?.token !== undefined) return null
  const item = JSON.stringify([name, user ?? null, build])
  let found = known.get(item)
  if (found === undefined) {
    found = new WarmRows(item)
    known.set(item, found)
  }
  return found
}
