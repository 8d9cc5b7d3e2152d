/** Prisma on a Rockpool database. */

export { PrismaRockpool, type PrismaRockpoolOptions } from './adapter.ts'
