/** What a person does about a write that the server has not answered, or has refused. */

import { expect, test } from '@playwright/test'
import { rows, schema } from '../conflict-cases.ts'
import { Device } from '../device.ts'
import { startEmbedded, type Truth } from '../truth.ts'

let truth: Truth
test.beforeAll(async () => {
  truth = await startEmbedded(schema, rows)
})
test.afterAll(async () => {
  await truth.close()
})

test('a write that waits is taken back or replaced; what is independent of it is sent', async ({ browser }) => {
  const device = await Device.open(browser, truth.url, ['orders'])
  const { page } = device
  await device.goOffline()
  const set = (id: string, note: string) => device.write({ type: 'update', table: 'orders', data: { id, note } })
  const unwanted = await set('columns', 'unwanted')
  const built = await device.write({ type: 'update', table: 'orders', data: { id: 'columns', city: 'built on it' } })
  const wrong = await set('earlier', 'wrogn')
  const free = await set('later', 'free')
  await page.evaluate(async () => {
    const [first, , third] = await window.device.db.outbox.list()
    await first?.discard()
    await third?.retry([{ type: 'update', table: 'orders', data: { id: 'earlier', note: 'right' } }])
  })
  const row = (id: string, note: string, city = 'Bergen') => ({ id, note, city })
  const settled: [string, object][] = [
    ['columns', row('columns', 'as it was')],
    ['earlier', row('earlier', 'right')],
    ['later', row('later', 'free')],
  ]
  for (const [id, want] of settled) await expect.poll(() => device.row('orders', id)).toEqual(want)
  for (const write of [unwanted, wrong]) {
    expect(await device.ending(write)).toEqual({ status: 'refused', kind: 'cancelled' })
  }
  expect((await device.calls()).rollbacks.map((one) => one.kind)).toEqual(['cancelled', 'blocked', 'cancelled'])

  await device.goOnline()
  expect(await device.ending(free)).toEqual({ status: 'applied' })
  expect(await device.ending(built)).toEqual({ status: 'refused', kind: 'blocked' })
  await expect.poll(() => page.evaluate(() => window.device.db.sync.status.pending)).toBe(0)
  for (const [id, want] of settled) {
    expect(await truth.query(`select * from orders where id = '${id}'`)).toEqual([want])
    expect(await device.row('orders', id)).toEqual(want)
  }
  const left = await page.evaluate(async () =>
    (await window.device.db.outbox.list()).map(({ state, operations }) => [state, operations[0]?.after]),
  )
  expect(left).toEqual([['blocked', { city: 'built on it' }]])
  await device.close()
})
