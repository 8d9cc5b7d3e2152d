/**
 * Two devices that write the same row without a network, and what becomes of
 * them (SYNC.md §7). The body knows no source: it takes a relay whose tables
 * are those of `schema` with the rows of `rows`, and a way to the truth.
 */

import { expect, test, type Browser } from '@playwright/test'
import { Device } from './device.ts'
import type { Truth } from './truth.ts'

/** The tables, in the form of a seed's schema.yaml. */
export const schema = `tables:
  orders:
    key: [id]
    columns:
      id: { type: text, not_null: true }
      note: { type: text }
      city: { type: text }
  contracts:
    key: [id]
    conflict: manual
    columns:
      id: { type: text, not_null: true }
      terms: { type: text }
      price: { type: "numeric(10,2)" }
  products:
    key: [id]
    columns:
      id: { type: text, not_null: true }
      name: { type: text }
      stock: { type: integer, not_null: true, conflict: delta }
    checks: { stock_not_negative: "stock >= 0" }
  sales:
    key: [id]
    columns:
      id: { type: text, not_null: true }
      product_id: { type: text, not_null: true }
  pages:
    key: [id]
    columns:
      id: { type: text, not_null: true }
      body: { type: text, conflict: text }
      data: { type: jsonb, conflict: json }
      tags: { type: "text[]", conflict: set }
`

const orders = ['columns', 'earlier', 'later', 'kept', 'lost', 'ghost'].map((id) => ({
  id,
  note: 'as it was',
  city: 'Bergen',
}))
const contracts = ['mine', 'theirs', 'edited', 'deleted'].map((id) => ({ id, terms: '30 days', price: '10.00' }))

const page = {
  body: 'ring the bell twice and ask for Ada',
  data: '{"a": 1, "b": {"x": 1, "y": 1}}',
  tags: '{old,kept}',
}

/** What the tables hold at first. */
export const rows = {
  orders,
  contracts,
  products: [{ id: 'tea', name: 'Tea', stock: 1 }],
  pages: ['both', 'same'].map((id) => ({ id, ...page })),
}

/** The same tables and rows for Postgres, and the relay's file. */
export const postgres = {
  sql: `
CREATE TABLE orders (id text PRIMARY KEY, note text, city text);
CREATE TABLE contracts (id text PRIMARY KEY, terms text, price numeric(10,2));
CREATE TABLE products (id text PRIMARY KEY, name text, stock int NOT NULL CONSTRAINT stock_not_negative CHECK (stock >= 0));
CREATE TABLE sales (id text PRIMARY KEY, product_id text NOT NULL);
CREATE TABLE pages (id text PRIMARY KEY, body text, data jsonb, tags text[]);
${inserts()}`,
  config: `auth: { anonymous: true }
tables:
  orders: { read: true, write: true }
  contracts: { read: true, write: true, conflict: manual }
  products: { read: true, write: true, conflict: { columns: { stock: delta } } }
  sales: { read: true, write: true }
  pages: { read: true, write: true, conflict: { columns: { body: text, data: json, tags: set } } }
`,
}

function inserts(): string {
  const statements = Object.entries(rows).flatMap(([table, list]) =>
    list.map(
      (row) =>
        `INSERT INTO ${table} VALUES (${Object.values(row)
          .map((cell) => (typeof cell === 'string' ? `'${cell}'` : cell))
          .join(', ')});`,
    ),
  )
  return statements.join('\n')
}

const tables = ['orders', 'contracts', 'products', 'sales', 'pages']

