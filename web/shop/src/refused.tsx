import { useState } from 'react'
import { useOutbox } from '@rockpool/react'
import type { OutboxEntry } from '@rockpool/client'

/** What was not accepted: its rows have left the lists, its data waits here to be sent again or given up. */
export function Refused() {
  const refused = useOutbox().filter((entry) => entry.state === 'rejected' || entry.state === 'blocked')
  const [problem, setProblem] = useState('')
  if (refused.length === 0) return null
  const run = (work: () => Promise<void>) => () => {
    work().then(
      () => setProblem(''),
      (thrown) => setProblem(String(thrown)),
    )
  }
  return (
    <section className="refused" aria-label="Not accepted">
      <h2>Not accepted</h2>
      {refused.map((entry) => (
        <article key={entry.mid} data-refused={entry.mid}>
          <div>
            <h3>{title(entry)}</h3>
            <p className="soft">{entry.detail}</p>
          </div>
          <p>
            <button type="button" className="button" onClick={run(() => entry.retry())}>
              Send again
            </button>{' '}
            <button type="button" className="button" onClick={run(() => entry.discard())}>
              Give up
            </button>
          </p>
        </article>
      ))}
      {problem !== '' && <p role="alert">{problem}</p>}
    </section>
  )
}

/** An order by whom it is for and of how many lines, anything else by its tables. */
function title({ at, operations }: OutboxEntry): string {
  const order = operations.find((one) => one.type === 'insert' && one.table === 'orders')?.after
  const when = new Date(at).toLocaleString()
  if (!order) return `Change of ${[...new Set(operations.map((one) => one.table))].join(', ')}, ${when}`
  const lines = operations.filter((one) => one.table === 'order_lines').length
  return `Order of ${order.ship_name}, ${lines} line${lines === 1 ? '' : 's'}, ${when}`
}
