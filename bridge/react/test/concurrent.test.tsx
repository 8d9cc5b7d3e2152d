/**
 * Levels 1 and 2 of will-this-react-global-state-work-in-concurrent-rendering
 * (github.com/dai-shi): many components read one live query while a transition
 * renders them slowly and the query goes on. Level 3, rendering that branches
 * the state, is beyond every store outside React.
 */

import { startTransition, useDeferredValue, useLayoutEffect, useReducer, useState, type ReactNode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { openDatabases } from '../../client/src/open.ts'
import { schema, shopStore } from '../../client/test/shop.ts'
import { TabWorld } from '../../client/test/tab-world.ts'
import { until } from '../../client/test/until.ts'
import { DatabaseProvider, useClient, useQuery } from '../src/index.ts'

/** Components that show the count, and milliseconds that each takes to render: far more than a time slice of React's together. */
const COUNTERS = 16
const BUSY_MS = 2
/** States of the query in a test. */
const STATES = 30

const QUERY = 'select n'
vi.setConfig({ testTimeout: 60_000 })
let names = 0
let world: TabWorld, root: Root, box: HTMLElement
/** What stood on the page after each commit: the different counts. */
let commits: string[][]

const flags = globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }
const before = flags.IS_REACT_ACT_ENVIRONMENT
beforeAll(() => {
  flags.IS_REACT_ACT_ENVIRONMENT = false // React's own schedule is what is tested
})
afterAll(() => {
  if (before === undefined) delete flags.IS_REACT_ACT_ENVIRONMENT
  else flags.IS_REACT_ACT_ENVIRONMENT = before
})
beforeEach(() => {
  world = new TabWorld(shopStore(), { sql: new Map() })
  count(0)
  commits = []
  box = document.createElement('div')
  document.body.append(box)
  root = createRoot(box)
})
afterEach(async () => {
  root.unmount()
  box.remove()
  await Promise.all(openDatabases().map((db) => db.close()))
})

const count = (n: number) => world.options.sql?.set(QUERY, { columns: ['n'], rows: [[n]] })
const texts = () => [...box.querySelectorAll('i')].map((one) => one.textContent)

/** Notes the counts that a commit shows; runs after all of its changes to the page. */
function useCommits(): void {
  useLayoutEffect(() => {
    commits.push([...new Set(texts())])
  })
}

function busy(): void {
  const end = performance.now() + BUSY_MS
  while (performance.now() < end);
}

/** The count as the hook gives it. */
const useCount = (): unknown => useQuery(QUERY).rows[0]?.n

/** The count as it must not be read: of the store while rendering, with a transition at each change. */
function useTornCount(): unknown {
  const client = useClient()
  const [, again] = useReducer((n: number) => n + 1, 0)
  const live = client?.live({ sql: QUERY })
  useLayoutEffect(
    () =>
      live?.subscribe(() => {
        startTransition(again)
      }),
    [live],
  )
  return live?.get().rows[0]?.n
}

interface CounterProps {
  readonly read: () => unknown
  /** Changes with each transition. */
  readonly turn: number
}
function Counter({ read, turn }: CounterProps) {
  const n = read()
  busy()
  useCommits()
  return <i data-turn={turn}>{String(n)}</i>
}
const counters = (read: () => unknown, turn: number) =>
  Array.from({ length: COUNTERS }, (_, at) => `the ${at}th`).map((key) => <Counter key={key} read={read} turn={turn} />)

let turnTo: (turn: number) => void = () => {}
/** Its counters are there from turn `from` on. */
function Board({ read, from }: { readonly read: () => unknown; readonly from: number }) {
  const [turn, setTurn] = useState(0)
  turnTo = setTurn
  return turn < from ? <b>none yet</b> : counters(read, turn)
}

/** Its counters show what React defers. */
function Deferred() {
  const n = useDeferredValue(useCount())
  const read = () => n
  return counters(read, 0)
}

function show(children: ReactNode): void {
  root.render(
    <DatabaseProvider name={'concurrent' + ++names} schema={schema} environment={world.tab('A').environment}>
      {children}
    </DatabaseProvider>,
  )
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 1))

/** Lets the query go on while transitions render. */
async function race(counters = COUNTERS): Promise<void> {
  for (let n = 1; n <= STATES; n++) {
    if (n % 5 === 1)
      startTransition(() => {
        turnTo(n)
      })
    count(n)
    world.latest.changed()
    await turn()
  }
  await until(
    'the last count is everywhere',
    () => texts().length === counters && texts().every((one) => one === String(STATES)),
    30_000,
  )
}

/** Commits in which two counters showed different counts. */
const torn = () => commits.filter((one) => one.length > 1)

test('on update: no two components ever show different counts, and all show the last', async () => {
  show(<Board read={useCount} from={0} />)
  await until('the first count', () => texts().every((one) => one === '0') && texts().length === COUNTERS)
  await race()
  expect(torn()).toEqual([])
  expect(commits.length).toBeGreaterThan(COUNTERS)
})

test('on mount: components that a transition brings show what the others do', async () => {
  show([<Counter key="first" read={useCount} turn={0} />, <Board key="board" read={useCount} from={1} />])
  await until('the first count', () => texts()[0] === '0')
  await race(COUNTERS + 1)
  expect(torn()).toEqual([])
})

test('deferred values do not differ, and all come to the last', async () => {
  show(<Deferred />)
  await until('the first count', () => texts().every((one) => one === '0') && texts().length === COUNTERS)
  await race()
  expect(torn()).toEqual([])
})

test('a hook that reads the store while rendering tears, and these tests see it', async () => {
  show(<Board read={useTornCount} from={0} />)
  await until('the first count', () => texts().every((one) => one === '0') && texts().length === COUNTERS)
  await race()
  expect(torn()).not.toEqual([])
})
