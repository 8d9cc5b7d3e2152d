import { afterEach, describe, expect, test } from 'vitest'
import { Database } from '../src/database.ts'
import { PageFrame, PageVersion } from '../src/gen/wire.ts'
import { schema, shopStore } from './shop.ts'
import { TabWorld, type FakeTab } from './tab-world.ts'
import { until } from './until.ts'

type Shop = NonNullable<typeof schema.types>

const opened: Database<Shop>[] = []
let names = 0
function join(tab: FakeTab, name: string, build = 0): Database<Shop> {
  const db = new Database<Shop>({ name, schema, build, environment: tab.environment })
  opened.push(db)
  return db
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((db) => db.close()))
})

const insert = (id: number) => [{ type: 'insert' as const, table: 'orders', data: { id, product_id: 1, amount: 2 } }]

describe('several tabs', () => {
  test('one leads, the others use its Worker', async () => {
    const world = new TabWorld(shopStore()),
      name = 'tabs' + ++names
    const a = join(world.tab('A'), name),
      b = join(world.tab('B'), name),
      c = join(world.tab('C'), name)
    await Promise.all([a.ready, b.ready, c.ready])
    expect(world.workers).toHaveLength(1)
    expect([a, b, c].map((db) => db.health.get().role)).toEqual(['leader', 'follower', 'follower'])
    await b.execute(insert(1))
    expect(await c.from('orders').select('id', 'amount').all()).toEqual([{ id: 1, amount: 2 }])
  })

  test('a write in one tab reaches the live query of another', async () => {
    const world = new TabWorld(shopStore()),
      name = 'tabs' + ++names
    const a = join(world.tab('A'), name),
      b = join(world.tab('B'), name)
    await Promise.all([a.ready, b.ready])
    const seen: number[] = []
    const stop = b.live(b.from('orders')).each((rows) => {
      seen.push(rows.length)
    })
    await until('first state', () => seen.length === 1)
    await a.execute(insert(1))
    await until('second state', () => seen.length === 2)
    expect(seen).toEqual([0, 1])
    stop()
  })

  test('a killed leader is replaced: reads go on, keyed writes apply once, live queries come back', async () => {
    const world = new TabWorld(shopStore(), { hold: new Set([PageFrame.PageOperations, PageFrame.PageSelect]) }),
      name = 'tabs' + ++names
    const first = world.tab('A')
    const a = join(first, name),
      b = join(world.tab('B'), name)
    await Promise.all([a.ready, b.ready])
    const states: string[] = []
    const stop = b.live(b.from('orders')).each((rows) => {
      states.push(rows.map((row) => row.id).join())
    })
    const write = b.execute(insert(7)),
      read = b.from('products').count()
    await until(
      'both are at the Worker',
      () =>
        world.latest.calls.filter((type) => type === PageFrame.PageOperations || type === PageFrame.PageSelect)
          .length === 2,
    )
    world.options.hold?.clear()
    world.kill(first)
    expect((await write)[0]).toMatchObject({ id: 7 })
    expect(await read).toBe(3)
    expect(world.store.tables.get('orders')?.size).toBe(1)
    await until('the live query has the row', () => states.at(-1) === '7')
    expect(b.health.get()).toMatchObject({ role: 'leader', database: 'open' })
    stop()
  })

  test('a write that was applied before its leader died is not applied again', async () => {
    const world = new TabWorld(shopStore()),
      name = 'tabs' + ++names
    const first = world.tab('A')
    const a = join(first, name),
      b = join(world.tab('B'), name)
    await Promise.all([a.ready, b.ready])
    const increment = () =>
      b.execute([{ type: 'increment', table: 'products', data: { id: 1, stock: 1 } }], { idempotencyKey: 'k1' })
    await increment()
    world.kill(first)
    await increment()
    expect(world.store.tables.get('products')?.get('1')?.stock).toBe(11)
  })

  test('with no next leader a write in flight settles as unknown with its key, a read as unreachable', async () => {
    const world = new TabWorld(shopStore(), { hold: new Set([PageFrame.PageOperations, PageFrame.PageSelect]) }),
      name = 'tabs' + ++names
    const first = world.tab('A')
    const a = join(first, name)
    await a.ready
    const zombie = world.request(world.tab('Z'), () => {}) // next in the queue, and never leads
    const b = join(world.tab('B'), name)
    await b.ready
    const write = b.execute(insert(9), { idempotencyKey: 'mine' }).catch((thrown: unknown) => thrown)
    const read = b
      .from('orders')
      .all()
      .catch((thrown: unknown) => thrown)
    await until('both are at the Worker', () => world.latest.calls.includes(PageFrame.PageSelect))
    world.options.hold?.clear()
    // A dies without a word; in a browser its port just falls silent, here its Worker says that it is gone.
    world.latest.panic()
    world.kill(first)
    const began = performance.now()
    const [unknown, unreachable] = await Promise.all([write, read])
    expect(performance.now() - began).toBeLessThan(5_000)
    expect(unknown).toMatchObject({ kind: 'outcome_unknown', idempotencyKey: 'mine', retryable: true })
    expect(unreachable).toMatchObject({ kind: 'leader_unreachable', retryable: true })
    // What is called meanwhile waits, and is served by whoever leads at last.
    const waiting = b.from('orders').count()
    zombie.release()
    expect(await waiting).toBe(0)
  }, 12_000)

  test('a silent leader is told within 5 s; what was in flight settles, what comes waits for the thaw', async () => {
    const world = new TabWorld(shopStore()),
      name = 'tabs' + ++names
    const a = join(world.tab('A'), name),
      b = join(world.tab('B'), name)
    await Promise.all([a.ready, b.ready])
    world.latest.isSilent = true
    const began = performance.now()
    const inFlight = b.execute(insert(1), { idempotencyKey: 'k' }).catch((thrown: unknown) => thrown)
    await until('health says so', () => b.health.get().database === 'silent', 6_000)
    expect(performance.now() - began).toBeLessThan(5_500)
    expect(b.health.get().error?.kind).toBe('leader_frozen')
    expect(await inFlight).toMatchObject({ kind: 'outcome_unknown', idempotencyKey: 'k' })
    const later = b.execute(insert(2))
    world.latest.wake()
    await later
    await b.execute(insert(1), { idempotencyKey: 'k' }) // it had been applied on the thaw: once
    expect(await b.from('orders').count()).toBe(2)
    expect(world.workers).toHaveLength(1)
  }, 15_000)

  test('a panic of the core: the leader starts another from what is stored, everybody goes on', async () => {
    const world = new TabWorld(shopStore()),
      name = 'tabs' + ++names
    const a = join(world.tab('A'), name),
      b = join(world.tab('B'), name)
    await Promise.all([a.ready, b.ready])
    await a.execute(insert(1))
    world.latest.panic()
    expect(await b.from('orders').count()).toBe(1)
    expect(await a.from('orders').count()).toBe(1)
    expect(world.workers).toHaveLength(2)
  })

  test('leadership moves when the leader closes, drained and without an error', async () => {
    const world = new TabWorld(shopStore()),
      name = 'tabs' + ++names
    const a = join(world.tab('A'), name),
      b = join(world.tab('B'), name)
    await Promise.all([a.ready, b.ready])
    await a.execute(insert(1))
    await a.close()
    expect(a.health.get()).toMatchObject({ database: 'closed', error: null })
    await expect(a.from('orders').all()).rejects.toMatchObject({ kind: 'closed' })
    expect(await b.from('orders').count()).toBe(1)
    expect(b.health.get().role).toBe('leader')
  })

  test('a page that goes to sleep hands over, and follows when it wakes', async () => {
    const world = new TabWorld(shopStore()),
      name = 'tabs' + ++names
    const first = world.tab('A')
    const a = join(first, name),
      b = join(world.tab('B'), name)
    await Promise.all([a.ready, b.ready])
    first.sleep()
    await until('B leads', () => b.health.get().role === 'leader')
    first.wake()
    expect(await a.from('products').count()).toBe(3)
    expect(a.health.get().role).toBe('follower')
  })

  test('of two builds the newer takes over and the older is told to reload', async () => {
    const world = new TabWorld(shopStore()),
      name = 'tabs' + ++names
    const old = join(world.tab('A'), name, 1)
    await old.ready
    const fresh = join(world.tab('B'), name, 2)
    await fresh.ready
    expect(fresh.health.get().role).toBe('leader')
    await expect(old.from('orders').all()).rejects.toMatchObject({ kind: 'reload_needed' })
    expect(old.health.get()).toMatchObject({ database: 'closed', error: { kind: 'reload_needed' } })
    const late = join(world.tab('C'), name, 1)
    await expect(late.ready).rejects.toMatchObject({ kind: 'reload_needed' })
  })

  test('a Worker of another protocol is refused with both versions', async () => {
    const world = new TabWorld(shopStore(), { welcome: { version: PageVersion + 1 } }),
      name = 'tabs' + ++names
    const a = join(world.tab('A'), name)
    await expect(a.ready).rejects.toMatchObject({
      kind: 'version_mismatch',
      message: expect.stringContaining(`protocol ${PageVersion}`) as unknown,
    })
  })

  test('an opening that cannot succeed rejects with its cause, and lets the lock go', async () => {
    const world = new TabWorld(shopStore(), {
        openError: { kind: 'wrong_key', message: 'the key does not open this file' },
      }),
      name = 'tabs' + ++names
    const a = join(world.tab('A'), name)
    await expect(a.ready).rejects.toMatchObject({ kind: 'wrong_key' })
    await expect(a.from('orders').all()).rejects.toMatchObject({ kind: 'wrong_key' })
    await a.closed
    expect(world.holder).toBe(null)
  })

  test('a boot that cannot succeed rejects with its cause', async () => {
    const world = new TabWorld(shopStore(), { bootError: { kind: 'storage_unavailable', message: 'no OPFS here' } }),
      name = 'tabs' + ++names
    const a = join(world.tab('A'), name)
    await expect(a.ready).rejects.toMatchObject({ kind: 'storage_unavailable' })
    expect(world.holder).toBe(null)
  })
})

