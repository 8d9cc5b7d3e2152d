import { expect, test } from '@playwright/test'
import { Device } from '../device.ts'
import { firstSeed, rounds, seeded } from '../random.ts'
import { startEmbedded, type Truth } from '../truth.ts'

const COMMITS = rounds(2_000, 150)

let truth: Truth
test.beforeAll(async () => {
  truth = await startEmbedded(
    `tables:
  products:
    key: [id]
    columns:
      id: { type: integer, not_null: true }
      name: { type: text }
      price: { type: numeric }
      stock: { type: integer }
`,
    {
      products: Array.from({ length: 80 }, (_, id) => ({
        id,
        name: `n${id % 7}`,
        price: `${id % 9}.50`,
        stock: id % 5,
      })),
    },
  )
})
test.afterAll(async () => {
  await truth.close()
})

/** Writes at random in a page; after each commit every query shows what it gives when it is run anew. */
function writeAndCompare(device: Device, seed: number, commits: number): Promise<string[]> {
  const random = seeded(seed)
  const numbers = Array.from({ length: commits }, () => [random(80), random(3), random(9), random(5)] as const)
  return device.page.evaluate(async (list) => {
    const { db } = window.device
    const { count, sum } = window.rockpool
    const products = db.from('products')
    const queries = {
      window: products.select('id', 'name').where('stock', '>=', 2).orderBy('price', 'desc').orderBy('id').limit(5),
      whole: products.where('name', '=', 'n3').orderBy('id', 'desc').limit(10),
      all: products.select('id', 'price').where('stock', '<', 2).orderBy('name').orderBy('id'),
      sums: products.select({ n: count(), stock: sum('stock') }).where('price', '>', 3),
      groups: products.select('name').select({ n: count() }).groupBy('name').orderBy('name'),
    }
    const text = 'select max(price) as most, count(distinct name) as names from products'
    const lives = Object.entries(queries).map(([name, query]) => ({ name, query, live: query.live() }))
    const raw = db.live({ sql: text, params: [] })
    const stops = [...lives.map(({ live }) => live), raw].map((live) => live.each(() => {}))
    await Promise.all([...lives.map(({ live }) => live.ready), raw.ready])
    const wrong: string[] = []
    const compare = async (what: string) => {
      for (const { name, query, live } of lives) {
        const shown = JSON.stringify(live.get().rows)
        const now = JSON.stringify(await query.all())
        if (shown !== now) wrong.push(`${what}: ${name} shows ${shown}, and is ${now}`)
      }
      const shown = JSON.stringify(raw.get().rows)
      const now = JSON.stringify(await db.query(text))
      if (shown !== now) wrong.push(`${what}: the text shows ${shown}, and is ${now}`)
    }
    for (const [id, kind, price, stock] of list) {
      if (kind === 0) await db.query('update products set price = ? where id = ?', [`${price}.25`, id])
      else if (kind === 1)
        await db.query('update products set stock = ?, name = ? where id = ?', [stock, `n${price}`, id])
      else
        await db.query('insert or replace into products(id, name, price, stock) values (?, ?, ?, ?)', [
          id,
          null,
          `${price}.5`,
          stock,
        ])
      // A query that runs again does so behind the write's answer.
      await new Promise((turn) => setTimeout(turn))
      await db.query('select 1')
      await compare(`after ${kind} of ${id}`)
    }
    for (const stop of stops) stop()
    return wrong.slice(0, 3)
  }, numbers)
}

test('every live query shows what it gives when it is run anew', async ({ browser }) => {
  test.setTimeout(240_000)
  const device = await Device.open(browser, truth.url, ['products'])
  expect(await writeAndCompare(device, firstSeed(), COMMITS), `ROCKPOOL_SEED=${firstSeed()}`).toEqual([])
  await device.close()
})

test('another device’s writes, and those that the server takes back, are shown in place', async ({ browser }) => {
  const [here, there] = await Promise.all([
    Device.open(browser, truth.url, ['products']),
    Device.open(browser, truth.url, ['products']),
  ])
  await here.page.evaluate(async () => {
    const live = window.device.db.from('products').where('id', '>=', 1000).orderBy('stock').limit(3).live()
    live.each((rows) => {
      window.device.screen.first = rows
    })
    await live.ready
  })
  const first = () => here.page.evaluate(() => window.device.screen.first?.map((row) => 'id' in row && row.id))
  for (const [id, stock] of [
    [1001, 5],
    [1002, 3],
    [1003, 9],
    [1004, 4],
  ] as const)
    await there.write({ type: 'insert', table: 'products', data: { id, name: 'there', stock } })
  await there.sync()
  await here.sync()
  await expect.poll(first).toEqual([1002, 1004, 1001])
  await here.write({ type: 'update', table: 'products', data: { id: 1003, stock: 1 } })
  await expect.poll(first).toEqual([1003, 1002, 1004])
  await there.write({ type: 'delete', table: 'products', data: { id: 1002 } })
  await there.sync()
  await here.sync()
  await expect.poll(first).toEqual([1003, 1004, 1001])
  await Promise.all([here.close(), there.close()])
})

test('a write beside a list calls nothing, and one in it leaves the other rows as they are', async ({ browser }) => {
  const device = await Device.open(browser, truth.url, ['products'])
  const found = await device.page.evaluate(async () => {
    const { db } = window.device
    await db.query(
      "insert or replace into products(id, name, price, stock) values (500, 'x', '1', 1), (501, 'x', '2', 1), (502, 'x', '3', 1), (503, 'y', '4', 1)",
    )
    const live = db.from('products').select('id', 'price').where('name', '=', 'x').orderBy('id').limit(10).live()
    const both = db.from('products').select('id', 'stock').where('name', '=', 'x').live()
    const calls: (readonly object[])[] = []
    const together: number[] = []
    live.each((rows) => {
      calls.push(rows)
    })
    both.each(() => {
      together.push(calls.length)
    })
    await Promise.all([live.ready, both.ready])
    const before = calls.length
    const beside = together.length
    await db.query("update products set price = '9' where id = 503")
    await db.query("update products set stock = 7 where name = 'y'")
    await db.query("insert or replace into products(id, name, price, stock) values (504, 'z', '1', 1)")
    const tx = db.transaction(async (tx) => {
      await tx.query("update products set price = '77' where id = 500")
      throw new Error('taken back')
    })
    await tx.catch(() => {})
    await db.query('select 1')
    const quiet = calls.length - before + together.length - beside
    await db.query("update products set price = '7' where id = 501")
    await new Promise((turn) => setTimeout(turn, 50))
    const [was, is] = [calls.at(-2), calls.at(-1)]
    return {
      quiet,
      told: calls.length - before,
      same: is?.map((row, at) => row === was?.[at]),
      last: is,
    }
  })
  expect(found).toEqual({
    quiet: 0,
    told: 1,
    same: [true, false, true],
    last: [
      { id: 500, price: '1' },
      { id: 501, price: '7' },
      { id: 502, price: '3' },
    ],
  })
  await device.close()
})
