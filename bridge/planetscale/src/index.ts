/** The PlanetScale driver on a Rockpool database: its `fetch`, answered in the page. */

import type { Database } from '@rockpool/client'
import { failure, statementsOf, type StatementSource } from '@rockpool/client/statements'
import { lower, type Context } from './dialect.ts'
import { toVitess, type VitessError } from './errors.ts'
import { toStored } from './moments.ts'
import { toResult, type Result } from './results.ts'
import { Sessions, type SessionToken } from './sessions.ts'

/** Options of localFetch. */
export interface LocalFetchOptions {
  /** Milliseconds until an open transaction is rolled back, as other tabs wait for it; 5,000 by default, at most 60,000. */
  readonly transactionTimeout?: number
}

/** What the driver reads of a response. */
export interface LocalResponse {
  readonly ok: boolean
  readonly status: number
  readonly statusText: string
  text(): Promise<string>
}

interface Answer {
  readonly session: SessionToken
  readonly result?: Result
  readonly error?: VitessError
  readonly timing?: number
}

const TRANSACTION_MS = 5_000

const SERVICE = '/psdb.v1alpha1.Database/'

/**
 * Answers the driver's calls from the local database. It never throws: what goes wrong is an error of the service's form.
 *
 * @example
 * const connection = connect({ host: 'local', username: '', password: '', fetch: localFetch(db) })
 * await connection.execute('SELECT * FROM products WHERE price < ?', [10])
 */
export function localFetch(
  database: Pick<Database, 'schema'> & Parameters<typeof statementsOf>[0],
  options: LocalFetchOptions = {},
): (url: string, init?: { readonly body?: unknown }) => Promise<LocalResponse> {
  const source = statementsOf(database)
  const sessions = new Sessions()
  const timeout = options.transactionTimeout ?? TRANSACTION_MS
  return async (url, init) => {
    const method = String(url).split(SERVICE)[1]
    const { query, session } = bodyOf(init?.body)
    if (method === 'CreateSession') return respond(200, { session: sessions.of(null).token })
    if (method !== 'Execute')
      return respond(404, { error: { code: 'NOT_FOUND', message: `there is no ${String(url)} here` } })
    return respond(200, await execute(query, session, { database, source, sessions, timeout }))
  }
}

interface Local {
  readonly database: Pick<Database, 'schema'>
  readonly source: StatementSource
  readonly sessions: Sessions
  readonly timeout: number
}

async function execute(query: string, token: unknown, { database, source, sessions, timeout }: Local): Promise<Answer> {
  const session = sessions.of(token)
  const began = performance.now()
  try {
    if (query === '') throw failure('invalid_argument', 'read request', 'there is no query')
    const names = namesOf(database)
    const context: Context = { stored: names.stored, lastInsertId: session.lastInsertId, now: Date.now }
    const { command, sql, params } = lower(query, context)
    let result: Result = {}
    if (command === 'begin') await session.begin(source, timeout)
    else if (command === 'commit') await session.commit()
    else if (command === 'rollback') await session.rollback()
    else {
      result = toResult(await session.on(source).run(sql, params), names.isWide)
      if (result.insertId !== undefined) session.lastInsertId = result.insertId
    }
    sessions.keep(session)
    return { session: session.token, result, timing: (performance.now() - began) / 1000 }
  } catch (thrown) {
    sessions.keep(session)
    return { session: session.token, error: toVitess(thrown) }
  }
}

/** What the schema says of columns by their names. */
function namesOf(database: Pick<Database, 'schema'>): { stored: Context['stored']; isWide(name: string): boolean } {
  const tables = database.schema.get()?.tables ?? []
  return {
    stored: (named, column, value) => {
      for (const table of tables) {
        if (!named.has(table.name)) continue
        const type = table.columns.find((one) => one.name === column)?.type
        if (type === TIMESTAMP_TZ || type === TIMESTAMP) return toStored(value, type === TIMESTAMP_TZ)
      }
      return value
    },
    isWide: (name) =>
      tables.some((table) => table.columns.some((one) => one.name === name && one.sourceType === 'int8')),
  }
}

/** schema.Type's numbers, which a test compares. */
export const TIMESTAMP_TZ = 6
export const TIMESTAMP = 7

function bodyOf(body: unknown): { query: string; session: unknown } {
  try {
    const read: unknown = JSON.parse(String(body))
    if (typeof read === 'object' && read !== null) {
      const query: unknown = Reflect.get(read, 'query')
      return { query: typeof query === 'string' ? query : '', session: Reflect.get(read, 'session') }
    }
  } catch {
    // what is no JSON has no query
  }
  return { query: '', session: null }
}

function respond(status: number, answer: unknown): LocalResponse {
  return { ok: status < 300, status, statusText: '', text: async () => JSON.stringify(answer) }
}
