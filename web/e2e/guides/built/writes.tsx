import { check } from '../check.ts'
import { open, RockpoolError } from '@rockpool/client'

const db = await open({ name: 'writes', relay: { url: '/sync' } })
await Promise.all([db.sync.subscribe('lists').ready, db.sync.subscribe('todos').ready])

check(21, await db.execute([
  { type: 'insert', table: 'todos', data: { id: 'w1', list_id: 'home', title: 'Mend the tap' } },
  { type: 'update', table: 'todos', data: { id: 't1', title: 'Water all plants' } },
  { type: 'increment', table: 'todos', data: { id: 't3', stars: 1 } },
  { type: 'upsert', table: 'lists', data: { id: 'home', name: 'At home' } },
  { type: 'delete', table: 'todos', data: { id: 't2' } },
]).then((rows) => rows.map((row) => row.id))
, ['w1', 't1', 't3', 'home', 't2'])
check(29, await db.query("SELECT title, stars FROM todos WHERE id IN ('t1', 't3') ORDER BY id")
, [{ title: 'Water all plants', stars: 2 }, { title: 'Write to Ada', stars: 6 }])

const bad = await db
  .execute([
    { type: 'update', table: 'todos', data: { id: 't1', title: 'never' } },
    { type: 'insert', table: 'todos', data: { id: 'w2', list_id: 'no such list', title: 'x' } },
  ])
  .catch((error: RockpoolError) => error)
check(42, bad instanceof RockpoolError ? bad.kind : 'it applied'
, 'constraint')
check(44, await db.query("SELECT title FROM todos WHERE id = 't1'")
, [{ title: 'Water all plants' }])

const write = db.execute([{ type: 'update', table: 'todos', data: { id: 'w1', done: true } }])
await write
const { status } = await write.confirmed
check(58, status
, 'applied')

await db.query('UPDATE todos SET stars = stars + 1 WHERE list_id = ?', ['home'])
const results = await db.query('SELECT id, stars FROM todos WHERE list_id = ? ORDER BY id', ['home'])
check(70, results
, [{ id: 't1', stars: 3 }, { id: 'w1', stars: 1 }])

const sets = Array.from({ length: 500 }, (_, at) => [`b${at}`, 'work', `Task ${at}`])
check(79, await db.batch('INSERT INTO todos(id, list_id, title) VALUES (?, ?, ?)', sets)
, 500)

check(90, await db.transaction(async (tx) => {
  const [row] = await tx.query<{ n: number }>("SELECT count(*) AS n FROM todos WHERE list_id = 'work'")
  await tx.insert('todos', { id: 'w3', list_id: 'work', title: `Number ${(row?.n ?? 0) + 1}` })
  return tx.from('todos').select('title').where('id', '=', 'w3').all()
})
, [{ title: 'Number 502' }])
const thrown = await db
  .transaction(async (tx) => {
    await tx.delete('todos', { id: 'w3' })
    throw new Error('thought better of it')
  })
  .catch((error: Error) => error.message)
check(102, thrown
, 'thought better of it')
check(104, await db.from('todos').where('id', '=', 'w3').count()
, 1)

const star = [{ type: 'increment' as const, table: 'todos', data: { id: 't1', stars: 1 } }]
await db.execute(star, { idempotencyKey: 'star-once' })
await db.execute(star, { idempotencyKey: 'star-once' })
check(118, await db.query("SELECT stars FROM todos WHERE id = 't1'")
, [{ stars: 4 }])
const known = await db.status('star-once')
check(121, known.isKnown
, true)

await known.confirmed
const waiting = await db.outbox.list()
check(136, waiting.filter((entry) => entry.state === 'rejected').length
, 0)
await db.close()

check(0, 'end', 'end')