/** Declares the tests for one kind of relay. */
export function conflictCases(start: () => Promise<Truth>): void {
  let truth: Truth
  test.beforeAll(async () => {
    truth = await start()
  })
  test.afterAll(async () => {
    await truth.close()
  })

  /** Runs `work` with two devices that are in step, offline, and have no counts. */
  async function apart(browser: Browser, work: (a: Device, b: Device) => Promise<void>): Promise<void> {
    const [a, b] = await Promise.all([Device.open(browser, truth.url, tables), Device.open(browser, truth.url, tables)])
    for (const device of [a, b]) {
      await device.sync()
      await device.counts()
      await device.goOffline()
    }
    await work(a, b)
    await a.close()
    await b.close()
  }

  /** A row on both screens and at the source; `asText` is for the source, whose cells are text. */
  async function stands(
    a: Device,
    b: Device,
    table: string,
    id: string,
    row: Record<string, unknown> | null,
  ): Promise<void> {
    for (const device of [a, b]) await expect.poll(() => device.row(table, id)).toEqual(row)
    const found = await truth.query(`select * from ${table} where id = '${id}'`)
    expect(found).toEqual(
      row === null ? [] : [Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value)]))],
    )
  }

  test('(i) different columns: both edits stand, merged, recorded and counted, and nobody is called', async ({
    browser,
  }) => {
    await apart(browser, async (a, b) => {
      await a.write({ type: 'update', table: 'orders', data: { id: 'columns', note: 'ring twice' } })
      const write = await b.write({ type: 'update', table: 'orders', data: { id: 'columns', city: 'Oslo' } })
      await a.goOnline()
      await b.goOnline()
      expect(await b.ending(write)).toEqual({ status: 'merged' })
      await stands(a, b, 'orders', 'columns', { id: 'columns', note: 'ring twice', city: 'Oslo' })
      expect(await b.conflicts()).toEqual([
        expect.objectContaining({
          table: 'orders',
          key: { id: 'columns' },
          rule: 'merged',
          status: 'merged',
          isOpen: false,
          columns: [],
        }),
      ])
      await a.sync()
      expect([await a.counts(), await b.counts()]).toEqual([
        { updated: 1, conflicts: 0 },
        { updated: 1, conflicts: 1 },
      ])
      for (const device of [a, b]) expect((await device.calls()).conflicts).toEqual([])
    })
  })

  test('(ii) the same column: the later clock wins on both screens, also when it comes first', async ({ browser }) => {
    await apart(browser, async (a, b) => {
      // Two rows: of one the later write arrives last, of the other first.
      const first = await a.write({ type: 'update', table: 'orders', data: { id: 'later', note: 'from a' } })
      const early = await b.write({ type: 'update', table: 'orders', data: { id: 'earlier', note: 'from b' } })
      const late = await b.write({ type: 'update', table: 'orders', data: { id: 'later', note: 'from b' } })
      const last = await a.write({ type: 'update', table: 'orders', data: { id: 'earlier', note: 'from a' } })
      await a.goOnline()
      await b.goOnline()
      expect([await a.ending(first), await a.ending(last)]).toEqual([{ status: 'applied' }, { status: 'applied' }])
      expect([await b.ending(early), await b.ending(late)]).toEqual([{ status: 'superseded' }, { status: 'merged' }])
      await stands(a, b, 'orders', 'later', { id: 'later', note: 'from b', city: 'Bergen' })
      await stands(a, b, 'orders', 'earlier', { id: 'earlier', note: 'from a', city: 'Bergen' })
      const mine = { id: 'later', note: 'from b', city: 'Bergen' },
        theirs = { id: 'later', note: 'from a', city: 'Bergen' }
      const expected = [
        {
          table: 'orders',
          rule: 'lww_theirs',
          status: 'superseded',
          isOpen: false,
          columns: ['note'],
          localData: { ...mine, id: 'earlier' },
          remoteData: { ...theirs, id: 'earlier' },
          chosen: { ...theirs, id: 'earlier' },
        },
        {
          table: 'orders',
          rule: 'lww_mine',
          status: 'merged',
          isOpen: false,
          columns: ['note'],
          localData: mine,
          remoteData: theirs,
          chosen: mine,
        },
      ].map((one) => expect.objectContaining(one))
      await expect.poll(async () => (await b.calls()).conflicts).toEqual(expected)
      expect(await b.conflicts()).toEqual(expected)
      // The one whose committed value was overwritten is told as well, once, and can still read it.
      await a.sync()
      const overwritten = [
        expect.objectContaining({
          table: 'orders',
          rule: 'lww_theirs',
          status: 'superseded',
          isOpen: false,
          columns: ['note'],
          localData: theirs,
          remoteData: mine,
          chosen: mine,
        }),
      ]
      expect((await a.calls()).conflicts).toEqual(overwritten)
      expect(await a.conflicts()).toEqual(overwritten)
      expect([(await a.counts()).conflicts, (await b.counts()).conflicts]).toEqual([0, 2])
    })
  })

  test('(ii) the same column, which merges: both edits stand on both screens; where they touch a person decides', async ({
    browser,
  }) => {
    await apart(browser, async (a, b) => {
      const edit = (device: Device, id: string, data: object) =>
        device.write({ type: 'update', table: 'pages', data: { id, ...data } })
      await edit(a, 'both', {
        body: 'knock the bell twice and ask for Ada',
        data: '{"a": 2, "b": {"x": 1, "y": 1}}',
        tags: '{kept,"from a"}',
      })
      const merged = await edit(b, 'both', {
        body: 'ring the bell once and ask for Ada or Grace',
        data: '{"a": 1, "b": {"x": 1, "y": 2}, "c": 3}',
        tags: '{old,kept,"from b"}',
      })
      await edit(a, 'same', { data: '{"a": 5, "b": {"x": 1, "y": 1}}' })
      const met = await edit(b, 'same', { data: '{"a": 6, "b": {"x": 1, "y": 1}}' })
      await a.goOnline()
      await b.goOnline()
      expect([await b.ending(merged), await b.ending(met)]).toEqual([{ status: 'merged' }, { status: 'parked' }])
      await stands(a, b, 'pages', 'both', {
        id: 'both',
        body: 'knock the bell once and ask for Ada or Grace',
        data: '{"a": 2, "b": {"x": 1, "y": 2}, "c": 3}',
        tags: '{kept,"from a","from b"}',
      })
      await stands(a, b, 'pages', 'same', { ...page, id: 'same', data: '{"a": 5, "b": {"x": 1, "y": 1}}' })
      expect(await b.conflicts()).toEqual([
        expect.objectContaining({ table: 'pages', rule: 'text', isOpen: false, columns: ['body', 'data', 'tags'] }),
        expect.objectContaining({ table: 'pages', rule: 'manual', isOpen: true, columns: ['data'] }),
      ])
      // Nothing of the first writer's was lost: it is not told of an overwritten value.
      await a.sync()
      expect((await a.calls()).conflicts).toEqual([])
    })
  })

  for (const choice of ['mine', 'theirs', 'edited'] as const) {
    test(`(iii) a manual table: it is open until a person has decided, here: ${choice}`, async ({ browser }) => {
      const row = { id: choice, terms: '30 days', price: '10.00' }
      await apart(browser, async (a, b) => {
        await a.write({ type: 'update', table: 'contracts', data: { id: choice, terms: '60 days' } })
        const write = await b.write({ type: 'update', table: 'contracts', data: { id: choice, terms: '90 days' } })
        await a.goOnline()
        await b.goOnline()
        expect(await b.ending(write)).toEqual({ status: 'parked' })
        await stands(a, b, 'contracts', choice, { ...row, terms: '60 days' })
        const open = {
          table: 'contracts',
          rule: 'manual',
          status: 'parked',
          isOpen: true,
          columns: ['terms'],
          localData: { ...row, terms: '90 days' },
          remoteData: { ...row, terms: '60 days' },
          base: row,
          chosen: null,
        }
        await expect.poll(async () => (await b.calls()).conflicts).toEqual([expect.objectContaining(open)])
        expect(await b.counts()).toEqual({ updated: 1, conflicts: 1 })
        const [kept] = await b.conflicts()
        if (kept === undefined) throw new Error('the conflict is not kept')
        // Another tab of the same device lists it, and hears that it was dealt with here.
        const tab = await b.page.context().newPage()
        await tab.goto(b.proxy.url)
        await tab.evaluate(async () => {
          const db = await window.rockpool.open({ name: 'lab', relay: { url: window.relayUrl } })
          db.conflicts.subscribe((list) => {
            document.title = `open: ${list.filter((one) => one.isOpen).length}`
          })
          await db.conflicts.list()
        })
        await expect.poll(() => tab.title()).toBe('open: 1')
        await b.resolve(kept.id, choice === 'edited' ? { id: choice, terms: '45 days', price: '9.50' } : choice)
        await expect.poll(() => tab.title()).toBe('open: 0')
        await b.sync()
        await a.sync()
        const settled = {
          mine: { ...row, terms: '90 days' },
          theirs: { ...row, terms: '60 days' },
          edited: { ...row, terms: '45 days', price: '9.50' },
        }
        await stands(a, b, 'contracts', choice, settled[choice])
        expect((await b.conflicts()).filter((one) => one.isOpen)).toEqual([])
        expect(await b.page.evaluate(() => window.device.db.sync.status.parked)).toBe(0)
        expect((await b.calls()).conflicts).toHaveLength(1)
      })
    })
  }

  test('(iv) the last unit: one order is confirmed, the other is rolled back alone and its data kept', async ({
    browser,
  }) => {
    await apart(browser, async (a, b) => {
      const sell = (device: Device, id: string) =>
        device.write(
          { type: 'insert', table: 'sales', data: { id, product_id: 'tea' } },
          { type: 'increment', table: 'products', data: { id: 'tea', stock: -1 } },
        )
      const won = await sell(a, 'from-a')
      await b.write({ type: 'update', table: 'orders', data: { id: 'kept', note: 'before' } })
      const lost = await sell(b, 'from-b')
      const other = await b.write({ type: 'update', table: 'orders', data: { id: 'kept', city: 'after' } })
      const built = await b.write({ type: 'update', table: 'sales', data: { id: 'from-b', product_id: 'tin' } })
      expect(await b.row('products', 'tea')).toEqual({ id: 'tea', name: 'Tea', stock: 0 })
      await a.goOnline()
      await b.goOnline()
      expect(await a.ending(won)).toEqual({ status: 'applied' })
      expect(await b.ending(lost)).toEqual({ status: 'refused', kind: 'constraint' })
      expect(await b.ending(other)).toEqual({ status: 'applied' })
      expect(await b.ending(built)).toEqual({ status: 'refused', kind: 'blocked' })
      await stands(a, b, 'products', 'tea', { id: 'tea', name: 'Tea', stock: 0 })
      await stands(a, b, 'sales', 'from-a', { id: 'from-a', product_id: 'tea' })
      await stands(a, b, 'sales', 'from-b', null)
      await stands(a, b, 'orders', 'kept', { id: 'kept', note: 'before', city: 'after' })
      const operations = [
        {
          type: 'insert',
          table: 'sales',
          key: { id: 'from-b' },
          before: null,
          after: { id: 'from-b', product_id: 'tea' },
          deltas: [],
        },
        expect.objectContaining({ type: 'update', table: 'products', key: { id: 'tea' } }),
      ]
      const { rollbacks } = await b.calls()
      expect(rollbacks).toEqual([
        {
          mid: expect.any(Number),
          kind: 'constraint',
          detail: expect.stringContaining('stock'),
          causedBy: null,
          operations,
        },
        expect.objectContaining({ kind: 'blocked', causedBy: rollbacks[0]?.mid }),
      ])
      expect((await a.calls()).rollbacks).toEqual([])
      const kept = await b.page.evaluate(async () =>
        (await window.device.db.outbox.list()).map(({ state, kind, causedBy, operations: ops, history }) => ({
          state,
          kind,
          causedBy,
          operations: ops,
          passed: history.map((one) => one.state),
        })),
      )
      const passed = ['draft', 'applied', 'durable', 'sent']
      expect(kept).toEqual([
        { state: 'rejected', kind: 'constraint', causedBy: null, operations, passed: [...passed, 'rejected'] },
        expect.objectContaining({ state: 'blocked', kind: 'blocked', causedBy: rollbacks[0]?.mid }),
      ])
      // Its data can be given up; nothing else changes.
      await b.page.evaluate(async () => {
        for (const entry of await window.device.db.outbox.list()) await entry.discard()
      })
      expect(await b.page.evaluate(async () => (await window.device.db.outbox.list()).length)).toBe(0)
      await stands(a, b, 'products', 'tea', { id: 'tea', name: 'Tea', stock: 0 })
    })
  })

  test('(v) an update of a row that was deleted: it stays gone, and the update is kept', async ({ browser }) => {
    await apart(browser, async (a, b) => {
      await a.write({ type: 'delete', table: 'orders', data: { id: 'ghost' } })
      const write = await b.write({ type: 'update', table: 'orders', data: { id: 'ghost', note: 'too late' } })
      await a.goOnline()
      await b.goOnline()
      expect(await b.ending(write)).toEqual({ status: 'superseded' })
      await stands(a, b, 'orders', 'ghost', null)
      await expect
        .poll(async () => (await b.calls()).conflicts)
        .toEqual([
          expect.objectContaining({
            table: 'orders',
            rule: 'gone',
            isOpen: false,
            localData: { id: 'ghost', note: 'too late', city: 'Bergen' },
            remoteData: null,
            chosen: null,
          }),
        ])
      const kept = await b.page.evaluate(async () =>
        (await window.device.db.outbox.list()).map((one) => one.operations[0]?.after),
      )
      expect(kept).toEqual([{ note: 'too late' }])
      expect((await b.counts()).conflicts).toBe(1)
    })
  })

  test('(v) a delete of a row that was updated: the row survives, and the deleter is told', async ({ browser }) => {
    await apart(browser, async (a, b) => {
      await a.write({ type: 'update', table: 'orders', data: { id: 'lost', note: 'still here' } })
      const write = await b.write({ type: 'delete', table: 'orders', data: { id: 'lost' } })
      await a.goOnline()
      await b.goOnline()
      expect(await b.ending(write)).toEqual({ status: 'superseded' })
      const survivor = { id: 'lost', note: 'still here', city: 'Bergen' }
      await stands(a, b, 'orders', 'lost', survivor)
      await expect
        .poll(async () => (await b.calls()).conflicts)
        .toEqual([
          expect.objectContaining({
            table: 'orders',
            rule: 'survives',
            isOpen: false,
            localData: null,
            remoteData: survivor,
            chosen: survivor,
          }),
        ])
      expect((await b.counts()).conflicts).toBe(1)
    })
  })

  test('(v) in a manual table a delete and an update wait for a person', async ({ browser }) => {
    await apart(browser, async (a, b) => {
      await a.write({ type: 'delete', table: 'contracts', data: { id: 'deleted' } })
      const write = await b.write({ type: 'update', table: 'contracts', data: { id: 'deleted', terms: 'never' } })
      await a.goOnline()
      await b.goOnline()
      expect(await b.ending(write)).toEqual({ status: 'parked' })
      await stands(a, b, 'contracts', 'deleted', null)
      const [open] = (await b.calls()).conflicts
      expect(open).toMatchObject({
        table: 'contracts',
        rule: 'manual',
        isOpen: true,
        localData: { id: 'deleted', terms: 'never', price: '10.00' },
        remoteData: null,
      })
      // Making it again is an explicit insert: here the person writes the row anew.
      if (open !== undefined) await b.resolve(open.id, { id: 'deleted', terms: 'agreed', price: '12.00' })
      await b.sync()
      await a.sync()
      await stands(a, b, 'contracts', 'deleted', { id: 'deleted', terms: 'agreed', price: '12.00' })
    })
  })
}
