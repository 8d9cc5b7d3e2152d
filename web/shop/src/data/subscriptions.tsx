import { useClient, useSyncStatus } from '@rockpool/react'
import { useEffect, useState, type ReactNode } from 'react'
import { tables } from './schema.ts'

/**
 * Follows every table of the shop while the app is open, and shows the app once
 * their rows are on this device: at once, but for the very first start. They
 * are small; an app with large ones would follow shapes of them.
 */
export function Subscriptions({ children }: { readonly children: ReactNode }) {
  const database = useClient()
  const [isFilled, setFilled] = useState(false)
  const [problem, setProblem] = useState('')
  useEffect(() => {
    if (database === null) return
    Promise.all(tables.map((table) => database.sync.subscribe(table).ready)).then(
      () => setFilled(true),
      (cause: unknown) => setProblem(cause instanceof Error ? cause.message : String(cause)),
    )
  }, [database])
  return isFilled ? children : <Filling problem={problem} />
}

/** The first start: how many rows have come. */
function Filling({ problem }: { readonly problem: string }) {
  const { shapes } = useSyncStatus()
  const rows = shapes.reduce((sum, shape) => sum + shape.rowsLoaded, 0)
  return (
    <p className="empty" role="status">
      {problem === '' ? `Filling the counter: ${rows} rows` : problem}
    </p>
  )
}
