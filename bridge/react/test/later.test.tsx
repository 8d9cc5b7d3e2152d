import { cleanup, render, screen } from '@testing-library/react'
import type { Conflict } from '@rockpool/client'
import { afterEach, expect, test, vi } from 'vitest'
import { ConflictResolver } from '../src/conflict-resolver.tsx'
import { QueryBuilder } from '../src/query-builder.tsx'

vi.mock('../src/use-watched.ts', () => ({
  useConflicts: () => [{ id: 1, table: 'orders', isOpen: true } satisfies Partial<Conflict>],
}))
const fail = vi.hoisted(() => () => {
  throw new TypeError('Failed to fetch dynamically imported module')
})
vi.mock('../src/conflict-card.tsx', fail)
vi.mock('../src/query-form.tsx', fail)
afterEach(cleanup)

// Without a network and a service worker, or when the server has another build by now.
test.each([
  ['ConflictResolver', <ConflictResolver key="" />, 'A conflict in orders'],
  [
    'QueryBuilder',
    <QueryBuilder key="" table="orders" onQuery={() => {}} onError={() => {}} />,
    'The query builder of orders',
  ],
])('%s: says so when its part cannot be loaded', async (_, component, what) => {
  render(component)
  const text = (await screen.findByRole('alert')).textContent
  expect(text).toBe(`${what} cannot be shown: a part of this page could not be loaded. Reload the page with a network.`)
})
