/**
 * What a large schema costs the compiler, and with it the editor: 100 tables of
 * rockpool generate with 100 queries of every kind, in instantiations of types.
 */

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { check, project, root } from './tsc.ts'

const TABLES = 100
const QUERIES = 100

/** Measured with TypeScript 7.0.2, of which 46,150 are the client's own, without tables and queries. The budget is a quarter more. */
const MEASURED = 145_587
const BUDGET = Math.floor(MEASURED * 1.25)

/** A model with eleven columns, and a relation to the one before it. */
function model(at: number): string {
  const parent =
    at > 0 ? `  parent Table${at - 1}? @relation("to${at - 1}", fields: [parentId], references: [id])\n` : ''
  const children = at < TABLES - 1 ? `  children Table${at + 1}[] @relation("to${at}")\n` : ''
  return `model Table${at} {
  id       String   @id @db.Uuid
  title    String
  note     String?
  amount   Decimal  @db.Decimal(10, 2)
  number   Int      @default(0)
  big      BigInt?
  isOpen   Boolean  @default(true) @map("is_open")
  made     DateTime @default(now()) @db.Timestamptz(6)
  doc      Json?
  state    State    @default(open)
  parentId String?  @map("parent_id") @db.Uuid
${parent}${children}
  @@map("table_${at}")
}
`
}

/** Queries that differ, as an app's do. */
function query(at: number): string {
  const [a, b] = [`table_${at % TABLES}`, `table_${(at * 7 + 3) % TABLES}`]
  switch (at % 5) {
    case 0:
      return `db.from('${a}').select('id', 'title').where('number', '>', ${at}).orderBy('title').limit(20).all()`
    case 1:
      return `db.from('${a}').join('${b} as b', 'b.id', '${a}.parent_id').select('${a}.title', 'b.title as parent').where('b.is_open', '=', true).all()`
    case 2:
      return `db.from('${a}').select('state').select({ n: count(), total: sum('number') }).groupBy('state').having(count(), '>', 1).all()`
    case 3:
      return `db.from('${a}').where({ state: 'open', number: { '>': ${at} }, '${a}.title': { like: 'a%' } }).first()`
    default:
      return `db.transaction((tx) => tx.insert('${a}', { id: 'a', title: 'b', amount: ${at} }))`
  }
}

test(`${TABLES} tables and ${QUERIES} queries stay within the budget of instantiations`, { timeout: 300_000 }, () => {
  const schema = Array.from({ length: TABLES }, (_, at) => model(at)).join('')
  const folder = project('budget', {
    'schema.prisma': schema + 'enum State {\n  open\n  closed\n}\n',
    'queries.ts': [
      "import { count, sum, type Database } from '@rockpool/client'",
      "import type { Tables } from './schema.ts'",
      'declare const db: Database<Tables>',
      ...Array.from({ length: QUERIES }, (_, at) => `export const q${at} = ${query(at)}`),
    ].join('\n'),
  })
  const args = ['run', './server', 'generate', '--from', join(folder, 'schema.prisma'), '--out', folder, '--ts']
  execFileSync('go', args, { cwd: root, stdio: 'pipe' })
  expect(readFileSync(join(folder, 'schema.ts'), 'utf8').match(/^export interface \w+Row /gm)?.length).toBe(TABLES)
  const { errors, instantiations } = check(folder)
  expect(errors).toEqual([])
  expect(instantiations).toBeLessThanOrEqual(BUDGET)
})
