import { useDatabase } from '@rockpool/react'
import { useCallback, useState } from 'react'
import type { BasketLine } from '../basket.ts'
import type { OrderLinesInsert, OrdersInsert } from '../gen/schema.ts'

export interface PlaceOrder {
  readonly busy: boolean
  readonly message: string
  /** Resolves when the order is safe on this device; false when it was refused. */
  readonly place: (customerId: string, lines: readonly BasketLine[]) => Promise<boolean>
}

/**
 * Places an order: the order, its lines, and what leaves the stock are one
 * transaction. Stock is changed by increments, so that two counters that sell
 * the same product offline both count; the last unit can be sold only once.
 */
export function usePlaceOrder(): PlaceOrder {
  const { executeQuery, executeTransaction } = useDatabase()
  const [busy, setBusy] = useState(false)
  const [message, setMessage] = useState('')
  const place = useCallback<PlaceOrder['place']>(
    async (customerId, lines) => {
      setBusy(true)
      setMessage('')
      try {
        const [customer] = await executeQuery('SELECT company, city, country FROM customers WHERE id = ?', [customerId])
        const id = crypto.randomUUID()
        await executeTransaction([
          {
            type: 'insert',
            table: 'orders',
            data: {
              id,
              customer_id: customerId,
              ordered_on: new Date().toISOString().slice(0, 10),
              ship_name: customer.company,
              ship_city: customer.city,
              ship_country: customer.country,
              freight: '0',
              status: 'open',
            } satisfies OrdersInsert,
          },
          ...lines.map((l) => ({
            type: 'insert' as const,
            table: 'order_lines',
            data: {
              order_id: id,
              product_id: l.productId,
              price: l.price,
              quantity: l.quantity,
              discount: 0,
            } satisfies OrderLinesInsert,
          })),
          ...lines.map((l) => ({
            type: 'increment' as const,
            table: 'products',
            data: { id: l.productId, units_in_stock: -l.quantity },
          })),
        ])
        setMessage('The order is kept on this device.')
        return true
      } catch (cause) {
        setMessage(cause instanceof Error ? cause.message : String(cause))
        return false
      } finally {
        setBusy(false)
      }
    },
    [executeQuery, executeTransaction],
  )
  return { busy, message, place }
}
