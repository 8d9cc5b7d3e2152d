import { afterEach, expect, test } from 'vitest'
import { Database } from '../src/database.ts'
import { Kind } from '../src/gen/mutation.ts'
import { EventType, type OutboxEntry as WireEntry, TxState } from '../src/gen/wire.ts'
import type { Init } from '../src/codec.ts'
import type { Rollback } from '../src/outbox.ts'
import { schema, shopStore } from './shop.ts'
import { TabWorld } from './tab-world.ts'
import { until } from './until.ts'

let db: Database
let world: TabWorld
async function alone(outbox: Init<WireEntry>[] = []): Promise<void> {
  world = new TabWorld(shopStore(), { outbox })
  db = new Database({ name: 'outbox', schema, build: 0, environment: world.tab('A').environment })
  await db.ready
}
afterEach(() => db.close())

const inserted = {
  table: 'orders',
  type: Kind.Insert,
  key: { columns: ['id'], values: [2] },
  after: { columns: ['id'], values: [2] },
}
const durable = { mid: 1, state: TxState.TxDurable, operations: [inserted], bytes: 90, idempotencyKey: 'k' }
const tell = (entry: Init<WireEntry>) => {
  world.latest.emit({ type: EventType.EventTxState, entry })
}

test('a change of state leaves an entry its operations, and adds to its history', async () => {
  await alone()
  const states: (readonly [string, number])[] = []
  db.outbox.onState(({ state, operations }) => states.push([state, operations.length]))
  tell({ ...durable, history: [{ state: TxState.TxApplied, at: 5 }] })
  const history = [TxState.TxApplied, TxState.TxSent].map((state, at) => ({ state, at: at + 5 }))
  tell({ mid: 1, state: TxState.TxSent, at: 6, history })
  await until('both are told', () => states.length === 2)
  expect(db.outbox.changes.get()).toMatchObject([
    {
      state: 'sent',
      bytes: 90,
      operations: [{ type: 'insert', table: 'orders', before: null, after: { id: 2 } }],
      history: [
        { state: 'applied', at: 5 },
        { state: 'sent', at: 6 },
      ],
    },
  ])
  expect(states).toEqual([
    ['durable', 1],
    ['sent', 1],
  ])
})

test('a list leaves what has ended where it is seen, until it is one too many', async () => {
  await alone([{ ...durable, mid: 3 }])
  tell(durable)
  tell({ mid: 1, state: TxState.TxAccepted })
  await until('it has ended', () => db.outbox.changes.get()[0]?.state === 'accepted')
  expect((await db.outbox.list()).map(({ mid }) => mid)).toEqual([3])
  expect(db.outbox.changes.get()).toMatchObject([
    { mid: 1, state: 'accepted', operations: [{ table: 'orders' }] },
    { mid: 3, state: 'durable' },
  ])
})

test('onRollback says why, and on which refused transaction it was built', async () => {
  await alone()
  const told: Rollback[] = []
  db.outbox.onRollback((rollback) => told.push(rollback))
  world.latest.emit({
    type: EventType.EventOutcome,
    outcome: { mid: 2, status: 5, kind: 14, detail: 'taken' },
    rolledBack: [inserted],
  })
  world.latest.emit({
    type: EventType.EventOutcome,
    outcome: { mid: 3, status: 6, detail: 'a write it depends on was not applied' },
    causedBy: 2,
    rolledBack: [inserted],
  })
  await until('both are told', () => told.length === 2)
  expect(told).toMatchObject([
    { mid: 2, detail: 'taken', causedBy: null, operations: [{ after: { id: 2 } }] },
    { mid: 3, kind: null, detail: 'a write it depends on was not applied', causedBy: 2 },
  ])
  expect(typeof told[0]?.kind).toBe('string')
})
