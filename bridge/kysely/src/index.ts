/** Kysely on a Rockpool database. */

export { RockpoolDialect, type RockpoolDialectConfig } from './dialect.ts'
