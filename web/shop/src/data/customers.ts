import { sql } from '@rockpool/client'
import type { CustomersRow } from '../gen/schema.ts'
import { useRows } from './use-rows.ts'

export interface Customer extends Pick<CustomersRow, 'id' | 'company' | 'contact' | 'city' | 'country' | 'phone'> {
  orders: number
}

export function useCustomerNames(): readonly Pick<Customer, 'id' | 'company'>[] {
  return useRows<Pick<Customer, 'id' | 'company'>>(sql`SELECT id, company FROM customers ORDER BY company`)
}

export function useCustomers(): readonly Customer[] {
  return useRows<Customer>(sql`
    SELECT c.id, c.company, c.contact, c.city, c.country, c.phone, count(o.id) AS orders
    FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id ORDER BY c.company`)
}
