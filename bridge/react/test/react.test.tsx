import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react'
import { StrictMode, Suspense, memo, useState, type ReactNode } from 'react'
import { renderToString } from 'react-dom/server'
import { hydrateRoot } from 'react-dom/client'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { RockpoolError } from '@rockpool/client'
import { EventSchema, PageValidate } from '../../client/src/gen/wire.ts'
import { openDatabases } from '../../client/src/open.ts'
import { schema, shopStore } from '../../client/test/shop.ts'
import { TabWorld, type FakeTab } from '../../client/test/tab-world.ts'
import {
  CacheSync,
  ConflictResolver,
  DatabaseErrorBoundary,
  DatabaseProvider,
  QueryBuilder,
  TransactionManager,
  useClient,
  useConnection,
  useDatabase,
  useQuery,
  useSuspenseQuery,
  useTransaction,
  type DatabaseContextValue,
} from '../src/index.ts'

let names = 0
let world: TabWorld, tab: FakeTab, name: string
beforeEach(() => {
  world = new TabWorld(shopStore(), { sql: new Map() })
  tab = world.tab('A')
  name = 'react' + ++names
})
afterEach(async () => {
  cleanup()
  await Promise.all(openDatabases().map((db) => db.close()))
})

function Root({ children, strict = false }: { readonly children: ReactNode; readonly strict?: boolean }) {
  const tree = (
    <DatabaseProvider name={name} schema={schema} environment={tab.environment}>
      {children}
    </DatabaseProvider>
  )
  return strict ? <StrictMode>{tree}</StrictMode> : tree
}

function Products({ onRender }: { readonly onRender?: () => void }) {
  const client = useClient()
  const { rows, status } = useQuery(client?.from('products').select('id', 'name').orderBy('id'))
  onRender?.()
  return (
    <ul data-status={status}>
      {rows.map((row) => (
        <Item key={String((row as { id: number }).id)} row={row as { id: number; name: string }} />
      ))}
    </ul>
  )
}
const itemRenders = vi.fn()
const Item = memo(function Item({ row }: { readonly row: { id: number; name: string } }) {
  itemRenders(row.id)
  return <li>{row.name}</li>
})
const items = () => screen.queryAllByRole('listitem').map((item) => item.textContent)
const rename = (id: number, to: string) =>
  act(async () => {
    await openDatabases()[0]?.execute([{ type: 'update', table: 'products', data: { id, name: to } }])
  })

