/** Two devices whose writes cannot both stand: an app's own resolver, undo, a unique key taken twice, a parent that is gone. */

import { type Browser, expect, test } from '@playwright/test'
import { Device } from '../device.ts'
import { startEmbedded, type Truth } from '../truth.ts'

const schema = `tables:
  contracts:
    key: [id]
    conflict: manual
    columns:
      id: { type: text, not_null: true }
      terms: { type: text }
      price: { type: integer }
  people:
    key: [id]
    columns:
      id: { type: text, not_null: true }
      email: { type: text }
    unique: [[email]]
  lists:
    key: [id]
    columns:
      id: { type: text, not_null: true }
      name: { type: text }
  items:
    key: [id]
    columns:
      id: { type: text, not_null: true }
      list: { type: text, not_null: true }
    foreign: [{ columns: [list], table: lists, references: [id] }]
`
const rows = {
  contracts: ['resolved', 'thrown', 'undone'].map((id) => ({ id, terms: '30 days', price: 10 })),
  people: [],
  lists: [{ id: 'doomed', name: 'Doomed' }],
  items: [],
}
const tables = Object.keys(rows)

let truth: Truth
test.beforeAll(async () => {
  truth = await startEmbedded(schema, rows)
})
test.afterAll(async () => {
  await truth.close()
})

async function apart(browser: Browser, work: (a: Device, b: Device) => Promise<void>): Promise<void> {
  const [a, b] = await Promise.all([Device.open(browser, truth.url, tables), Device.open(browser, truth.url, tables)])
  for (const device of [a, b]) {
    await device.sync()
    await device.goOffline()
  }
  await work(a, b)
  await a.close()
  await b.close()
}

test("an app's own function decides, in one tab and again after a reload; what it cannot waits for a person", async ({
  browser,
}) => {
  await apart(browser, async (a, b) => {
    for (const [device, terms] of [
      [a, '60 days'],
      [b, '90 days'],
    ] as const)
      for (const id of ['resolved', 'thrown'])
        await device.write({ type: 'update', table: 'contracts', data: { id, terms } })
    await a.goOnline()
    await b.goOnline()
    await expect.poll(async () => (await b.conflicts()).length).toBe(2)
    // A tab that is closed in the middle of its answer, and one that takes over.
    const first = await b.page.context().newPage()
    const second = await b.page.context().newPage()
    for (const [tab, isStuck] of [
      [first, true],
      [second, false],
    ] as const) {
      await tab.goto(b.proxy.url)
      await tab.evaluate(async (stuck) => {
        const db = await window.rockpool.open({ name: 'lab', relay: { url: window.relayUrl } })
        const asked: string[] = []
        const show = (what: string) => {
          asked.push(what)
          document.title = asked.join(', ')
        }
        window.resolveConflicts(
          db,
          {
            contracts: async ({ key, localData, remoteData }) => {
              show(String(key.id))
              if (stuck) await new Promise(() => {})
              if (key.id === 'thrown') throw new Error('no idea')
              return { terms: `${remoteData?.terms} or ${localData?.terms}` }
            },
          },
          { onError: (error) => show(error.message) },
        )
      }, isStuck)
    }
    await expect.poll(() => first.title()).toBe('resolved')
    expect(await second.title()).not.toContain('resolved')
    await first.close()
    await expect.poll(() => second.title()).toBe('resolved, thrown, resolve conflict: no idea')
    const open = (await b.conflicts()).filter((one) => one.isOpen)
    expect(open.map((one) => one.key)).toEqual([{ id: 'thrown' }])
    await b.sync()
    await a.sync()
    const settled = { id: 'resolved', terms: '60 days or 90 days', price: 10 }
    for (const device of [a, b]) await expect.poll(() => device.row('contracts', 'resolved')).toEqual(settled)
  })
})

