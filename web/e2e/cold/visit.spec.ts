/**
 * What people do every day, on a core that counts: whatever function of the
 * core does not run in it is cold, and is written to internal/slim/cold.txt.
 */

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@playwright/test'
import { Device } from '../device.ts'
import { firstLight } from '../first-light.ts'
import { orderOffline } from '../offline-order.ts'
import { startLab, startShop } from '../rockpool.ts'
import { countIn, functions, serveCounting } from './counting.ts'

const list = fileURLToPath(new URL('../../../internal/slim/cold.txt', import.meta.url))

test('an ordinary visit', async ({ browser }) => {
  const ran = countIn(browser)
  const shop = await startShop()
  serveCounting(shop)
  await firstLight(browser, shop)
  const order = await orderOffline(browser, shop.url, () => Promise.resolve())
  await order.there.getByRole('link', { name: 'Customers' }).click()
  const beside = await order.there.context().newPage() // a second tab follows the first
  await beside.goto(shop.url)
  await expect(beside.locator('[data-product]')).toHaveCount(77)
  await beside.getByRole('searchbox').fill('cha')
  await expect(beside.locator('[data-product]')).not.toHaveCount(77)
  await order.close()
  await shop.close()

  const lab = await startLab(
    `tables:
  items:
    key: [id]
    columns:
      id: { type: text }
      name: { type: text }
      price: { type: numeric }
      stock: { type: integer }
      weight: { type: real }
      made: { type: timestamptz }
      isOpen: { type: boolean }
      more: { type: jsonb }
`,
    { items: Array.from({ length: 200 }, (_, id) => ({ id: `s${id}`, name: `n${id}`, price: '1.50', stock: id })) },
  )
  serveCounting(lab)
  const [here, there] = [await Device.open(browser, lab.url, ['items']), await Device.open(browser, lab.url, ['items'])]
  await here.page.evaluate(use)
  here.proxy.cut()
  const write = (name: string) => async (page: typeof here.page) => {
    await page.evaluate(async (to) => {
      await window.device.db.query('update items set name = ?, stock = stock + 1 where id = ?', [to, 's1'])
      await window.device.db.query('insert into items (id, name) values (?, ?)', [to, to])
    }, name)
  }
  await write('here')(here.page)
  await write('there')(there.page)
  here.proxy.resume()
  for (const { page } of [here, there])
    await expect
      .poll(() =>
        page.evaluate(() => window.device.screen.items?.filter((row) => /here/.test(JSON.stringify(row))).length),
      )
      .toBeGreaterThan(2)
  for (const { page } of [here, there]) await page.evaluate(() => window.device.db.close())
  await lab.close()

  const cold = functions().filter((name) => !ran.has(name))
  console.log(`${ran.size} functions ran, ${cold.length} did not`)
  expect(ran.size).toBeGreaterThan(1_000)
  writeFileSync(list, cold.sort().join('\n') + '\n')
})

/** A page's ordinary work: writes of both kinds, reads of every kind, live lists. */
async function use(): Promise<void> {
  const { db } = window.device
  const { count, sum } = window.rockpool
  const items = db.from('items')
  const lives = [
    items.select('id', 'name').where('stock', '>=', 2).orderBy('price', 'desc').orderBy('id').limit(5).live(),
    items.where('name', '=', 'n3').orderBy('id', 'desc').limit(10).live(),
    items
      .select({ n: count(), stock: sum('stock') })
      .where('price', '>', 3)
      .live(),
    items.select('name').select({ n: count() }).groupBy('name').orderBy('name').live(),
    db.live({ sql: 'select max(price) as most, count(distinct name) as names from items', params: [] }),
  ]
  const stops = lives.map((live) => live.each(() => {}))
  await Promise.all(lives.map((live) => live.ready))
  await db.query('create table if not exists local (id integer primary key, name text, n real, b blob)')
  for (let at = 0; at < 50; at++)
    await db.query('insert into local (name, n, b) values (?, ?, ?)', [`n${at}`, at / 2, new Uint8Array([at])])
  await db.query('select name, count(*) as n from local where n > ? group by name order by n desc, name', [1])
  await db.query('select * from local l join items i on i.name = l.name order by l.id limit 20')
  const { confirmed } = db.execute([
    { type: 'insert', table: 'items', data: { id: 'a', name: 'a', price: '2.25', stock: 1, weight: 0.5 } },
    { type: 'insert', table: 'items', data: { id: 'b', name: 'b', made: new Date().toISOString(), isOpen: true } },
    { type: 'insert', table: 'items', data: { id: 'c', name: 'c', more: { a: [1, null, 'x'] } } },
    { type: 'update', table: 'items', data: { id: 'a', name: 'aa' } },
    { type: 'increment', table: 'items', data: { id: 's1', stock: -1 } },
    { type: 'delete', table: 'items', data: { id: 'b' } },
  ])
  await confirmed
  await Promise.all(
    Array.from({ length: 20 }, (_, at) => db.query('update items set stock = stock + 1 where id = ?', [`s${at}`])),
  )
  await items.where('name', 'like', 'n1%').orderBy('name').all()
  await items.first()
  for (const stop of stops) stop()
}
