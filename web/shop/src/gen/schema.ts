// Made by rockpool generate from northwind/schema.yaml. Do not edit: change the source and run it again.

import { declareSchema, type DefinedSchema } from '@rockpool/client'

/** A row of categories. */
export interface CategoriesRow {
  id: number
  name: string
  description: string
}

/** What an insert into categories takes. */
export interface CategoriesInsert {
  id: number
  name: string
  description: string
}

/** What an update of categories takes: the key, and what changes. */
export interface CategoriesUpdate {
  id: number
  name?: string
  description?: string
}

/** A row of suppliers. */
export interface SuppliersRow {
  id: number
  company: string
  contact: string
  city: string
  country: string
  phone: string
}

/** What an insert into suppliers takes. */
export interface SuppliersInsert {
  id: number
  company: string
  contact: string
  city: string
  country: string
  phone: string
}

/** What an update of suppliers takes: the key, and what changes. */
export interface SuppliersUpdate {
  id: number
  company?: string
  contact?: string
  city?: string
  country?: string
  phone?: string
}

/** A row of shippers. */
export interface ShippersRow {
  id: number
  company: string
  phone: string
}

/** What an insert into shippers takes. */
export interface ShippersInsert {
  id: number
  company: string
  phone: string
}

/** What an update of shippers takes: the key, and what changes. */
export interface ShippersUpdate {
  id: number
  company?: string
  phone?: string
}

/** A row of customers. */
export interface CustomersRow {
  id: string
  company: string
  contact: string
  title: string
  address: string
  city: string
  region: string
  postal_code: string | null
  country: string
  phone: string
}

/** What an insert into customers takes. */
export interface CustomersInsert {
  id: string
  company: string
  contact: string
  title: string
  address: string
  city: string
  region: string
  postal_code?: string | null
  country: string
  phone: string
}

/** What an update of customers takes: the key, and what changes. */
export interface CustomersUpdate {
  id: string
  company?: string
  contact?: string
  title?: string
  address?: string
  city?: string
  region?: string
  postal_code?: string | null
  country?: string
  phone?: string
}

/** A row of products. */
export interface ProductsRow {
  id: number
  name: string
  /** Refers to suppliers.id. */
  supplier_id: number
  /** Refers to categories.id. */
  category_id: number
  unit: string
  price: string
  units_in_stock: number
  units_on_order: number
  reorder_level: number
  discontinued: boolean
}

/** What an insert into products takes. */
export interface ProductsInsert {
  id: number
  name: string
  supplier_id: number
  category_id: number
  unit: string
  price: string | number | bigint
  units_in_stock: number
  units_on_order: number
  reorder_level: number
  discontinued?: boolean
}

/** What an update of products takes: the key, and what changes. */
export interface ProductsUpdate {
  id: number
  name?: string
  supplier_id?: number
  category_id?: number
  unit?: string
  price?: string | number | bigint
  units_in_stock?: number
  units_on_order?: number
  reorder_level?: number
  discontinued?: boolean
}

/** A row of orders. */
export interface OrdersRow {
  id: string
  /** NULL until the source has given it. */
  number: number | null
  /** Refers to customers.id. */
  customer_id: string
  ordered_on: string
  required_on: string | null
  shipped_on: string | null
  /** Refers to shippers.id. */
  shipper_id: number | null
  freight: string
  ship_name: string
  ship_city: string
  ship_country: string
  note: string | null
  status: string
}

/** What an insert into orders takes. */
export interface OrdersInsert {
  id: string
  number?: number
  customer_id: string
  ordered_on: string
  required_on?: string | null
  shipped_on?: string | null
  shipper_id?: number | null
  freight?: string | number | bigint
  ship_name: string
  ship_city: string
  ship_country: string
  note?: string | null
  status?: string
}

/** What an update of orders takes: the key, and what changes. */
export interface OrdersUpdate {
  id: string
  number?: number
  customer_id?: string
  ordered_on?: string
  required_on?: string | null
  shipped_on?: string | null
  shipper_id?: number | null
  freight?: string | number | bigint
  ship_name?: string
  ship_city?: string
  ship_country?: string
  note?: string | null
  status?: string
}

/** A row of order_lines. */
export interface OrderLinesRow {
  /** Refers to orders.id. */
  order_id: string
  /** Refers to products.id. */
  product_id: number
  price: string
  quantity: number
  discount: number
}