describe('calls', () => {
  const alone = async (options: ConstructorParameters<typeof TabWorld>[1] = {}) => {
    const world = new TabWorld(shopStore(), options)
    const db = join(world.tab('A'), 'calls' + ++names)
    await db.ready
    return { world, db }
  }

  test('built queries show booleans, SQL text shows SQLite', async () => {
    const sql = new Map([['select active from products', { columns: ['active'], rows: [[1], [0]] }]])
    const { db } = await alone({ sql })
    expect(await db.from('products').select('id', 'active').where('price', '<', 19).orderBy('id').all()).toEqual([
      { id: 1, active: true },
      { id: 3, active: true },
    ])
    expect(await db.query('select active from products')).toEqual([{ active: 1 }, { active: 0 }])
    expect(
      await db
        .from('products')
        .where({ active: true, price: { '>=': 18 } })
        .first(),
    ).toMatchObject({ name: 'chai' })
  })

  test('writes are sent in the order in which they were made, also behind one that is encoded in slices', async () => {
    const { world, db } = await alone()
    const many = Array.from({ length: 2_000 }, (_, at) => ({
      type: 'insert' as const,
      table: 'orders',
      data: { id: at + 1, product_id: 1, amount: 1 },
    }))
    await Promise.all([db.execute(many), db.execute([{ type: 'delete', table: 'orders', data: { id: 2_000 } }])])
    expect(world.workers[0]?.calls.filter((type) => type === PageFrame.PageOperations)).toHaveLength(2)
    expect(await db.from('orders').count()).toBe(1_999)
  })

  test('what cannot be encoded rejects, and what waited behind it goes on', async () => {
    const { db } = await alone()
    const operations = Array.from({ length: 600 }, (_, at) => ({
      type: 'insert' as const,
      table: 'orders',
      data: { id: at + 1, product_id: 1, amount: at === 599 ? Symbol('no value') : 1 },
    }))
    const bad = db.execute(operations)
    const behind = db.execute([{ type: 'insert', table: 'orders', data: { id: 1_000, product_id: 1, amount: 1 } }])
    await expect(bad).rejects.toMatchObject({ kind: 'invalid_argument' })
    await behind
    expect(await db.from('orders').all()).toEqual([{ id: 1_000, product_id: 1, amount: 1 }])
  })

  test('an abort rejects at once and tells the Worker; a write is awaited, as only its answer tells', async () => {
    const { world, db } = await alone({ hold: new Set([PageFrame.PageSelect, PageFrame.PageOperations]) })
    const abort = new AbortController()
    const read = db.from('orders').all({ signal: abort.signal })
    const write = db.execute(insert(1), { signal: abort.signal })
    abort.abort()
    await expect(read).rejects.toMatchObject({ kind: 'cancelled' })
    await until('the write is at the Worker', () => world.latest.calls.includes(PageFrame.PageOperations))
    world.latest.release()
    expect(await write).toHaveLength(1)
    expect(world.latest.calls.filter((type) => type === PageFrame.PageCancel)).toHaveLength(2)
    await expect(db.from('orders').all({ signal: abort.signal })).rejects.toMatchObject({ kind: 'cancelled' })
  })

  test('a deadline ends a read as deadline_exceeded and a write as unknown', async () => {
    const { db } = await alone({ hold: new Set([PageFrame.PageSelect, PageFrame.PageOperations]) })
    await expect(db.from('orders').all({ deadline: 20 })).rejects.toMatchObject({ kind: 'deadline_exceeded' })
    await expect(db.execute(insert(1), { deadline: 20, idempotencyKey: 'k' })).rejects.toMatchObject({
      kind: 'outcome_unknown',
      idempotencyKey: 'k',
    })
  })

  test('a failing operation rolls the others back and names its kind', async () => {
    const { db } = await alone()
    await expect(
      db.execute([...insert(1), { type: 'insert', table: 'products', data: { id: 1 } }]),
    ).rejects.toMatchObject({ kind: 'constraint' })
    expect(await db.from('orders').count()).toBe(0)
  })

  test('a transaction that throws rolls back and rejects with what was thrown', async () => {
    const { db, world } = await alone()
    const mine = new Error('no')
    await expect(
      db.transaction(async (tx) => {
        await tx.insert('orders', { id: 1, product_id: 1, amount: 1 })
        throw mine
      }),
    ).rejects.toBe(mine)
    expect(world.latest.calls).toContain(PageFrame.PageTxEnd)
    let leaked: { insert(table: 'orders', data: object): Promise<unknown> } | undefined
    await db.transaction(async (tx) => {
      leaked = tx as typeof leaked
    })
    await expect(leaked?.insert('orders', { id: 2 })).rejects.toMatchObject({ kind: 'closed' })
  })

  test('.confirmed settles with the outcome that the server decided', async () => {
    const { db, world } = await alone()
    const good = db.execute(insert(1)),
      bad = db.execute(insert(2))
    await Promise.all([good, bad])
    world.latest.emit({ type: 2, outcome: { mid: 1, status: 1 } })
    world.latest.emit({
      type: 2,
      outcome: { mid: 2, status: 5, detail: 'stock would be negative' },
      rolledBack: [{ table: 'orders', type: 1, key: { columns: ['id'], values: [2] } }],
    })
    const rollbacks: number[] = []
    db.outbox.onRollback(({ mid }) => rollbacks.push(mid))
    expect(await good.confirmed).toEqual({ status: 'applied', mid: 1 })
    await expect(bad.confirmed).rejects.toMatchObject({
      kind: 'rejected',
      mid: 2,
      message: expect.stringContaining('stock would be negative') as unknown,
    })
    expect(rollbacks).toEqual([2])
  })

  test('close settles everything: calls in flight, calls after, live queries', async () => {
    const { db } = await alone({ hold: new Set([PageFrame.PageSelect]) })
    const read = db
      .from('orders')
      .all()
      .catch((thrown: unknown) => thrown)
    const ready = db.live(db.from('products')).ready
    await ready
    await db.close()
    expect(await read).toMatchObject({ kind: 'closed' })
    await expect(db.stats()).rejects.toMatchObject({ kind: 'closed' })
  }, 10_000)

  test('the same live query is one subscription; it ends after its last listener and a grace time', async () => {
    const { db, world } = await alone()
    const one = db.live(db.from('orders')),
      two = db.from('orders').live()
    expect(one).toBe(two)
    const stops = [one.subscribe(() => {}), two.subscribe(() => {})]
    await one.ready
    expect(world.latest.liveQueries).toBe(1)
    for (const stop of stops) stop()
    await until('it has ended at the Worker', () => world.latest.liveQueries === 0)
  })

  test('rows that did not change keep their identity', async () => {
    const { db } = await alone()
    const live = db.from('products').orderBy('id').live()
    const stop = live.subscribe(() => {})
    await live.ready
    const before = live.get().rows
    await db.execute([{ type: 'update', table: 'products', data: { id: 2, price: 20 } }])
    await until('the update is seen', () => live.get().rows !== before)
    const after = live.get().rows
    expect([after[0] === before[0], after[1] === before[1], after[2] === before[2]]).toEqual([true, false, true])
    await db.execute(insert(5))
    expect(live.get().rows).toBe(after)
    stop()
  })
})
