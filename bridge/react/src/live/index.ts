/** Queries whose last rows are on screen before the engine has booted: an entry of its own. */

export { useLiveQuery, type LiveQueryState } from './use-live-query.ts'
export { WARM_QUERY_MAX, WARM_TOTAL_MAX } from './warm-rows.ts'
