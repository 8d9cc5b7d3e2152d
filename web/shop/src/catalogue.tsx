import { useDeferredValue, useId, useState } from 'react'
import type { Basket } from './basket.ts'
import { BasketPanel } from './basket-panel.tsx'
import { useCatalogue, useCategories, type CatalogueProduct } from './data/catalogue.ts'
import { showMoney } from './money.ts'

/** The catalogue: search, categories, products, and the basket beside them. */
export function Catalogue({ basket }: { readonly basket: Basket }) {
  const [search, setSearch] = useState('')
  const [category, setCategory] = useState<number | null>(null)
  const wanted = useDeferredValue(search)
  const categories = useCategories()
  const products = useCatalogue(wanted, category)
  const searchId = useId()
  return (
    <>
      <div className="head">
        <div>
          <h1>Catalogue</h1>
          <p className="soft" role="status">
            <span className="num" data-testid="product-count">
              {products.length}
            </span>{' '}
            products
          </p>
        </div>
        <label className="visually-hidden" htmlFor={searchId}>
          Search products and suppliers
        </label>
        <input
          id={searchId}
          className="search"
          type="search"
          placeholder="Search products and suppliers"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      <div className="chips" role="group" aria-label="Categories">
        <button type="button" aria-pressed={category === null} onClick={() => setCategory(null)}>
          Everything
        </button>
        {categories.map((c) => (
          <button
            key={c.id}
            type="button"
            aria-pressed={category === c.id}
            title={c.description}
            onClick={() => setCategory(c.id)}
          >
            {c.name}
          </button>
        ))}
      </div>
      <div className="with-basket">
        {products.length === 0 ? (
          <p className="empty">Nothing matches. Try another word or category.</p>
        ) : (
          <ul className="grid">
            {products.map((p) => (
              <Product key={p.id} product={p} onAdd={basket.add} />
            ))}
          </ul>
        )}
        <BasketPanel basket={basket} />
      </div>
    </>
  )
}

function Product({ product: p, onAdd }: { readonly product: CatalogueProduct; readonly onAdd: Basket['add'] }) {
  const out = p.units_in_stock < 1
  const low = !out && p.units_in_stock <= p.reorder_level
  return (
    <li
      className={`product${out ? ' is-out' : ''}`}
      style={{ '--hue': String((p.category_id * 47) % 360) } as React.CSSProperties}
      data-product={p.id}
    >
      <div>
        <h3>{p.name}</h3>
        <p className="what">
          {p.unit} · {p.supplier}
        </p>
      </div>
      <p className={`stock num${out ? ' is-out' : low ? ' is-low' : ''}`} data-testid={`stock-${p.id}`}>
        {out ? 'Sold out' : `${p.units_in_stock} in stock${low ? ', running low' : ''}`}
      </p>
      <div className="foot">
        <span className="price num">{showMoney(p.price)}</span>
        <button
          type="button"
          className="button"
          disabled={out || p.discontinued}
          onClick={() => onAdd(p)}
          aria-label={`Add ${p.name} to the basket`}
        >
          {p.discontinued ? 'Discontinued' : 'Add'}
        </button>
      </div>
    </li>
  )
}
