/** Drizzle on a Rockpool database. */

export { drizzle, RockpoolDatabase, type RockpoolDrizzleConfig } from './driver.ts'
export { RockpoolTransaction, type RunResult } from './session.ts'
export { bytes, timestamptz } from './columns.ts'
