import { useCustomers } from './data/customers.ts'

/** Who buys, and how often. */
export function Customers() {
  const customers = useCustomers()
  return (
    <>
      <div className="head">
        <div>
          <h1>Customers</h1>
          <p className="soft">
            <span className="num">{customers.length}</span> companies
          </p>
        </div>
      </div>
      <div className="table customers" role="table" aria-label="Customers">
        <div className="row is-head" role="row">
          <span role="columnheader">Company</span>
          <span role="columnheader">Contact</span>
          <span role="columnheader">City</span>
          <span role="columnheader">Phone</span>
          <span role="columnheader" className="right">
            Orders
          </span>
        </div>
        {customers.map((c) => (
          <div key={c.id} className="row" role="row">
            <span role="cell">{c.company}</span>
            <span role="cell" className="wide">
              {c.contact}
            </span>
            <span role="cell" className="wide">
              {c.city}, {c.country}
            </span>
            <span role="cell" className="wide num">
              {c.phone}
            </span>
            <span role="cell" className="num right">
              {c.orders}
            </span>
          </div>
        ))}
      </div>
    </>
  )
}
