import { expect, test, type Browser, type Page } from '@playwright/test'
import { NetworkProxy } from '../proxy.ts'
import { startEmbedded, type Truth } from '../truth.ts'

// supabase-js as it comes from npm, on the database of a page that is in step with a relay.

let truth: Truth
const proxies: NetworkProxy[] = []
test.beforeEach(async () => {
  truth = await startEmbedded(
    `tables:
  users:
    key: [id]
    columns:
      id: { type: integer, not_null: true }
      name: { type: text, not_null: true }
      seen: { type: timestamptz }
      price: { type: numeric }
`,
    { users: [{ id: 1, name: 'Ada', seen: '2026-01-01 12:00:00+00' }] },
  )
})
test.afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.close()
  await truth.close()
})

/** What the page's channel was told, in short. */
type Told = [event: string, after: object, before: object]

declare global {
  interface Window {
    supabase: import('@supabase/supabase-js').SupabaseClient
    told: Told[]
  }
}

/** A device: a page behind a network of its own, whose channel `db-changes` is subscribed. */
async function device(browser: Browser): Promise<{ page: Page; proxy: NetworkProxy }> {
  const proxy = await NetworkProxy.open(truth.url)
  proxies.push(proxy)
  const page = await (await browser.newContext()).newPage()
  await page.goto(`${proxy.url}/clients.html`)
  await page.evaluate(async () => {
    const db = await window.rockpool.open({ name: 'lab', relay: { url: window.relayUrl } })
    await db.sync.subscribe('users').ready
    Object.assign(window, { db })
  })
  await subscribe(page)
  return { page, proxy }
}

async function subscribe(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { createClient, realtimeTransport } = window.clients
    window.supabase = createClient('http://project.invalid', 'key', {
      auth: { persistSession: false, autoRefreshToken: false },
      realtime: { transport: realtimeTransport(window.db) },
    })
    const told: Told[] = []
    window.told = told
    await new Promise<void>((resolve, reject) => {
      window.supabase
        .channel('db-changes')
        .on('postgres_changes', { event: '*', schema: 'public', table: 'users' }, (payload) => {
          told.push([payload.eventType, payload.new, payload.old])
        })
        .subscribe((status, error) => {
          if (status === 'SUBSCRIBED') resolve()
          else reject(error ?? new Error(status))
        })
    })
  })
}

/** Waits until so many events have come. */
async function told(page: Page, n: number): Promise<Told[]> {
  await page.waitForFunction((count) => window.told.length >= count, n)
  return page.evaluate(() => window.told)
}

/** A row of users as a channel shows it. */
const user = (id: number, name: string) => ({ id, name, seen: null, price: null })

test('another device’s write arrives in the channel; one’s own is told at once, and once', async ({ browser }) => {
  const a = await device(browser)
  const b = await device(browser)
  const own = await a.page.evaluate(async () => {
    const write = window.db.execute([{ type: 'insert', table: 'users', data: { id: 2, name: 'Grace' } }])
    await write
    await write.confirmed
    await window.db.sync.now()
    return window.told
  })
  expect(own).toEqual([['INSERT', user(2, 'Grace'), {}]])
  expect(await told(b.page, 1)).toEqual([['INSERT', user(2, 'Grace'), {}]])

  await b.page.evaluate(
    () => window.db.execute([{ type: 'update', table: 'users', data: { id: 2, name: 'Grace H.' } }]).confirmed,
  )
  await told(a.page, 2) // what one commit brings is told deletes first
  await b.page.evaluate(() => window.db.execute([{ type: 'delete', table: 'users', data: { id: 1 } }]).confirmed)
  const all = await told(a.page, 3)
  const ada = { id: 1, name: 'Ada', seen: '2026-01-01T12:00:00+00:00', price: null }
  expect(all.slice(1)).toEqual([
    ['UPDATE', user(2, 'Grace H.'), user(2, 'Grace')],
    ['DELETE', {}, ada],
  ])
})

