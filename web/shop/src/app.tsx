import { useEffect, useRef } from 'react'
import { useBasket } from './basket.ts'
import { Catalogue } from './catalogue.tsx'
import { Conflicts } from './conflicts.tsx'
import { Customers } from './customers.tsx'
import { OrderPage } from './order-page.tsx'
import { Orders } from './orders.tsx'
import { useRoute, type Route } from './route.ts'
import { StatusBar } from './status-bar.tsx'

const tabs = [
  { page: 'catalogue', href: '#/', text: 'Catalogue' },
  { page: 'orders', href: '#/orders', text: 'Orders' },
  { page: 'customers', href: '#/customers', text: 'Customers' },
] as const

/** The frame around every page: brand, tabs, and where the data stands. */
export function App() {
  const route = useRoute()
  const basket = useBasket()
  const main = useRef<HTMLElement>(null)
  const place = JSON.stringify(route)
  const first = useRef(place)
  useEffect(() => {
    if (place === first.current) return // the first page keeps the browser's own focus
    first.current = ''
    main.current?.focus({ preventScroll: true })
    window.scrollTo(0, 0)
  }, [place])
  return (
    <>
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <header className="top">
        <div className="top-in">
          <a className="brand" href="#/">
            <img src="/icon.svg" alt="" /> Northwind Counter
          </a>
          <nav className="tabs" aria-label="Pages">
            {tabs.map((t) => (
              <a key={t.page} href={t.href} aria-current={isOn(route, t.page) ? 'page' : undefined}>
                {t.text}
              </a>
            ))}
          </nav>
          <span className="grow" />
          <StatusBar />
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1} style={{ outline: 'none' }}>
        {page(route, basket)}
      </main>
    </>
  )
}

function isOn(route: Route, tab: (typeof tabs)[number]['page']): boolean {
  return route.page === tab || (route.page === 'order' && tab === 'orders')
}

function page(route: Route, basket: ReturnType<typeof useBasket>) {
  switch (route.page) {
    case 'catalogue':
      return <Catalogue basket={basket} />
    case 'orders':
      return <Orders />
    case 'order':
      return <OrderPage id={route.id} />
    case 'customers':
      return <Customers />
    case 'conflicts':
      return <Conflicts />
    default:
      return route satisfies never
  }
}
