// The shop's rows as the app sees them: `make generate` writes them from the demo's tables.

import type { Tables } from '../gen/schema.ts'

export type { CategoriesRow as Category, OrdersRow as Order, ProductsRow as Product } from '../gen/schema.ts'

export const tables = [
  'categories',
  'suppliers',
  'shippers',
  'customers',
  'products',
  'orders',
  'order_lines',
] as const satisfies readonly (keyof Tables)[]
