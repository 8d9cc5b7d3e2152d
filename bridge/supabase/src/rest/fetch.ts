/** A fetch for supabase-js: tables that are here are served here, all else goes where it always went. */

import type { Database, Tables } from '@rockpool/client'
import { askRest, toError, type RestDone } from '@rockpool/client/rest'

/** What is behind PostgREST's path, which a proxy may put below its own, but not behind another service's. */
const PATH = /^(?:(?!\/v1\/).)*?\/rest\/v1\/(.+)$/

/** Headers that PostgREST reads. */
const HEADERS = ['accept', 'prefer', 'range', 'content-type', 'accept-profile', 'content-profile']

/**
 * What `createClient` takes as `global.fetch`: requests for tables of the local
 * database are answered by it, online and offline; their writes are synced as
 * any. Functions, storage, auth and other tables go to the network.
 *
 * @example
 * const supabase = createClient(url, key, { global: { fetch: localFetch(db) } })
 */
export function localFetch<DB extends Tables>(
  db: Database<DB>,
  network: typeof fetch = (input, init) => fetch(input, init),
): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input))
    const path = PATH.exec(url.pathname)?.[1]
    if (path === undefined) return network(input, init)
    // A request's body is read once: who goes on to the network has a copy.
    const request = new Request(input instanceof Request ? input.clone() : input, init)
    const { method, headers, signal } = request
    signal.throwIfAborted()
    try {
      const body = method === 'GET' || method === 'HEAD' ? '' : await request.text()
      await db.ready
      const named = HEADERS.flatMap((name) => {
        const value = headers.get(name)
        return value === null ? [] : [{ name, value }]
      })
      const done = await askRest(db, { method, target: path + url.search, headers: named, body }, { signal })
      return done.elsewhere ? await elsewhere(network, input, init, done) : responseOf(done)
    } catch (thrown) {
      signal.throwIfAborted()
      const { message, kind, hint } = toError(thrown, 'ask the local database')
      return Response.json({ code: 'PGRST000', details: kind, hint: hint || null, message }, { status: 500 })
    }
  }
}

function responseOf({ status, headers, body }: RestDone): Response {
  return new Response(body.length === 0 ? null : new Uint8Array(body), {
    status,
    headers: headers.map(({ name, value }): [string, string] => [name, value]),
  })
}

/** What is not here: the network's answer, or the local database's error, which says why there is none. */
async function elsewhere(
  network: typeof fetch,
  input: RequestInfo | URL,
  init: RequestInit | undefined,
  done: RestDone,
): Promise<Response> {
  try {
    return await network(input, init)
  } catch (thrown) {
    if (init?.signal?.aborted === true) throw thrown
    const error: unknown = await responseOf(done).json()
    const details = `it is not in the local database, and the network failed: ${toError(thrown, '').message}`
    return Response.json({ ...Object(error), details }, { status: done.status })
  }
}
