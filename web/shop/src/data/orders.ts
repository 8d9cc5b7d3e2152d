import { sql } from '@rockpool/client'
import { useDatabase } from '@rockpool/react'
import { useCallback } from 'react'
import type { OrderLinesRow, OrdersUpdate } from '../gen/schema.ts'
import type { Order } from './schema.ts'
import { useRows } from './use-rows.ts'

export interface OrderSummary extends Order {
  company: string
  /** In the currency's units; the sum of a few two-digit amounts. */
  total: number
}

export interface OrderLine extends Omit<OrderLinesRow, 'order_id'> {
  name: string
}

/** Every order, the newest first; those that wait for their number come on top. */
export function useOrders(): readonly OrderSummary[] {
  return useRows<OrderSummary>(sql`
    SELECT o.*, c.company, coalesce(t.total, 0.0) AS total
    FROM orders o JOIN customers c ON c.id = o.customer_id
    LEFT JOIN (SELECT order_id, sum(CAST(price AS REAL) * quantity * (1 - discount)) AS total FROM order_lines GROUP BY order_id) t ON t.order_id = o.id
    ORDER BY o.number IS NOT NULL, o.number DESC, o.id DESC`)
}

export function useOrder(id: string): (Order & { company: string }) | undefined {
  return useRows<Order & { company: string }>(
    sql`SELECT o.*, c.company FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.id = ${id}`,
  )[0]
}

export function useOrderLines(id: string): readonly OrderLine[] {
  return useRows<OrderLine>(sql`
    SELECT l.product_id, p.name, l.price, l.quantity, l.discount
    FROM order_lines l JOIN products p ON p.id = l.product_id WHERE l.order_id = ${id} ORDER BY p.name`)
}

export function useSaveNote(): (id: string, note: string) => Promise<void> {
  const { executeTransaction } = useDatabase()
  return useCallback(
    async (id, note) => {
      const data: OrdersUpdate = { id, note: note === '' ? null : note }
      await executeTransaction([{ type: 'update', table: 'orders', data }])
    },
    [executeTransaction],
  )
}
