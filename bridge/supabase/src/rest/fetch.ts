/** A fetch for supabase-js: tables that are here are served here, all else goes where it always went. */

import { toError, type Database, type Tables } from '@rockpool/client'
import { errorResponse, serve } from './serve.ts'
import { RestError } from './errors.ts'

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
  const local = db as unknown as Database // of tables whose columns are not known
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input))
    const path = /\/rest\/v1\/(.+)$/.exec(url.pathname)?.[1]
    if (path === undefined) return network(input, init)
    const name = decodeURIComponent(path)
    const request = new Request(input, init)
    request.signal.throwIfAborted()
    try {
      await local.ready
    } catch (thrown) {
      const { message, kind, hint } = toError(thrown, 'open the local database')
      return errorResponse(new RestError(500, 'PGRST000', message, kind, hint || null))
    }
    const schema = request.headers.get('accept-profile') ?? request.headers.get('content-profile') ?? 'public'
    const table = local.schema.get()?.tables.find((one) => one.name === name)
    if (table === undefined || schema !== 'public') return elsewhere(network, input, init, name, schema)
    const { method, headers } = request
    const body = method === 'GET' || method === 'HEAD' ? '' : await request.text()
    const response = await serve(local, table, { method, params: url.searchParams, headers, body })
    request.signal.throwIfAborted()
    return response
  }
}

/** What is not here: the network's answer, or an error that says why there is none. */
async function elsewhere(
  network: typeof fetch,
  input: RequestInfo | URL,
  init: RequestInit | undefined,
  name: string,
  schema: string,
): Promise<Response> {
  try {
    return await network(input, init)
  } catch (thrown) {
    if (init?.signal?.aborted === true) throw thrown
    const why = `it is not in the local database, and the network failed: ${toError(thrown, '').message}`
    const isFunction = name.startsWith('rpc/')
    const what = isFunction ? `function ${schema}.${name.slice(4)}` : `table '${schema}.${name}'`
    const message = `Could not find the ${what} in the schema cache`
    return errorResponse(new RestError(404, isFunction ? 'PGRST202' : 'PGRST205', message, why))
  }
}
