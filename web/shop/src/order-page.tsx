import { useId, useState } from 'react'
import { useOrder, useOrderLines, useSaveNote } from './data/orders.ts'
import { cents, showCents, showMoney } from './money.ts'

/** One order: who, where to, what, and a note that two people may edit. */
export function OrderPage({ id }: { readonly id: string }) {
  const order = useOrder(id)
  const lines = useOrderLines(id)
  if (!order) return <p className="empty">There is no such order here. It may not have been synced yet.</p>
  const total = lines.reduce((sum, l) => sum + Math.round(cents(l.price) * l.quantity * (1 - l.discount)), 0)
  return (
    <>
      <div className="head">
        <div>
          <p>
            <a href="#/orders">← Orders</a>
          </p>
          <h1>Order {order.number ?? '(new)'}</h1>
        </div>
        <span className={`tag${order.status === 'open' ? ' is-open' : ''}`}>{order.status}</span>
      </div>
      <section className="panel" aria-label="Details">
        <dl>
          <dt>Customer</dt>
          <dd>{order.company}</dd>
          <dt>Ordered</dt>
          <dd className="num">{order.ordered_on}</dd>
          <dt>Ship to</dt>
          <dd>
            {order.ship_name}, {order.ship_city}, {order.ship_country}
          </dd>
          <dt>Total</dt>
          <dd className="num">{showCents(total)}</dd>
        </dl>
        <Note key={order.id} id={order.id} note={order.note ?? ''} />
      </section>
      <div className="table" role="table" aria-label="Lines">
        {lines.map((l) => (
          <div key={l.product_id} className="row" role="row">
            <span role="cell" className="num">
              {l.quantity} ×
            </span>
            <span role="cell">{l.name}</span>
            <span role="cell" className="num right">
              {showMoney(l.price)}
            </span>
          </div>
        ))}
      </div>
    </>
  )
}

function Note({ id, note }: { readonly id: string; readonly note: string }) {
  const save = useSaveNote()
  const [draft, setDraft] = useState<string | null>(null)
  const field = useId()
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void save(id, draft ?? note).then(() => setDraft(null))
      }}
    >
      <label className="field" htmlFor={field}>
        Note
        <textarea id={field} rows={2} value={draft ?? note} onChange={(event) => setDraft(event.target.value)} />
      </label>
      <p>
        <button type="submit" className="button" disabled={draft === null || draft === note}>
          Save note
        </button>
      </p>
    </form>
  )
}
