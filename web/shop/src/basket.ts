// The basket: which products, how many. It belongs to the page, not to the
// database: an order becomes data when it is placed.
import { useCallback, useState } from 'react'

export interface BasketLine {
  readonly productId: number
  readonly name: string
  readonly price: string
  readonly quantity: number
}

export interface Basket {
  readonly lines: readonly BasketLine[]
  readonly add: (product: { readonly id: number; readonly name: string; readonly price: string }) => void
  readonly set: (productId: number, quantity: number) => void
  readonly clear: () => void
}

export function useBasket(): Basket {
  const [lines, setLines] = useState<readonly BasketLine[]>([])
  const add = useCallback<Basket['add']>((product) => {
    setLines((now) => {
      const found = now.find((line) => line.productId === product.id)
      if (!found) return [...now, { productId: product.id, name: product.name, price: product.price, quantity: 1 }]
      return now.map((line) => (line === found ? { ...line, quantity: line.quantity + 1 } : line))
    })
  }, [])
  const set = useCallback<Basket['set']>((productId, quantity) => {
    setLines((now) =>
      quantity < 1
        ? now.filter((line) => line.productId !== productId)
        : now.map((line) => (line.productId === productId ? { ...line, quantity } : line)),
    )
  }, [])
  const clear = useCallback(() => setLines([]), [])
  return { lines, add, set, clear }
}
