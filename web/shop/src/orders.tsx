import { useOrders } from './data/orders.ts'
import { showCents } from './money.ts'

/** Every order, newest first. */
export function Orders() {
  const orders = useOrders()
  return (
    <>
      <div className="head">
        <div>
          <h1>Orders</h1>
          <p className="soft" role="status">
            <span className="num" data-testid="order-count">
              {orders.length}
            </span>{' '}
            orders
          </p>
        </div>
      </div>
      <div className="table" role="table" aria-label="Orders" aria-rowcount={orders.length}>
        <div className="row is-head" role="row">
          <span role="columnheader">Number</span>
          <span role="columnheader">Customer</span>
          <span role="columnheader">Ordered</span>
          <span role="columnheader" className="right">
            Total
          </span>
          <span role="columnheader">Ship to</span>
          <span role="columnheader">State</span>
        </div>
        {orders.map((o) => (
          <a key={o.id} className="row" role="row" href={`#/orders/${encodeURIComponent(o.id)}`} data-order={o.id}>
            <span role="cell" className="num">
              {o.number ?? <span className="tag is-pending">new</span>}
            </span>
            <span role="cell">{o.company}</span>
            <span role="cell" className="num wide">
              {o.ordered_on}
            </span>
            <span role="cell" className="num right">
              {showCents(Math.round(o.total * 100))}
            </span>
            <span role="cell" className="wide">
              {o.ship_city}, {o.ship_country}
            </span>
            <span role="cell" className="wide">
              <span className={`tag${o.status === 'open' ? ' is-open' : ''}`}>{o.status}</span>
            </span>
          </a>
        ))}
      </div>
    </>
  )
}