describe.each([{ strict: false }, { strict: true }])('with strict=$strict', ({ strict }) => {
  test('rows come, and follow writes; a row that did not change is not rendered again', async () => {
    render(
      <Root strict={strict}>
        <Products />
      </Root>,
    )
    await waitFor(() => {
      expect(items()).toEqual(['chai', 'chang', 'aniseed'])
    })
    itemRenders.mockClear()
    await rename(2, 'chang!')
    await waitFor(() => {
      expect(items()).toEqual(['chai', 'chang!', 'aniseed'])
    })
    expect(new Set(itemRenders.mock.calls.map(([id]) => id as number))).toEqual(new Set([2]))
    expect(openDatabases()).toHaveLength(1)
    expect(world.workers).toHaveLength(1)
  })

  test('the context is the seed’s, and its functions keep their identity', async () => {
    const seen: DatabaseContextValue[] = []
    function Probe() {
      seen.push(useDatabase())
      return null
    }
    world.options.sql?.set('select 1 as one', { columns: ['one'], rows: [[1]] })
    render(
      <Root strict={strict}>
        <Probe />
      </Root>,
    )
    await waitFor(() => {
      expect(seen.at(-1)?.isConnected).toBe(true)
    })
    const first = seen[0],
      last = seen.at(-1)
    expect(first?.connection).toBe(null)
    expect(first?.executeQuery).toBe(last?.executeQuery)
    expect(last?.connection?.name).toBe(name)
    expect(await last?.executeQuery('select 1 as one')).toEqual([{ one: 1 }])
    expect(
      await last?.executeTransaction([
        { type: 'insert', table: 'orders', data: { id: 1, product_id: 2, amount: 3 } },
        { type: 'increment', table: 'products', data: { id: 2, stock: -3 } },
        { type: 'delete', table: 'orders', data: { id: 1 } },
      ]),
    ).toEqual([
      { id: 1, product_id: 2, amount: 3 },
      expect.objectContaining({ id: 2, stock: 7, active: false }),
      { id: 1 },
    ])
    await act(async () => {
      await last?.disconnect()
    })
    await waitFor(() => {
      expect(seen.at(-1)).toMatchObject({ isConnected: false, connection: null })
    })
    await act(async () => {
      await last?.connect()
    })
    await waitFor(() => {
      expect(seen.at(-1)?.isConnected).toBe(true)
    })
  })

  test('a suspended query shows its fallback, then its rows', async () => {
    function Names() {
      const { rows } = useSuspenseQuery({ sql: 'select name' })
      return <p>{rows.map((row) => String(row.name)).join()}</p>
    }
    const fallback = vi.fn(() => <p>waiting</p>)
    const Fallback = fallback
    world.options.sql?.set('select name', { columns: ['name'], rows: [['a'], ['b']] })
    // The boundary is above the provider: its effect cannot run until the query has its rows.
    await act(async () => {
      render(
        <Suspense fallback={<Fallback />}>
          <Root strict={strict}>
            <Names />
          </Root>
        </Suspense>,
      )
    })
    await waitFor(() => {
      expect(screen.getByText('a,b')).toBeDefined()
    })
    expect(fallback).toHaveBeenCalled()
  })

  test('unmounting while it loads leaves nothing behind', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const view = render(
        <Root strict={strict}>
          <Products />
        </Root>,
      )
      view.unmount()
      await act(async () => {
        await vi.advanceTimersByTimeAsync(20_000)
      })
    } finally {
      vi.useRealTimers()
    }
    await waitFor(() => {
      expect(openDatabases()).toHaveLength(0)
    })
  })

  test('auto runs once per value of operations', async () => {
    const onSuccess = vi.fn(),
      operations = (id: number) => [{ type: 'increment' as const, table: 'products', data: { id, stock: 1 } }]
    const tree = (id: number) => (
      <Root strict={strict}>
        <TransactionManager
          auto
          operations={operations(id)}
          onSuccess={onSuccess}
          onError={() => {}}
          onRollback={() => {}}
        />
      </Root>
    )
    const view = render(tree(1))
    await waitFor(() => {
      expect(onSuccess).toHaveBeenCalledTimes(1)
    })
    view.rerender(tree(1))
    view.rerender(tree(2))
    await waitFor(() => {
      expect(onSuccess).toHaveBeenCalledTimes(2)
    })
    const stock = (id: string) => world.store.tables.get('products')?.get(id)?.stock
    expect([stock('1'), stock('2')]).toEqual([11, 11])
  })
})

