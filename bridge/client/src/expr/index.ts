/**
 * What the builder's clauses are put together from beyond a single test: `where((q) => or(q('price', '<', 10), some(q, 'tags')))`.
 * Small pure functions, in a module of their own: a page has what it imports.
 */

export { and, not, or, when } from './logic.ts'
export { exists, scalar } from './subquery.ts'
export { countDistinct, math } from './compute.ts'
export { raw } from './raw.ts'
export { json, jsonText, type JsonStep } from './json.ts'
export { countOf, every, follow, include, none, related, some, type RelationRef } from './relations.ts'
export { after } from './after.ts'
