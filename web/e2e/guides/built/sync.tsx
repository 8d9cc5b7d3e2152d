import { check } from '../check.ts'
import { open } from '@rockpool/client'

const db = await open({ name: 'sync', relay: { url: '/sync' } })
const lists = db.sync.subscribe('lists')
const todos = db.sync.subscribe('todos', {}, { ttl: '7d', priority: 1 })
await Promise.all([lists.ready, todos.ready])
check(20, todos.progress.get()?.isReady
, true)

check(27, await db.sync.subscribe('secrets').ready.catch((error) => error.kind)
, 'unknown_table')

check(37, db.health.get().socket
, 'open')

await db.sync.connect(false)
await db.execute([{ type: 'insert', table: 'todos', data: { id: 's1', list_id: 'home', title: 'Offline' } }])
const offline = await db.outbox.list()
check(51, offline.map((entry) => entry.state)
, ['durable'])
await db.sync.connect(true)

const untilOpen = new Promise<void>((resolve) => {
  const stop = db.health.subscribe((health) => {
    if (health.socket !== 'open') return
    queueMicrotask(() => stop())
    resolve()
  })
})
if (db.health.get().socket !== 'open') await untilOpen
const round = await db.sync.now()
check(70, round.conflicts
, 0)

const ada = await open({ name: 'ada', relay: { url: '/sync' }, storage: 'memory' })
const bob = await open({ name: 'bob', relay: { url: '/sync' }, storage: 'memory' })
for (const one of [ada, bob]) await Promise.all([one.sync.subscribe('lists').ready, one.sync.subscribe('todos').ready])
await ada.sync.connect(false)
await bob.execute([{ type: 'update', table: 'todos', data: { id: 't3', title: 'Write to Ada and Bob' } }]).confirmed
const told = new Promise<string>((resolve) => {
  ada.conflicts.onConflict((conflict) => {
    resolve(`${conflict.rule}: ${conflict.localData?.title} / ${conflict.remoteData?.title}`)
  })
})
const late = ada.execute([{ type: 'update', table: 'todos', data: { id: 't3', title: 'Write to Grace' } }])
await late
await ada.sync.connect(true)
const settled = await late.confirmed
check(105, settled.status
, 'merged')
check(107, await told
, 'lww_mine: Write to Grace / Write to Ada and Bob')

const [conflict] = await ada.conflicts.list()
await conflict!.resolve('theirs')
check(118, await ada.query("SELECT title FROM todos WHERE id = 't3'")
, [{ title: 'Write to Ada and Bob' }])
await Promise.all([ada.close(), bob.close(), db.close()])

check(0, 'end', 'end')
