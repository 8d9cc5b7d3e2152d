// The shop's tables, in an order in which every parent comes before its
// children. Types are Postgres's; conflict strategies as in rockpool.yaml.
const text = { type: 'text' }
const textOrNull = { type: 'text', null: true }
const id = { type: 'integer' }

export const tables = [
  { name: 'categories', key: ['id'], columns: { id, name: text, description: text } },
  {
    name: 'suppliers',
    key: ['id'],
    columns: { id, company: text, contact: text, city: text, country: text, phone: text },
  },
  { name: 'shippers', key: ['id'], columns: { id, company: text, phone: text } },
  {
    name: 'customers',
    key: ['id'],
    conflict: 'manual', // of two addresses a person knows the right one
    columns: {
      id: text,
      company: text,
      contact: text,
      title: text,
      address: text,
      city: text,
      region: text,
      postal_code: textOrNull,
      country: text,
      phone: text,
    },
  },
  {
    name: 'products',
    key: ['id'],
    columns: {
      id,
      name: text,
      supplier_id: id,
      category_id: id,
      unit: text,
      price: { type: 'numeric(10,2)' },
      units_in_stock: { type: 'integer', conflict: 'delta' },
      units_on_order: { type: 'integer', conflict: 'delta' },
      reorder_level: { type: 'integer' },
      discontinued: { type: 'boolean', default: 'false' },
    },
    checks: { stock_not_negative: 'units_in_stock >= 0' },
    foreign: [
      { column: 'supplier_id', table: 'suppliers' },
      { column: 'category_id', table: 'categories' },
    ],
  },
  {
    name: 'orders',
    key: ['id'],
    columns: {
      id: { type: 'uuid' },
      number: { type: 'integer', identity: true },
      customer_id: text,
      ordered_on: { type: 'date' },
      required_on: { type: 'date', null: true },
      shipped_on: { type: 'date', null: true },
      shipper_id: { type: 'integer', null: true },
      freight: { type: 'numeric(10,2)', default: '0' },
      ship_name: text,
      ship_city: text,
      ship_country: text,
      note: textOrNull,
      status: { type: 'text', default: "'open'" },
    },
    foreign: [
      { column: 'customer_id', table: 'customers' },
      { column: 'shipper_id', table: 'shippers' },
    ],
  },
  {
    name: 'order_lines',
    key: ['order_id', 'product_id'],
    columns: {
      order_id: { type: 'uuid' },
      product_id: id,
      price: { type: 'numeric(10,2)' },
      quantity: { type: 'integer' },
      discount: { type: 'double precision', default: '0' },
    },
    checks: { quantity_positive: 'quantity > 0' },
    foreign: [
      { column: 'order_id', table: 'orders', onDelete: 'cascade' },
      { column: 'product_id', table: 'products' },
    ],
  },
]
