import { expect, test } from '@playwright/test'
import { Device } from '../device.ts'
import { startEmbedded, type Truth } from '../truth.ts'

let truth: Truth
test.beforeAll(async () => {
  truth = await startEmbedded(
    `tables:
  notes:
    key: [id]
    columns:
      id: { type: text, not_null: true }
      body: { type: text }
`,
    {},
  )
})
test.afterAll(async () => {
  await truth.close()
})

test('a transaction of many frames arrives whole everywhere, and one beyond the limit is refused where it is made', async ({
  browser,
}) => {
  test.slow() // megabytes, several times
  const here = await Device.open(browser, truth.url, ['notes'])
  const there = await Device.open(browser, truth.url, ['notes'])
  const lengths = 'select id, length(body) as n from notes order by id'
  await here.page.evaluate(async () => {
    const { db } = window.device
    // 3 MiB in one row and 3 MiB in many: a frame holds 1 MiB.
    const rows = Array.from({ length: 300 }, (_, at) => ({ id: `row ${at}`, body: 'r'.repeat(10 << 10) }))
    await db.execute([
      { type: 'insert', table: 'notes', data: { id: 'long', body: 'x'.repeat(3 << 20) } },
      ...rows.map((data) => ({ type: 'insert' as const, table: 'notes', data })),
    ]).confirmed
  })
  expect(await truth.query(`${lengths} limit 2`)).toEqual([
    { id: 'long', n: String(3 << 20) },
    { id: 'row 0', n: String(10 << 10) },
  ])
  await there.sync()
  const seen = await there.page.evaluate((sql) => window.device.db.query<{ id: string; n: number }>(sql), lengths)
  expect(seen).toHaveLength(301)
  expect(seen[0]).toEqual({ id: 'long', n: 3 << 20 })

  const refusal = await here.page.evaluate(async () => {
    const { db } = window.device
    const text = 'x'.repeat(6 << 20)
    const insert = (id: string) => ({ type: 'insert' as const, table: 'notes', data: { id, body: text } })
    const error: unknown = await db.execute([insert('1'), insert('2'), insert('3')]).then(
      () => null,
      (thrown) => thrown,
    )
    await db.execute([{ type: 'insert', table: 'notes', data: { id: 'after', body: 'flows on' } }]).confirmed
    return error instanceof window.rockpool.RockpoolError
      ? { kind: error.kind, message: error.message, hint: error.hint }
      : null
  })
  expect(refusal).toMatchObject({ kind: 'too_large', hint: 'write in several transactions' })
  expect(refusal?.message).toContain(String(16 << 20))
  expect(await truth.query("select count(*) as n from notes where id in ('1', '2', '3', 'after')")).toEqual([
    { n: '1' },
  ])

  // Who comes later gets them by a snapshot, whose chunks have 1 MiB: a longer row has its own.
  const late = await Device.open(browser, truth.url, ['notes'])
  const long = await late.page.evaluate((sql) => window.device.db.query(sql), `${lengths} limit 2`)
  expect(long).toEqual([
    { id: 'after', n: 8 },
    { id: 'long', n: 3 << 20 },
  ])
  await late.close()
  await here.close()
  await there.close()
})