test('an accepted transaction is undone as a new one, unless a row has changed since', async ({ browser }) => {
  const device = await Device.open(browser, truth.url, tables)
  const row = { id: 'undone', terms: '30 days', price: 10 }
  await device.page.evaluate(() => window.device.db.outbox.list())
  const made = await device.write(
    { type: 'update', table: 'contracts', data: { id: 'undone', terms: '1 day' } },
    { type: 'increment', table: 'contracts', data: { id: 'undone', price: 5 } },
    { type: 'insert', table: 'lists', data: { id: 'new', name: 'New' } },
  )
  expect(await device.ending(made)).toEqual({ status: 'applied' })
  const undo = () =>
    device.page.evaluate(async () => {
      const { db } = window.device
      const [entry] = db.outbox.changes.get().filter((one) => one.state === 'accepted')
      const write = window.undo(db, entry?.mid ?? 0)
      return write.then(
        () => write.confirmed.then(({ status }) => status),
        (error: Error) => error.message,
      )
    })
  expect(await undo()).toBe('applied')
  await expect.poll(() => device.row('contracts', 'undone')).toEqual(row)
  expect(await device.row('lists', 'new')).toBeNull()
  expect(await truth.query("select terms, price from contracts where id = 'undone'")).toEqual([
    { terms: '30 days', price: '10' },
  ])
  // Again: the rows are not as that transaction left them.
  expect(await undo()).toContain('the row new of lists is gone')
  await expect.poll(() => device.row('contracts', 'undone')).toEqual(row)
  await device.close()
})

test('a unique key that two devices took offline: the second is refused with its data kept, and may be written anew', async ({
  browser,
}) => {
  await apart(browser, async (a, b) => {
    const join = (device: Device, id: string) =>
      device.write({ type: 'insert', table: 'people', data: { id, email: 'ada@example.com' } })
    const won = await join(a, 'from-a')
    const lost = await join(b, 'from-b')
    await a.goOnline()
    await b.goOnline()
    expect(await a.ending(won)).toEqual({ status: 'applied' })
    expect(await b.ending(lost)).toEqual({ status: 'refused', kind: 'constraint' })
    for (const device of [a, b])
      await expect.poll(() => device.row('people', 'from-a')).toEqual({ id: 'from-a', email: 'ada@example.com' })
    expect(await b.row('people', 'from-b')).toBeNull()
    expect((await b.calls()).rollbacks.map((one) => [one.kind, one.operations[0]?.after])).toEqual([
      ['constraint', { id: 'from-b', email: 'ada@example.com' }],
    ])
    await b.page.evaluate(async () => {
      const [entry] = await window.device.db.outbox.list()
      await entry?.retry([{ type: 'insert', table: 'people', data: { id: 'from-b', email: 'grace@example.com' } }])
    })
    await b.sync()
    await a.sync()
    await expect.poll(() => a.row('people', 'from-b')).toEqual({ id: 'from-b', email: 'grace@example.com' })
    expect(await b.page.evaluate(async () => (await window.device.db.outbox.list()).length)).toBe(0)
  })
})

test('a row whose parent is gone: it is refused with its data kept, and what was built on it is blocked', async ({
  browser,
}) => {
  await apart(browser, async (a, b) => {
    await a.write({ type: 'delete', table: 'lists', data: { id: 'doomed' } })
    const orphan = await b.write({ type: 'insert', table: 'items', data: { id: 'orphan', list: 'doomed' } })
    const built = await b.write({ type: 'delete', table: 'items', data: { id: 'orphan' } })
    await a.goOnline()
    await b.goOnline()
    expect(await b.ending(orphan)).toEqual({ status: 'refused', kind: 'constraint' })
    expect(await b.ending(built)).toEqual({ status: 'refused', kind: 'blocked' })
    await expect.poll(() => b.row('lists', 'doomed')).toBeNull()
    expect(await b.row('items', 'orphan')).toBeNull()
    expect((await b.calls()).rollbacks.map((one) => one.kind)).toEqual(['constraint', 'blocked'])
    expect(await truth.query('select * from items')).toEqual([])
  })
})
