import { act, cleanup, render, screen, waitFor } from '@testing-library/react'
import { Suspense, useEffect, useState, type ReactNode } from 'react'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { PageLive } from '../../client/src/gen/wire.ts'
import { openDatabases } from '../../client/src/open.ts'
import { schema, shopStore } from '../../client/test/shop.ts'
import { TabWorld, type FakeTab } from '../../client/test/tab-world.ts'
import { DatabaseProvider, useQuery, useSuspenseQuery, type UseQueryOptions } from '../src/index.ts'

let names = 0
let world: TabWorld, tab: FakeTab, name: string
beforeEach(() => {
  world = new TabWorld(shopStore(), { sql: new Map(), hold: new Set() })
  tab = world.tab('A')
  name = 'use-query' + ++names
})
afterEach(async () => {
  vi.useRealTimers()
  cleanup()
  await Promise.all(openDatabases().map((db) => db.close()))
})

function Root({ children, user = 'ada' }: { readonly children: ReactNode; readonly user?: string }) {
  return (
    <DatabaseProvider name={name} user={user} schema={schema} environment={tab.environment}>
      {children}
    </DatabaseProvider>
  )
}

/** A query of one row, which shows the query's own text. */
const answers = (...texts: string[]) => {
  for (const text of texts) world.options.sql?.set(text, { columns: ['of'], rows: [[text]] })
}
const hold = (isHeld: boolean) => {
  if (isHeld) world.options.hold?.add(PageLive)
  else world.options.hold?.delete(PageLive)
}

const shown: string[] = []
function Shown({ sql, ...options }: { readonly sql: string } & UseQueryOptions) {
  const { rows, error, isPlaceholder } = useQuery(sql, options)
  const text = error?.kind ?? `${rows.map((row) => String(row.of)).join()}${isPlaceholder ? ' (before)' : ''}`
  shown.push(`${sql}: ${text}`)
  return <p>{text}</p>
}

test('a query that becomes another one quickly: nobody sees rows under another name', async () => {
  answers('a', 'b', 'c')
  const tree = (sql: string) => (
    <Root>
      <Shown sql={sql} />
    </Root>
  )
  const { rerender } = render(tree('a'))
  await screen.findByText('a')
  shown.length = 0
  for (const sql of ['b', 'c', 'a', 'c', 'b', 'a', 'b', 'c']) {
    rerender(tree(sql))
    if (sql === 'a') await act(async () => {})
  }
  await screen.findByText('c')
  for (const one of shown) expect(one).toMatch(/^(.): \1?$/)
})

describe('keepPreviousData', () => {
  const tree = (sql: string, user?: string) => (
    <Root {...(user === undefined ? {} : { user })}>
      <Shown sql={sql} keepPreviousData />
    </Root>
  )

  test('the rows of before an error are shown, not its emptiness', async () => {
    answers('a', 'c')
    const { rerender } = render(tree('a'))
    await screen.findByText('a')
    rerender(tree('b'))
    await screen.findByText('invalid_sql')
    hold(true)
    rerender(tree('c'))
    expect(await screen.findByText('a (before)')).toBeDefined()
    world.latest.release()
    await screen.findByText('c')
  })

  test('the rows of another user are never shown', async () => {
    answers('a')
    const { rerender } = render(tree('a'))
    await screen.findByText('a')
    shown.length = 0
    rerender(tree('a', 'grace'))
    await act(async () => {})
    expect(new Set(shown)).toEqual(new Set(['a: ']))
  })
})

test('select with a new function each render: the same data stays the same, an effect on it comes to rest', async () => {
  answers('a')
  let renders = 0
  function Names() {
    const { data } = useQuery('a', { select: (rows) => rows.map((row) => ({ name: String(row.of) })) })
    const [kept, keep] = useState<unknown>(null)
    useEffect(() => {
      if (renders < 100) keep(data)
    }, [data])
    renders++
    return <p>{kept === data ? data.map((row) => row.name).join() : ''}</p>
  }
  render(
    <Root>
      <Names />
    </Root>,
  )
  await screen.findByText('a')
  await act(async () => {})
  expect(renders).toBeLessThan(20)
  expect(world.latest.calls.filter((one) => one === PageLive)).toHaveLength(1)
})

test('select is told apart by what it makes: dates, maps and other lengths are not the same', async () => {
  answers('a')
  const makes: (() => unknown)[] = [
    () => new Date(1),
    () => new Date(2),
    () => new Map([[1, 1]]),
    () => [1],
    () => [1, undefined],
    () => ({ 0: 1 }),
    () => null,
  ]
  const seen: unknown[] = []
  function Made({ at }: { readonly at: number }) {
    seen.push(useQuery('a', { select: makes[at] ?? (() => at) }).data)
    return null
  }
  const { rerender } = render(<Root>{null}</Root>)
  for (let at = 0; at < makes.length; at++) {
    rerender(
      <Root>
        <Made at={at} />
      </Root>,
    )
    expect(seen.at(-1)).toEqual(makes[at]?.())
  }
})

test.each([{ where: 'inside' }, { where: 'above' }])(
  'a boundary $where the provider: rows that take longer than a grace time come',
  async ({ where }) => {
    answers('a')
    hold(true)
    const heard = vi.fn()
    function Names() {
      heard()
      return <p>{useSuspenseQuery('a').rows.map((row) => String(row.of))}</p>
    }
    const names = where === 'inside' ? <Suspense fallback="…">{<Names />}</Suspense> : <Names />
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await act(async () => {
      render(
        <Suspense fallback="…">
          <Root>{names}</Root>
        </Suspense>,
      )
    })
    await act(async () => {
      await vi.advanceTimersByTimeAsync(10_000)
    })
    hold(false)
    await act(async () => {
      world.latest.release()
      await vi.advanceTimersByTimeAsync(1_000)
    })
    vi.useRealTimers()
    await waitFor(() => {
      expect(screen.getByText('a')).toBeDefined()
    })
    expect(world.workers).toHaveLength(1)
  },
)
