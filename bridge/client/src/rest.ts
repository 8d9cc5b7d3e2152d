/** PostgREST's requests, answered by the core; in a module of its own, as pages without supabase-js need none of it. */

import { decode, encode } from './codec.ts'
import { PageRest, RestCallMessage, RestDoneMessage, type RestCall, type RestDone } from './gen/wire.ts'
import { newKey } from './key.ts'
import type { CallOptions, Session } from './session.ts'

export { toError } from './error.ts'
export type { RestDone } from './gen/wire.ts'

/** A request of PostgREST's protocol: `target` is what stands behind /rest/v1/, headers have lower-case names. */
export type RestRequest = Pick<RestCall, 'method' | 'target' | 'headers' | 'body'>

/** The answer of a database to a request; what is wrong with the request is an answer too. @throws whatever a call of the database throws. */
export function askRest(
  { session }: { readonly session: Session },
  request: RestRequest,
  options: CallOptions = {},
): Promise<RestDone> {
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  const key = isRead ? '' : newKey()
  return session.call({
    type: PageRest,
    op: 'answer a request',
    policy: isRead ? 'read' : 'write',
    key,
    signal: options.signal,
    deadline: options.deadline,
    body: () => encode(RestCallMessage, { ...request, idempotencyKey: key }),
    decode: (body) => decode(RestDoneMessage, body),
  })
}