describe('errors', () => {
  const quiet = () => vi.spyOn(console, 'error').mockImplementation(() => {})
  afterEach(() => {
    vi.restoreAllMocks()
  })

  test('a connection that cannot be reaches the boundary; its button connects again', async () => {
    quiet()
    const options = world.options as { openError?: { kind: string; message: string } }
    options.openError = { kind: 'wrong_key', message: 'the key does not open this file' }
    render(
      <Root>
        <DatabaseErrorBoundary>
          <Products />
        </DatabaseErrorBoundary>
      </Root>,
    )
    await waitFor(() => {
      expect(screen.getByRole('alert').dataset.kind).toBe('wrong_key')
    })
    delete options.openError
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }))
    await waitFor(() => {
      expect(items()).toHaveLength(3)
    })
  })

  test('a suspended query that fails reaches the boundary; reset runs it again', async () => {
    quiet()
    function Names() {
      return <p>{useSuspenseQuery('select late').rows.length} rows</p>
    }
    await act(async () => {
      render(
        <Root>
          <DatabaseErrorBoundary fallback={({ error, reset }) => <button onClick={reset}>{error.kind}</button>}>
            <Suspense fallback="…">
              <Names />
            </Suspense>
          </DatabaseErrorBoundary>
        </Root>,
      )
    })
    await waitFor(() => {
      expect(screen.getByRole('button').textContent).toBe('invalid_sql')
    })
    world.options.sql?.set('select late', { columns: ['a'], rows: [[1]] })
    await act(async () => {
      fireEvent.click(screen.getByRole('button'))
    })
    await waitFor(() => {
      expect(screen.getByText('1 rows')).toBeDefined()
    })
  })

  test('useQuery keeps its error to itself, with a retry', async () => {
    function Names() {
      const { error, retry, rows } = useQuery('select later')
      return <button onClick={retry}>{error?.kind ?? `${rows.length} rows`}</button>
    }
    render(
      <Root>
        <DatabaseErrorBoundary fallback={() => 'boundary'}>
          <Names />
        </DatabaseErrorBoundary>
      </Root>,
    )
    await waitFor(() => {
      expect(screen.getByRole('button').textContent).toBe('invalid_sql')
    })
    world.options.sql?.set('select later', { columns: ['a'], rows: [[1]] })
    fireEvent.click(screen.getByRole('button'))
    await waitFor(() => {
      expect(screen.getByRole('button').textContent).toBe('1 rows')
    })
  })

  test('select, placeholder and keepPreviousData: what is shown until the rows are there', async () => {
    const seen: string[] = []
    let last: unknown
    function Names({ sql }: { readonly sql: string }) {
      const { data, rows, isPlaceholder, isPending, status } = useQuery(sql, {
        select: firstNames,
        placeholder: [{ name: '…' }],
        keepPreviousData: true,
      })
      if (last !== undefined && rows.length === 1 && !isPlaceholder) expect(data).toBe(last)
      last = isPlaceholder ? undefined : data
      seen.push(`${String(data)} ${isPlaceholder ? 'stands in' : 'is there'} ${status} ${String(isPending)}`)
      return <p>{String(data)}</p>
    }
    const firstNames = (rows: readonly Record<string, unknown>[]) => rows.map((row) => String(row.name))
    world.options.sql?.set('select one', { columns: ['name'], rows: [['Ada']] })
    world.options.sql?.set('select two', { columns: ['name'], rows: [['Ada'], ['Grace']] })
    const { rerender } = render(
      <Root>
        <Names sql="select one" />
      </Root>,
    )
    await screen.findByText('Ada')
    rerender(
      <Root>
        <Names sql="select two" />
      </Root>,
    )
    await screen.findByText('Ada,Grace')
    expect([...new Set(seen)]).toEqual([
      '… stands in ready false',
      'Ada is there ready false',
      'Ada stands in ready false',
      'Ada,Grace is there ready false',
    ])
  })

  test('errors that are not Rockpool’s go on up', () => {
    quiet()
    function Broken(): ReactNode {
      throw new Error('a bug of the app')
    }
    expect(() =>
      render(
        <Root>
          <DatabaseErrorBoundary>
            <Broken />
          </DatabaseErrorBoundary>
        </Root>,
      ),
    ).toThrow('a bug of the app')
  })

  test('an opening that may succeed later is tried again', async () => {
    const options = world.options as { openError?: { kind: string; message: string } }
    options.openError = { kind: 'storage_locked', message: 'a dying Worker holds the files' }
    const states: string[] = []
    function Probe() {
      states.push(useConnection().state)
      return null
    }
    render(
      <Root>
        <Probe />
      </Root>,
    )
    await waitFor(() => {
      expect(world.latest.calls.length).toBeGreaterThan(1)
    })
    delete options.openError
    await waitFor(
      () => {
        expect(states.at(-1)).toBe('connected')
      },
      { timeout: 4_000 },
    )
  })

  test('the Worker dies while a query is suspended: another one answers', async () => {
    world.options.sql?.set('select slow', { columns: ['a'], rows: [[1]] })
    const hold = new Set([9])
    Object.assign(world.options, { hold })
    function Names() {
      return <p>{useSuspenseQuery('select slow').rows.length} rows</p>
    }
    await act(async () => {
      render(
        <Root>
          <Suspense fallback={<p>waiting</p>}>
            <Names />
          </Suspense>
        </Root>,
      )
    })
    await waitFor(() => {
      expect(world.workers[0]?.calls).toContain(9)
    })
    hold.clear()
    await act(async () => {
      world.latest.panic()
    })
    await waitFor(() => {
      expect(screen.getByText('1 rows')).toBeDefined()
    })
    expect(world.workers).toHaveLength(2)
  })

  test('a hook without a provider says so', () => {
    quiet()
    expect(() => render(<Products />)).toThrow(RockpoolError)
  })
})

