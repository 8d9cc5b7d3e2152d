import { useId, useState } from 'react'
import type { Basket } from './basket.ts'
import { useCustomerNames } from './data/customers.ts'
import { usePlaceOrder } from './data/place-order.ts'
import { cents, showCents } from './money.ts'

/** The basket: its lines, whose order it is, and the button that places it. */
export function BasketPanel({ basket }: { readonly basket: Basket }) {
  const customers = useCustomerNames()
  const [customer, setCustomer] = useState('')
  const order = usePlaceOrder()
  const customerId = useId()
  const total = basket.lines.reduce((sum, line) => sum + cents(line.price) * line.quantity, 0)
  const place = async (event: React.FormEvent) => {
    event.preventDefault()
    if (await order.place(customer, basket.lines)) basket.clear()
  }
  return (
    <form className="basket" onSubmit={place} aria-label="Order">
      <h2>Order</h2>
      {basket.lines.length === 0 ? (
        <p className="soft">
          Add products from the catalogue. The order is kept on this device at once, and sent when there is a network.
        </p>
      ) : (
        <ul>
          {basket.lines.map((line) => (
            <li key={line.productId}>
              <span>{line.name}</span>
              <span className="num">{showCents(cents(line.price) * line.quantity)}</span>
              <span className="qty">
                <button
                  type="button"
                  aria-label={`One ${line.name} less`}
                  onClick={() => basket.set(line.productId, line.quantity - 1)}
                >
                  −
                </button>
                <span className="num" aria-live="polite">
                  {line.quantity}
                </span>
                <button
                  type="button"
                  aria-label={`One ${line.name} more`}
                  onClick={() => basket.set(line.productId, line.quantity + 1)}
                >
                  +
                </button>
              </span>
            </li>
          ))}
        </ul>
      )}
      <label className="field" htmlFor={customerId}>
        Customer
        <select id={customerId} value={customer} onChange={(event) => setCustomer(event.target.value)} required>
          <option value="">Choose…</option>
          {customers.map((c) => (
            <option key={c.id} value={c.id}>
              {c.company}
            </option>
          ))}
        </select>
      </label>
      <p className="total">
        <span>Total</span>
        <span className="num">{showCents(total)}</span>
      </p>
      <button
        type="submit"
        className="button is-main"
        disabled={basket.lines.length === 0 || customer === '' || order.busy}
      >
        {order.busy ? 'Placing…' : 'Place order'}
      </button>
      <p role="status" className="soft" data-testid="order-status">
        {order.message}
      </p>
    </form>
  )
}