test('offline: channels are joined and told; back online, what others did follows and nothing comes twice', async ({
  browser,
}) => {
  const a = await device(browser)
  const b = await device(browser)
  a.proxy.cut()
  await a.page.waitForFunction(() => window.db.health.get().socket !== 'open')
  await subscribe(a.page) // a client that is made without a network
  await a.page.evaluate(() => window.db.execute([{ type: 'insert', table: 'users', data: { id: 3, name: 'mine' } }]))
  expect(await told(a.page, 1)).toEqual([['INSERT', user(3, 'mine'), {}]])
  await b.page.evaluate(
    () => window.db.execute([{ type: 'insert', table: 'users', data: { id: 4, name: 'theirs' } }]).confirmed,
  )
  a.proxy.resume()
  await a.page.evaluate(() => window.db.sync.now())
  expect(await told(a.page, 2)).toEqual([
    ['INSERT', user(3, 'mine'), {}],
    ['INSERT', user(4, 'theirs'), {}],
  ])
  expect((await told(b.page, 2)).map(([event, after]) => [event, after])).toEqual([
    ['INSERT', user(4, 'theirs')],
    ['INSERT', user(3, 'mine')],
  ])
})

test('broadcasts reach the other tabs of the device', async ({ browser }) => {
  const { page, proxy } = await device(browser)
  const other = await page.context().newPage()
  await other.goto(`${proxy.url}/clients.html`)
  for (const one of [page, other])
    await one.evaluate(async () => {
      window.db ??= await window.rockpool.open({ name: 'lab', relay: { url: window.relayUrl } })
      const { createClient, realtimeTransport } = window.clients
      window.supabase = createClient('http://project.invalid', 'key', {
        auth: { persistSession: false, autoRefreshToken: false },
        realtime: { transport: realtimeTransport(window.db) },
      })
      window.told = []
      const channel = window.supabase.channel('room')
      channel.on('broadcast', { event: 'hello' }, ({ payload }) => {
        window.told.push(['hello', payload, {}])
      })
      await new Promise<void>((resolve) => {
        channel.subscribe((status) => {
          if (status === 'SUBSCRIBED') resolve()
        })
      })
      Object.assign(window, { room: channel })
    })
  await page.evaluate(() =>
    (window as unknown as { room: import('@supabase/supabase-js').RealtimeChannel }).room.send({
      type: 'broadcast',
      event: 'hello',
      payload: { from: 'the first tab' },
    }),
  )
  expect(await told(other, 1)).toEqual([['hello', { from: 'the first tab' }, {}]])
  expect(await page.evaluate(() => window.told)).toEqual([])
})

test('tables: a client without a network reads and writes; its writes reach the server, and its own channel', async ({
  browser,
}) => {
  const { page, proxy } = await device(browser)
  proxy.cut()
  await page.waitForFunction(() => window.db.health.get().socket !== 'open')
  const got = await page.evaluate(async () => {
    const { createClient, localFetch, realtimeTransport } = window.clients
    const supabase = createClient('http://project.invalid', 'key', {
      auth: { persistSession: false, autoRefreshToken: false },
      global: { fetch: localFetch(window.db) },
      realtime: { transport: realtimeTransport(window.db) },
    })
    const added = await supabase.from('users').insert({ id: 5, name: 'Ida', price: 1.5 }).select().single()
    const names = await supabase.from('users').select('name').order('name', { ascending: false })
    const none = await supabase.from('users').select().eq('id', 9).single()
    const away = await supabase.rpc('f')
    return [added.status, added.data, names.data, none.error?.code, away.error?.code]
  })
  const ida = { id: 5, name: 'Ida', seen: null, price: 1.5 }
  expect(got).toEqual([201, ida, [{ name: 'Ida' }, { name: 'Ada' }], 'PGRST116', 'PGRST202'])
  expect(await told(page, 1)).toEqual([['INSERT', ida, {}]])
  proxy.resume()
  await page.evaluate(() => window.db.sync.now())
  expect(await truth.query('SELECT name, price FROM users WHERE id = 5')).toEqual([{ name: 'Ida', price: '1.5' }])
  expect(await page.evaluate(() => window.told.length)).toBe(1)
})
