/** What must and must not compile. Checked by tsc; nothing here runs. */

import { count, defineSchema, sql, sum, type Database, type InferTables } from '../src/index.ts'

const schema = defineSchema({
  todos: {
    key: ['id'],
    columns: { id: 'uuid', title: 'text', done: 'bool', due: 'date?', points: { type: 'int', strategy: 'delta' } },
  },
})
type DB = NonNullable<typeof schema.rows>
declare const db: Database<DB>
const same = <T>(_value: T): void => {}

export async function compiles(): Promise<void> {
  same<{ id: string; title: string; done: boolean; due: string | null; points: number }[]>(await db.from('todos').all())
  same<{ id: string; done: boolean }[]>(
    await db.from('todos').select('id', 'done').where('done', '=', true).orderBy('points', 'desc').all(),
  )
  same<{ n: number; total: number | null }[]>(
    await db
      .from('todos')
      .select({ n: count(), total: sum('points') })
      .all(),
  )
  same<{ id: string } | undefined>(
    await db
      .from('todos')
      .select('id')
      .where({ due: null, points: { '>': 3 }, title: ['a', 'b'] })
      .first(),
  )
  same<readonly { id: string }[]>(db.from('todos').select('id').live().get().rows)
  same<{ a: number }[]>(await db.sql<{ a: number }>`select 1 as a`)
  same<{ id: string }[]>(await db.run(db.from('todos').select('id')))
  const write = db.transaction(async (tx) => {
    await tx.insert('todos', { id: 'x' })
    return 7
  })
  same<number>(await write)
  same<string>((await write.confirmed).status)
  void sql`select ${1}`
}

export async function refuses(): Promise<void> {
  // @ts-expect-error there is no such table
  db.from('nothing')
  // @ts-expect-error there is no such column
  db.from('todos').select('id').where('nothing', '=', 1)
  // @ts-expect-error a boolean is compared to a boolean
  db.from('todos').where('done', '=', 'yes')
  // @ts-expect-error there is no such operator
  db.from('todos').where('points', '~', 1)
  // @ts-expect-error in takes a list
  db.from('todos').where('points', 'in', 1)
  // @ts-expect-error it was not selected
  ;(await db.from('todos').select('id').all())[0]?.title
  // @ts-expect-error there is no such type
  defineSchema({ t: { key: ['a'], columns: { a: 'varchar' } } })
  // @ts-expect-error rows are typed
  same<InferTables<{ t: { key: ['a']; columns: { a: 'int' } } }>['t']>({ a: 'x' })
}
