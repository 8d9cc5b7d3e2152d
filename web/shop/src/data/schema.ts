// The shop's rows as the app sees them; the tables themselves come from the relay.

export interface Product {
  id: number
  name: string
  supplier_id: number
  category_id: number
  unit: string
  price: string
  units_in_stock: number
  units_on_order: number
  reorder_level: number
  discontinued: boolean
}

export interface Category {
  id: number
  name: string
  description: string
}

export interface Order {
  id: string
  number: number | null
  customer_id: string
  ordered_on: string
  required_on: string | null
  shipped_on: string | null
  shipper_id: number | null
  freight: string
  ship_name: string
  ship_city: string
  ship_country: string
  note: string | null
  status: string
}

export const tables = ['categories', 'suppliers', 'shippers', 'customers', 'products', 'orders', 'order_lines'] as const
