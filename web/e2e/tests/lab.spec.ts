import { expect, test } from '@playwright/test'
import { startLab, type Relay } from '../rockpool.ts'

let relay: Relay
test.beforeAll(async () => {
  relay = await startLab(
    `tables:
  notes:
    key: [id]
    columns:
      id: { type: text, not_null: true }
      body: { type: text }
`,
    { notes: [{ id: 'a', body: 'first' }] },
  )
})
test.afterAll(async () => {
  await relay.close()
})

test('a bare page reads what the relay has and writes to it', async ({ page }) => {
  await page.goto(relay.url)
  const seen = await page.evaluate(async () => {
    const db = await window.rockpool.open({ name: 'lab', relay: { url: window.relayUrl } })
    await db.sync.subscribe('notes').ready
    const write = db.execute([{ type: 'insert', table: 'notes', data: { id: 'b', body: 'second' } }])
    await write.confirmed
    return db.query('select id, body from notes order by id')
  })
  expect(seen).toEqual([
    { id: 'a', body: 'first' },
    { id: 'b', body: 'second' },
  ])
})
