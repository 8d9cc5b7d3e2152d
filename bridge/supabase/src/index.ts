/** The public face of @rockpool/supabase. */

export { realtimeTransport, type LocalSocket, type RealtimeTransport } from './realtime/transport.ts'
export { localFetch } from './rest/fetch.ts'
