import { cleanup, render, screen } from '@testing-library/react'
import type { Conflict } from '@rockpool/client'
import { afterEach, expect, test, vi } from 'vitest'
import { ConflictResolver } from '../src/conflict-resolver.tsx'

vi.mock('../src/use-watched.ts', () => ({
  useConflicts: () => [{ id: 1, table: 'orders', isOpen: true } satisfies Partial<Conflict>],
}))
vi.mock('../src/conflict-card.tsx', () => {
  throw new TypeError('Failed to fetch dynamically imported module')
})
afterEach(cleanup)

// Without a network and a service worker, or when the server has another build by now.
test('ConflictResolver: says so when the part that shows a conflict cannot be loaded', async () => {
  render(<ConflictResolver />)
  expect((await screen.findByRole('alert')).textContent).toMatch(/conflict in orders.*could not be loaded.*Reload/)
})
