// Turns the northwind-data package into a seed that `rockpool dev --seed` and
// psql can load: schema.yaml, one JSON file a table, and for Postgres seed.sql
// with the rockpool.yaml of a demo.
// Usage: node seed/northwind.mjs <out directory>
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { tables } from './schema.mjs'

const northwind = createRequire(import.meta.url)('northwind-data')

// Orders get keys that can be made offline; a row keeps the same key in every
// run, so that two seeds of one database are equal.
const uuidOf = (text) => {
  const hex = createHash('sha1').update(`rockpool.northwind.${text}`).digest('hex').slice(0, 32).split('')
  hex[12] = '5'
  hex[16] = '8'
  return hex.join('').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

const money = (n) => n.toFixed(2)
const rows = {
  categories: northwind.Categories.map((c) => ({ id: c.Id, name: c.CategoryName, description: c.Description })),
  suppliers: northwind.Suppliers.map((s) => ({
    id: s.Id,
    company: s.CompanyName,
    contact: s.ContactName,
    city: s.City,
    country: s.Country,
    phone: s.Phone,
  })),
  shippers: northwind.Shippers.map((s) => ({ id: s.Id, company: s.CompanyName, phone: s.Phone })),
  customers: northwind.Customers.map((c) => ({
    id: c.Id,
    company: c.CompanyName,
    contact: c.ContactName,
    title: c.ContactTitle,
    address: c.Address,
    city: c.City,
    region: c.Region,
    postal_code: c.PostalCode,
    country: c.Country,
    phone: c.Phone,
  })),
  products: northwind.Products.map((p) => ({
    id: p.Id,
    name: p.ProductName,
    supplier_id: p.SupplierId,
    category_id: p.CategoryId,
    unit: p.QuantityPerUnit,
    price: money(p.UnitPrice),
    units_in_stock: p.UnitsInStock,
    units_on_order: p.UnitsOnOrder,
    reorder_level: p.ReorderLevel,
    discontinued: p.Discontinued === 1,
  })),
  orders: northwind.Orders.map((o) => ({
    id: uuidOf(`order.${o.Id}`),
    number: o.Id,
    customer_id: o.CustomerId,
    ordered_on: o.OrderDate,
    required_on: o.RequiredDate,
    shipped_on: o.ShippedDate,
    shipper_id: o.ShipperId,
    freight: money(o.Freight),
    ship_name: o.ShipName,
    ship_city: o.ShipCity,
    ship_country: o.ShipCountry,
    note: null,
    status: o.ShippedDate ? 'shipped' : 'open',
  })),
  order_lines: northwind.OrderDetails.map((d) => ({
    order_id: uuidOf(`order.${d.OrderId}`),
    product_id: d.ProductId,
    price: money(d.UnitPrice),
    quantity: d.Quantity,
    discount: d.Discount,
  })),
}

const yamlOf = () => {
  const lines = ['# Northwind, made from the northwind-data package.', 'tables:']
  for (const t of tables) {
    lines.push(`  ${t.name}:`, `    key: [${t.key.join(', ')}]`)
    if (t.conflict) lines.push(`    conflict: ${t.conflict}`)
    lines.push('    columns:')
    for (const [name, c] of Object.entries(t.columns)) {
      const parts = [`type: ${JSON.stringify(c.type)}`]
      if (!c.null) parts.push('not_null: true')
      if (c.default) parts.push(`default: ${JSON.stringify(c.default)}`)
      if (c.identity) parts.push('identity: true')
      if (c.conflict) parts.push(`conflict: ${c.conflict}`)
      lines.push(`      ${name}: { ${parts.join(', ')} }`)
    }
    if (t.checks)
      lines.push(
        `    checks: { ${Object.entries(t.checks)
          .map(([n, e]) => `${n}: ${JSON.stringify(e)}`)
          .join(', ')} }`,
      )
    if (t.foreign)
      lines.push(
        '    foreign:',
        ...t.foreign.map(
          (f) =>
            `      - { columns: [${f.column}], table: ${f.table}, references: [id]${f.onDelete ? `, on_delete: ${f.onDelete}` : ''} }`,
        ),
      )
  }
  return lines.join('\n') + '\n'
}

// The relay's file for a demo on one machine: every table open, no sign-in, and
// the conflict strategies that schema.yaml has for the embedded database.
const relayOf = () => {
  const lines = [
    '# Northwind on this machine alone: everybody may read and write everything.',
    'auth: { anonymous: true }',
    'tables:',
  ]
  for (const t of tables) {
    const parts = ['read: true', 'write: true']
    const columns = Object.entries(t.columns).filter(([, c]) => c.conflict)
    const conflict = t.conflict ? [`default: ${t.conflict}`] : []
    if (columns.length > 0) conflict.push(`columns: { ${columns.map(([n, c]) => `${n}: ${c.conflict}`).join(', ')} }`)
    if (conflict.length > 0) parts.push(`conflict: { ${conflict.join(', ')} }`)
    lines.push(`  ${t.name}: { ${parts.join(', ')} }`)
  }
  return lines.join('\n') + '\n'
}

const literal = (v) => (v === null ? 'NULL' : typeof v === 'string' ? `'${v.replaceAll("'", "''")}'` : String(v))
const sqlOf = () => {
  const out = ['BEGIN;']
  for (const t of tables) {
    const columns = Object.entries(t.columns).map(
      ([name, c]) =>
        `  ${name} ${c.type}${c.null ? '' : ' NOT NULL'}${c.identity ? ' GENERATED BY DEFAULT AS IDENTITY' : c.default ? ` DEFAULT ${c.default}` : ''}`,
    )
    columns.push(`  PRIMARY KEY (${t.key.join(', ')})`)
    for (const [name, expr] of Object.entries(t.checks ?? {})) columns.push(`  CONSTRAINT ${name} CHECK (${expr})`)
    for (const f of t.foreign ?? [])
      columns.push(
        `  FOREIGN KEY (${f.column}) REFERENCES ${f.table} (id)${f.onDelete ? ` ON DELETE ${f.onDelete}` : ''}`,
      )
    out.push(`CREATE TABLE ${t.name} (\n${columns.join(',\n')}\n);`)
    const names = Object.keys(t.columns)
    out.push(
      `INSERT INTO ${t.name} (${names.join(', ')}) VALUES\n${rows[t.name].map((r) => `  (${names.map((n) => literal(r[n])).join(', ')})`).join(',\n')};`,
    )
    for (const [name, c] of Object.entries(t.columns))
      if (c.identity)
        out.push(`SELECT setval(pg_get_serial_sequence('${t.name}', '${name}'), (SELECT max(${name}) FROM ${t.name}));`)
  }
  out.push('COMMIT;')
  return out.join('\n') + '\n'
}

const dir = process.argv[2]
if (!dir) {
  console.error('usage: node seed/northwind.mjs <out directory>')
  process.exit(2)
}
mkdirSync(dir, { recursive: true })
writeFileSync(join(dir, 'schema.yaml'), yamlOf())
writeFileSync(join(dir, 'seed.sql'), sqlOf())
writeFileSync(join(dir, 'rockpool.yaml'), relayOf())
for (const t of tables) writeFileSync(join(dir, `${t.name}.json`), JSON.stringify(rows[t.name]))
console.log(`northwind: ${tables.map((t) => `${rows[t.name].length} ${t.name}`).join(', ')} in ${dir}`)