describe('servers', () => {
  test('rendering on a server is pending and empty, opens nothing, and hydrates without a mismatch', async () => {
    const markup = renderToString(
      <Root>
        <Products />
      </Root>,
    )
    expect(markup).toContain('data-status')
    expect(openDatabases()).toHaveLength(0)
    const mismatches: unknown[] = []
    const box = document.createElement('div')
    box.innerHTML = markup
    document.body.append(box)
    const root = await act(async () =>
      hydrateRoot(
        box,
        <Root>
          <Products />
        </Root>,
        {
          onRecoverableError: (error) => {
            mismatches.push(error)
          },
        },
      ),
    )
    await waitFor(() => {
      expect(items()).toHaveLength(3)
    })
    expect(mismatches).toEqual([])
    act(() => {
      root.unmount()
    })
    box.remove()
  })
})

describe('components', () => {
  test('QueryBuilder: a person chooses, filters, orders, runs; onQuery once with the rows', async () => {
    const onQuery = vi.fn(),
      onError = vi.fn()
    render(
      <Root>
        <QueryBuilder table="products" onQuery={onQuery} onError={onError} />
      </Root>,
    )
    fireEvent.click(await screen.findByLabelText('name'))
    fireEvent.click(screen.getByRole('button', { name: 'Add filter' }))
    fireEvent.change(screen.getByLabelText('Column'), { target: { value: 'price' } })
    fireEvent.change(screen.getByLabelText('Operator'), { target: { value: '>=' } })
    fireEvent.change(screen.getByLabelText('Value'), { target: { value: '18' } })
    fireEvent.change(screen.getByLabelText('Order by'), { target: { value: 'id' } })
    fireEvent.click(screen.getByLabelText('descending'))
    fireEvent.click(screen.getByRole('button', { name: 'Run' }))
    await waitFor(() => {
      expect(onQuery).toHaveBeenCalledTimes(1)
    })
    expect(onQuery.mock.calls[0]?.[0]).toEqual([{ name: 'chang' }, { name: 'chai' }])
    fireEvent.change(screen.getByLabelText('Limit'), { target: { value: 'ten' } })
    fireEvent.click(screen.getByRole('button', { name: 'Run' }))
    await waitFor(() => {
      expect(onError).toHaveBeenCalledTimes(1)
    })
    expect(onError.mock.calls[0]?.[0]).toMatchObject({ kind: 'invalid_argument' })
    expect(onQuery).toHaveBeenCalledTimes(1)
  })

  test('QueryBuilder: what was checked is checked again when another schema comes', async () => {
    const checks = () => world.latest.calls.filter((type) => type === PageValidate).length
    render(
      <Root>
        <QueryBuilder table="products" onQuery={() => {}} onError={() => {}} />
      </Root>,
    )
    await screen.findByText('select 1')
    const before = checks()
    const [products, ...others] = world.store.schema.tables
    if (products === undefined) throw new Error('the shop has no products')
    const more = { ...products.columns[0], name: 'colour' } as (typeof products.columns)[number]
    world.store.schema = {
      ...world.store.schema,
      tables: [{ ...products, columns: [...products.columns, more] }, ...others],
    }
    act(() => {
      world.latest.emit({ type: EventSchema })
    })
    await screen.findByLabelText('colour')
    await waitFor(() => {
      expect(checks()).toBe(before + 1)
    })
  })

  test('QueryBuilder: what is typed is bound, never spliced', async () => {
    const onQuery = vi.fn(),
      text = "x'; drop table products; --"
    render(
      <Root>
        <QueryBuilder table="products" onQuery={onQuery} onError={() => {}} />
      </Root>,
    )
    await screen.findByLabelText('name')
    fireEvent.click(screen.getByRole('button', { name: 'Add filter' }))
    await waitFor(() => {
      expect(screen.getByLabelText('Column').querySelectorAll('option').length).toBe(6)
    })
    fireEvent.change(screen.getByLabelText('Column'), { target: { value: 'name' } })
    fireEvent.change(screen.getByLabelText('Value'), { target: { value: text } })
    fireEvent.click(screen.getByRole('button', { name: 'Run' }))
    await waitFor(() => {
      expect(onQuery).toHaveBeenCalledTimes(1)
    })
    expect(onQuery.mock.calls[0]?.[0]).toEqual([])
    expect(world.store.tables.get('products')?.size).toBe(3)
  })

  test('TransactionManager: failure here and refusal by the server roll back once each', async () => {
    const onSuccess = vi.fn(),
      onError = vi.fn(),
      onRollback = vi.fn()
    const view = (data: object) => (
      <Root>
        <TransactionManager
          operations={[{ type: 'insert', table: 'products', data }]}
          onSuccess={onSuccess}
          onError={onError}
          onRollback={onRollback}
        />
      </Root>
    )
    const { rerender } = render(view({ id: 1 }))
    fireEvent.click(screen.getByRole('button', { name: 'Run transaction' }))
    await waitFor(() => {
      expect(onRollback).toHaveBeenCalledTimes(1)
    })
    expect(onError.mock.calls[0]?.[0]).toMatchObject({ kind: 'constraint' })
    expect(onSuccess).not.toHaveBeenCalled()
    rerender(view({ id: 9, name: 'new' }))
    fireEvent.click(screen.getByRole('button', { name: 'Run transaction' }))
    await waitFor(() => {
      expect(onSuccess).toHaveBeenCalledTimes(1)
    })
    expect(screen.getByRole('status').textContent).toBe('Kept on this device')
    act(() => {
      world.latest.emit({ type: 2, outcome: { mid: world.store.mid, status: 5, detail: 'not allowed' } })
    })
    await waitFor(() => {
      expect(onRollback).toHaveBeenCalledTimes(2)
    })
    expect(onError).toHaveBeenCalledTimes(2)
    expect(screen.getByRole('status').dataset.status).toBe('rolled_back')
  })

  const conflict = {
    id: 5,
    table: 'products',
    key: { columns: ['id'], values: [1] },
    localData: { columns: ['id', 'name', 'active'], values: [1, 'mine', 1] },
    remoteData: { columns: ['id', 'name', 'active'], values: [1, 'theirs', 0] },
    columns: ['name'],
    rule: 9,
    status: 4,
    isOpen: true,
    notify: true,
  } as const

  test('CacheSync: rounds and conflicts are told once; a merge is not told', async () => {
    const onSyncComplete = vi.fn(),
      onConflict = vi.fn()
    render(
      <Root>
        <CacheSync tables={['products']} syncInterval={30} onSyncComplete={onSyncComplete} onConflict={onConflict} />
      </Root>,
    )
    await waitFor(() => {
      expect(onSyncComplete).toHaveBeenCalledWith({ updated: 3, conflicts: 1 })
    })
    const rounds = world.latest.calls.filter((type) => type === 13).length
    expect(Math.abs(onSyncComplete.mock.calls.length - rounds)).toBeLessThanOrEqual(1)
    act(() => {
      world.latest.emit({ type: 3, conflict: { ...conflict, id: 4, notify: false, isOpen: false, rule: 1, status: 2 } })
      world.latest.emit({ type: 3, conflict })
      world.latest.emit({ type: 3, conflict })
      world.latest.emit({ type: 3, conflict: { ...conflict, id: 6, table: 'orders' } })
    })
    await waitFor(() => {
      expect(onConflict).toHaveBeenCalledTimes(1)
    })
    expect(onConflict.mock.calls[0]?.[0]).toEqual({
      table: 'products',
      localData: { id: 1, name: 'mine', active: true },
      remoteData: { id: 1, name: 'theirs', active: false },
    })
    expect(world.latest.calls).toContain(11)
  })

  test('CacheSync: one call a round, whoever asked for it, with the round’s own counts', async () => {
    const onSyncComplete = vi.fn()
    render(
      <Root>
        <CacheSync tables={['products']} onSyncComplete={onSyncComplete} onConflict={() => {}} />
        <Ready />
      </Root>,
    )
    await screen.findByText('ready')
    fireEvent.click(screen.getByRole('button', { name: 'Sync now' }))
    await screen.findByText('Last round: 3 rows updated, 1 conflicts')
    act(() => {
      world.latest.emit({ type: 7, round: { updated: 0, conflicts: 2 } }) // of another tab, or of the core itself
    })
    await screen.findByText('Last round: 0 rows updated, 2 conflicts')
    expect(onSyncComplete.mock.calls).toEqual([[{ updated: 3, conflicts: 1 }], [{ updated: 0, conflicts: 2 }]])
  })

  test('CacheSync: in step is said when every table is there, not when the socket opens', async () => {
    render(
      <Root>
        <CacheSync tables={['products', 'orders']} onSyncComplete={() => {}} onConflict={() => {}} />
        <Ready />
      </Root>,
    )
    await screen.findByText('ready')
    const told = (...shapes: { table: string; isReady: boolean }[]) => {
      act(() => {
        world.latest.emit({ type: 5, sync: { shapes: shapes.map((one) => ({ ...one, shape: one.table })) } })
      })
    }
    act(() => {
      world.latest.emit({ type: 1, health: { database: 2, socket: 2 } })
    })
    await screen.findByText('Loading')
    told({ table: 'products', isReady: true })
    await screen.findByText('Loading')
    told({ table: 'products', isReady: true }, { table: 'orders', isReady: false })
    await screen.findByText('Loading')
    told({ table: 'products', isReady: true }, { table: 'orders', isReady: true })
    await screen.findByText('In step')
  })

  test('ConflictResolver: shows both sides, settles by the choice of each column', async () => {
    const onResolved = vi.fn()
    render(
      <Root>
        <ConflictResolver onResolved={onResolved} />
        <Ready />
      </Root>,
    )
    await screen.findByText('ready')
    await waitFor(() => {
      expect(world.latest.calls).toContain(15)
    })
    act(() => {
      world.latest.emit({ type: 3, conflict })
    })
    await screen.findByRole('button', { name: 'Keep mine' })
    fireEvent.click(screen.getByRole('radio', { name: 'name, mine: mine' }))
    fireEvent.click(screen.getByRole('button', { name: 'Keep my choice of each' }))
    await waitFor(() => {
      expect(onResolved).toHaveBeenCalledTimes(1)
    })
    expect(world.latest.calls).toContain(16)
    expect(await screen.findByText('No conflicts')).toBeDefined()
  })

  function Ready() {
    return useConnection().isConnected ? <p>ready</p> : null
  }

  test('ConflictResolver: what another tab has dealt with is off the list', async () => {
    render(
      <Root>
        <ConflictResolver showSettled />
        <Ready />
      </Root>,
    )
    await screen.findByText('ready')
    await waitFor(() => {
      expect(world.latest.calls).toContain(15)
    })
    act(() => {
      world.latest.emit({ type: 3, conflict })
      world.latest.emit({ type: 3, conflict: { ...conflict, id: 9, isOpen: false, rule: 2, status: 2 } })
    })
    await waitFor(() => {
      expect(screen.getAllByRole('article')).toHaveLength(2)
    })
    act(() => {
      world.latest.emit({ type: 3, conflict: { id: conflict.id, gone: true } })
      world.latest.emit({ type: 3, conflict: { id: 9, gone: true } })
    })
    await screen.findByText('No conflicts')
  })

  test('useTransaction shows where the last write stands', async () => {
    function Writer() {
      const { run, status } = useTransaction()
      const [id, setId] = useState(20)
      return (
        <button
          onClick={() => {
            setId(id + 1)
            run([{ type: 'insert', table: 'orders', data: { id, product_id: 1, amount: 1 } }]).catch(() => {})
          }}
        >
          {status}
        </button>
      )
    }
    render(
      <Root>
        <Writer />
      </Root>,
    )
    fireEvent.click(screen.getByRole('button'))
    await waitFor(() => {
      expect(screen.getByRole('button').textContent).toBe('durable')
    })
    act(() => {
      world.latest.emit({ type: 2, outcome: { mid: 1, status: 1 } })
    })
    await waitFor(() => {
      expect(screen.getByRole('button').textContent).toBe('accepted')
    })
  })
})
