-- Northwind's tables in SQLite, with the types that people declare there.
CREATE TABLE categories (
  id INTEGER NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE suppliers (
  id INTEGER NOT NULL,
  company TEXT NOT NULL,
  contact TEXT NOT NULL,
  city TEXT NOT NULL,
  country TEXT NOT NULL,
  phone TEXT NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE shippers (
  id INTEGER NOT NULL,
  company TEXT NOT NULL,
  phone TEXT NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE customers (
  id TEXT NOT NULL,
  company TEXT NOT NULL,
  contact TEXT NOT NULL,
  title TEXT NOT NULL,
  address TEXT NOT NULL,
  city TEXT NOT NULL,
  region TEXT NOT NULL,
  postal_code TEXT,
  country TEXT NOT NULL,
  phone TEXT NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE products (
  id INTEGER NOT NULL,
  name TEXT NOT NULL,
  supplier_id INTEGER NOT NULL,
  category_id INTEGER NOT NULL,
  unit TEXT NOT NULL,
  price numeric(10,2) NOT NULL,
  units_in_stock INTEGER NOT NULL,
  units_on_order INTEGER NOT NULL,
  reorder_level INTEGER NOT NULL,
  discontinued BOOLEAN NOT NULL DEFAULT 0,
  PRIMARY KEY (id),
  CONSTRAINT stock_not_negative CHECK (units_in_stock >= 0),
  FOREIGN KEY (supplier_id) REFERENCES suppliers (id),
  FOREIGN KEY (category_id) REFERENCES categories (id)
);
CREATE TABLE orders (
  id UUID NOT NULL,
  number INT NOT NULL,
  customer_id TEXT NOT NULL,
  ordered_on DATE NOT NULL,
  required_on DATE,
  shipped_on DATE,
  shipper_id INTEGER,
  freight numeric(10,2) NOT NULL DEFAULT 0,
  ship_name TEXT NOT NULL,
  ship_city TEXT NOT NULL,
  ship_country TEXT NOT NULL,
  note TEXT,
  status TEXT NOT NULL DEFAULT 'open',
  PRIMARY KEY (id),
  FOREIGN KEY (customer_id) REFERENCES customers (id),
  FOREIGN KEY (shipper_id) REFERENCES shippers (id)
);
CREATE TABLE order_lines (
  order_id UUID NOT NULL,
  product_id INTEGER NOT NULL,
  price numeric(10,2) NOT NULL,
  quantity INTEGER NOT NULL,
  discount REAL NOT NULL DEFAULT 0,
  PRIMARY KEY (order_id, product_id),
  CONSTRAINT quantity_positive CHECK (quantity > 0),
  FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE cascade,
  FOREIGN KEY (product_id) REFERENCES products (id)
);