/** What an insert into order_lines takes. */
export interface OrderLinesInsert {
  order_id: string
  product_id: number
  price: string | number | bigint
  quantity: number
  discount?: number
}

/** What an update of order_lines takes: the key, and what changes. */
export interface OrderLinesUpdate {
  order_id: string
  product_id: number
  price?: string | number | bigint
  quantity?: number
  discount?: number
}

/** The tables, for open<Tables> and Database<Tables>. */
export type Tables = {
  categories: { row: CategoriesRow; insert: CategoriesInsert; update: CategoriesUpdate }
  suppliers: { row: SuppliersRow; insert: SuppliersInsert; update: SuppliersUpdate }
  shippers: { row: ShippersRow; insert: ShippersInsert; update: ShippersUpdate }
  customers: { row: CustomersRow; insert: CustomersInsert; update: CustomersUpdate }
  products: { row: ProductsRow; insert: ProductsInsert; update: ProductsUpdate }
  orders: { row: OrdersRow; insert: OrdersInsert; update: OrdersUpdate }
  order_lines: { row: OrderLinesRow; insert: OrderLinesInsert; update: OrderLinesUpdate }
}

/** The schema, for open({ schema }). */
export const schema: DefinedSchema<Tables> = declareSchema<Tables>({
  categories: {
    key: ['id'],
    columns: {
      id: 'int',
      name: 'text',
      description: 'text',
    },
  },
  suppliers: {
    key: ['id'],
    columns: {
      id: 'int',
      company: 'text',
      contact: 'text',
      city: 'text',
      country: 'text',
      phone: 'text',
    },
  },
  shippers: {
    key: ['id'],
    columns: {
      id: 'int',
      company: 'text',
      phone: 'text',
    },
  },
  customers: {
    key: ['id'],
    columns: {
      id: 'text',
      company: 'text',
      contact: 'text',
      title: 'text',
      address: 'text',
      city: 'text',
      region: 'text',
      postal_code: 'text?',
      country: 'text',
      phone: 'text',
    },
    strategy: 'manual',
  },
  products: {
    key: ['id'],
    columns: {
      id: 'int',
      name: 'text',
      supplier_id: 'int',
      category_id: 'int',
      unit: 'text',
      price: { type: 'decimal', sourceType: 'numeric(10,2)', scale: 2 },
      units_in_stock: { type: 'int', strategy: 'delta' },
      units_on_order: { type: 'int', strategy: 'delta' },
      reorder_level: 'int',
      discontinued: { type: 'bool', default: 'false' },
    },
    foreign: [
      { name: 'products_supplier_id_fkey', columns: ['supplier_id'], table: 'suppliers', references: ['id'] },
      { name: 'products_category_id_fkey', columns: ['category_id'], table: 'categories', references: ['id'] },
    ],
    checks: {
      stock_not_negative: 'units_in_stock >= 0',
    },
  },
  orders: {
    key: ['id'],
    columns: {
      id: 'uuid',
      number: { type: 'int', identity: true },
      customer_id: 'text',
      ordered_on: 'date',
      required_on: 'date?',
      shipped_on: 'date?',
      shipper_id: 'int?',
      freight: { type: 'decimal', sourceType: 'numeric(10,2)', scale: 2, default: '0' },
      ship_name: 'text',
      ship_city: 'text',
      ship_country: 'text',
      note: 'text?',
      status: { type: 'text', default: "'open'" },
    },
    foreign: [
      { name: 'orders_customer_id_fkey', columns: ['customer_id'], table: 'customers', references: ['id'] },
      { name: 'orders_shipper_id_fkey', columns: ['shipper_id'], table: 'shippers', references: ['id'] },
    ],
  },
  order_lines: {
    key: ['order_id', 'product_id'],
    columns: {
      order_id: 'uuid',
      product_id: 'int',
      price: { type: 'decimal', sourceType: 'numeric(10,2)', scale: 2 },
      quantity: 'int',
      discount: { type: 'float', default: '0' },
    },
    foreign: [
      { name: 'order_lines_order_id_fkey', columns: ['order_id'], table: 'orders', references: ['id'], onDelete: 'cascade' },
      { name: 'order_lines_product_id_fkey', columns: ['product_id'], table: 'products', references: ['id'] },
    ],
    checks: {
      quantity_positive: 'quantity > 0',
    },
  },
})
