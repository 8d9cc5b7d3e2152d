/** The modules that rockpool generate wrote (server/generate/generatetest): they compile, and open takes their schema. */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { decodeSchema, encodeSchema, type Schema } from '../src/gen/schema.ts'
import type { DefinedSchema } from '../src/schema.ts'
import { check, project, root } from './tsc.ts'
import './page-tables.ts'

const golden = join(root, 'server/generate/generatetest')
const names = ['northwind', 'types'].flatMap((what) =>
  readdirSync(join(golden, what)).map((from) => `${what}/${from}/schema.ts`),
)

async function schemaOf(name: string): Promise<Schema> {
  const module: { schema: DefinedSchema<unknown> } = await import(join(golden, name))
  return decodeSchema(encodeSchema(module.schema.tables))
}

test('each compiles', { timeout: 120_000 }, () => {
  expect(names.length).toBe(6)
  const all = names.map((name, at) => `export * as m${at} from '../../../server/generate/generatetest/${name}'`)
  expect(check(project('generated', { 'all.ts': all.join('\n') })).errors).toEqual([])
})

test('the schema value carries keys, relations, defaults, labels, scales and names', async () => {
  const types = await schemaOf('types/frompostgres/schema.ts')
  const table = types.tables.find((one) => one.name === 'every_type')
  const column = (name: string) => table?.columns.find((one) => one.name === name)
  expect(table?.key).toEqual([0])
  expect(table?.unique).toMatchObject([{ name: 'words_short', columns: [9, 10] }])
  expect(table?.checks).toMatchObject([{ expr: '(plain >= 0)' }])
  expect(column('feeling')).toMatchObject({ notNull: true, enum: ['sad', 'so so', 'happy'], sourceType: 'mood' })
  expect(column('money_')).toMatchObject({ scale: 2, hasScale: true, default: '1.50' })
  expect(column('served')).toMatchObject({ identity: true, default: '' })
  expect(column('big')).toMatchObject({ sourceType: 'int8' })
  expect(column('period')).toMatchObject({ type: 0, sourceType: 'int4range' })
  expect(types.tables.find((one) => one.name === 'composite_key')?.foreign).toMatchObject([
    { columns: ['every_type_id'], table: 'every_type', references: ['id'], onDelete: 'cascade' },
    { columns: ['parent_region', 'parent_number'], references: ['region', 'number'], onDelete: 'set null' },
  ])
})

test('one database gives one schema, whether Postgres or Prisma tells of it', async () => {
  const [postgres, prisma] = await Promise.all(
    ['frompostgres', 'fromprisma'].map((from) => schemaOf(`northwind/${from}/schema.ts`)),
  )
  const essence = (schema: Schema | undefined) =>
    Object.fromEntries(
      (schema?.tables ?? []).map((table) => [
        table.name,
        [
          table.columns.map(({ name, type, notNull, identity, scale }) => ({ name, type, notNull, identity, scale })),
          table.key,
          new Set(table.foreign.map(({ columns, table: to, references }) => `${columns} → ${to}.${references}`)),
        ],
      ]),
    )
  expect(Object.keys(essence(postgres)).length).toBe(7)
  expect(essence(prisma)).toEqual(essence(postgres))
})
