import { act, cleanup, render, screen } from '@testing-library/react'
import type { ReactNode } from 'react'
import { renderToString } from 'react-dom/server'
import { hydrateRoot } from 'react-dom/client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { OpenOptions } from '@rockpool/client'
import { PageLive } from '../../client/src/gen/wire.ts'
import { openDatabases } from '../../client/src/open.ts'
import { schema, shopStore } from '../../client/test/shop.ts'
import { TabWorld, type FakeTab } from '../../client/test/tab-world.ts'
import { useLiveQuery, WARM_QUERY_MAX } from '../src/live/index.ts'
import { warmRowsOf } from '../src/live/warm-rows.ts'
import { DatabaseProvider } from '../src/index.ts'

let names = 0
let world: TabWorld, tab: FakeTab, name: string
beforeEach(() => {
  world = new TabWorld(shopStore(), { sql: new Map(), hold: new Set() })
  tab = world.tab('A')
  name = 'live' + ++names
  localStorage.clear()
})
afterEach(async () => {
  cleanup()
  vi.restoreAllMocks()
  await leave()
})

/** Ends the visit: the page is hidden, and its databases close. */
async function leave(): Promise<void> {
  window.dispatchEvent(new Event('pagehide'))
  cleanup()
  await Promise.all(openDatabases().map((db) => db.close()))
}

const hold = (isHeld: boolean) => {
  if (isHeld) world.options.hold?.add(PageLive)
  else world.options.hold?.delete(PageLive)
}

function Root({ children, user = 'ada', ...options }: { readonly children: ReactNode } & Partial<OpenOptions>) {
  return (
    <DatabaseProvider name={name} user={user} schema={schema} environment={tab.environment} {...options}>
      {children}
    </DatabaseProvider>
  )
}

function Shown({ sql = 'q' }: { readonly sql?: string }) {
  const { rows, isStale, isPending } = useLiveQuery(sql)
  return <p>{isPending ? 'waiting' : `${rows.map((row) => String(row.of)).join()}${isStale ? ' (stale)' : ''}`}</p>
}

const answer = (text: string | bigint) => world.options.sql?.set('q', { columns: ['of'], rows: [[text]] })

/** One visit that sees its rows. */
async function visit(text: string, options: Partial<OpenOptions> = {}): Promise<void> {
  answer(text)
  render(
    <Root {...options}>
      <Shown />
    </Root>,
  )
  await screen.findByText(text)
  await leave()
}

/** What the next visit paints first, while nothing answers. */
function firstPaint(options: Partial<OpenOptions> = {}): string {
  hold(true)
  const { container } = render(
    <Root {...options}>
      <Shown />
    </Root>,
  )
  hold(false)
  return container.textContent ?? ''
}

test('the last rows are painted first, marked stale, and give way to the database', async () => {
  await visit('one')
  answer('two')
  const { container } = render(
    <Root>
      <Shown />
    </Root>,
  )
  expect(container.textContent).toBe('one (stale)')
  await screen.findByText('two')
  await leave()
  expect(firstPaint()).toBe('two (stale)')
})

test('nothing is painted of another user, another build or another query', async () => {
  await visit('one')
  expect(firstPaint({ user: 'grace' })).toBe('waiting')
  cleanup()
  const kept = warmRowsOf({ name, user: 'ada' })
  kept?.keep('k', [{ of: 'one' }])
  kept?.flush()
  expect(kept?.get('k')).toEqual([{ of: 'one' }])
  expect(warmRowsOf({ name, user: 'ada', build: 2 })?.get('k')).toBeUndefined()
  render(
    <Root>
      <Shown sql="other" />
    </Root>,
  )
  expect(screen.getByText('waiting')).toBeDefined()
})

test.each([
  ['a database with a key', { encryption: { key: 'k'.repeat(32) } }],
  [
    'one whose tokens say who it is, without a user',
    { user: undefined, relay: { url: 'wss://x', token: async () => 't' } },
  ],
  ['one in memory', { storage: 'memory' }],
] as const)('nothing is kept of %s', (_, options) => {
  expect(warmRowsOf({ name, ...options } as OpenOptions)).toBeNull()
})

test('what JSON would change is not kept, nor what is too long', async () => {
  const rows = warmRowsOf({ name })
  rows?.keep('small', [{ of: 'x' }])
  rows?.keep('long', [{ of: 'x'.repeat(WARM_QUERY_MAX) }])
  rows?.keep('big', [{ of: 2n ** 60n }])
  rows?.keep('bytes', [{ of: new Uint8Array(2) }])
  rows?.flush()
  expect([...JSON.parse(localStorage.getItem(localStorage.key(0) ?? '') ?? '[]')].map(([query]) => query)).toEqual([
    'small',
  ])
  for (let at = 0; at < 20; at++) rows?.keep(`q${at}`, [{ of: 'y'.repeat(WARM_QUERY_MAX - 100) }])
  rows?.flush()
  const kept = localStorage.getItem(localStorage.key(0) ?? '') ?? ''
  expect(kept.length).toBeLessThan(700_000)
  expect(kept).toContain('q19')
  expect(kept).not.toContain('small')
})

test('signing out erases them', async () => {
  await visit('one')
  answer('one')
  render(
    <Root>
      <Shown />
    </Root>,
  )
  await screen.findByText('one')
  expect(localStorage.length).toBe(1)
  await act(async () => {
    await openDatabases()[0]?.signOut({ pending: 'discard' })
  })
  window.dispatchEvent(new Event('pagehide'))
  expect(localStorage.length).toBe(0)
})

test('a page from a server hydrates without a difference, and shows them then', async () => {
  await visit('one')
  hold(true)
  const tree = (
    <Root>
      <Shown />
    </Root>
  )
  const said = vi.spyOn(console, 'error')
  const container = document.createElement('div')
  document.body.append(container)
  container.innerHTML = renderToString(tree)
  expect(container.textContent).toBe('waiting')
  const root = await act(async () => hydrateRoot(container, tree))
  expect(container.textContent).toBe('one (stale)')
  expect(said).not.toHaveBeenCalled()
  await act(async () => {
    root.unmount()
  })
  container.remove()
})
