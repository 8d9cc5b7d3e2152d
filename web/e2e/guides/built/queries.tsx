import { check } from '../check.ts'
import { col, count, defineSchema, fn, identifier, open, sql, sum } from '@rockpool/client'

const db = await open({ name: 'queries', relay: { url: '/sync' } })
await Promise.all([db.sync.subscribe('lists').ready, db.sync.subscribe('todos').ready])

check(19, await db.query('SELECT title FROM todos WHERE list_id = ? ORDER BY title', ['home'])
, [{ title: 'Buy bread' }, { title: 'Water the plants' }])

const open_ = sql`done = ${false}`
check(27, await db.sql`SELECT count(*) AS n FROM todos WHERE ${open_} AND stars > ${1}`
, [{ n: 2 }])

const result = await db.queryResult('SELECT id, stars FROM todos WHERE id = ?', ['t1'])
check(35, result.columns
, ['id', 'stars'])

const todos = db.from('todos')
const urgent = todos.select('id', 'done').where('stars', '>=', 2).orderBy('stars', 'desc')
check(50, await urgent.all()
, [{ id: 't3', done: false }, { id: 't1', done: false }])
check(52, await urgent.first()
, { id: 't3', done: false })
check(54, await urgent.limit(1).offset(1).all()
, [{ id: 't1', done: false }])
check(56, await todos.where({ list_id: ['home', 'work'], title: { like: 'W%' } }).count()
, 2)
check(58, await todos.join('lists', 'lists.id', 'todos.list_id').select('todos.title', 'lists.name as list').where('stars', '=', 5).all()
, [{ title: 'Write to Ada', list: 'Work' }])
check(60, await todos.select('list_id').select({ n: count(), stars: sum('stars') }).groupBy('list_id').orderBy('list_id').all()
, [{ list_id: 'home', n: 2, stars: 2 }, { list_id: 'work', n: 1, stars: 5 }])
check(62, await todos.select({ loud: fn('upper', col('title')) }).where('id', '=', 't2').all()
, [{ loud: 'BUY BREAD' }])

const schema = defineSchema({
  lists: { key: ['id'], columns: { id: 'text', name: 'text' } },
})
const typed = await open({ name: 'typed', schema, relay: { url: '/sync' } })
await typed.sync.subscribe('lists').ready
const names: { name: string }[] = await typed.from('lists').select('name').orderBy('name').all()
check(76, names
, [{ name: 'Home' }, { name: 'Work' }])
await typed.close()

const live = db.from('todos').select('id', 'title').where('list_id', '=', 'work').live()
await live.ready
check(90, live.get().rows
, [{ id: 't3', title: 'Write to Ada' }])
const seen = new Promise<number>((resolve) => {
  const stop = live.each((rows) => {
    if (rows.length < 2) return
    stop()
    resolve(rows.length)
  })
})
await db.execute([{ type: 'insert', table: 'todos', data: { id: 'q1', list_id: 'work', title: 'Call Grace' } }])
check(100, await seen
, 2)

const forever = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n'
check(110, await db.query(forever, [], { deadline: 50 }).catch((error) => error.kind)
, 'deadline_exceeded')

const report = await db.validate({ sql: 'SELECT titel FROM todos' })
check(120, report.problems.map((problem) => problem.kind)
, ['unknown_column'])

const column = 'title'
check(131, await db.sql`SELECT ${identifier(column)} FROM todos WHERE id = ${'t1'}`
, [{ title: 'Water the plants' }])
await db.close()

check(0, 'end', 'end')
