-- Made by rockpool generate from northwind.prisma. Do not edit: change the source and run it again.

CREATE TABLE "categories" (
  "id" INTEGER,
  "name" TEXT,
  "description" TEXT,
  PRIMARY KEY ("id")
);

CREATE TABLE "suppliers" (
  "id" INTEGER,
  "company" TEXT,
  "contact" TEXT,
  "city" TEXT,
  "country" TEXT,
  "phone" TEXT,
  PRIMARY KEY ("id")
);

CREATE TABLE "shippers" (
  "id" INTEGER,
  "company" TEXT,
  "phone" TEXT,
  PRIMARY KEY ("id")
);

CREATE TABLE "customers" (
  "id" TEXT,
  "company" TEXT,
  "contact" TEXT,
  "title" TEXT,
  "address" TEXT,
  "city" TEXT,
  "region" TEXT,
  "postal_code" TEXT,
  "country" TEXT,
  "phone" TEXT,
  PRIMARY KEY ("id")
);

CREATE TABLE "products" (
  "id" INTEGER,
  "name" TEXT,
  "supplier_id" INTEGER,
  "category_id" INTEGER,
  "unit" TEXT,
  "price" DECIMAL_TEXT COLLATE rockpool_decimal,
  "units_in_stock" INTEGER,
  "units_on_order" INTEGER,
  "reorder_level" INTEGER,
  "discontinued" BOOLEAN DEFAULT 0,
  PRIMARY KEY ("id")
);

CREATE TABLE "orders" (
  "id" UUID_TEXT,
  "number" INTEGER,
  "customer_id" TEXT,
  "ordered_on" DATE_TEXT,
  "required_on" DATE_TEXT,
  "shipped_on" DATE_TEXT,
  "shipper_id" INTEGER,
  "freight" DECIMAL_TEXT COLLATE rockpool_decimal DEFAULT '0.00',
  "ship_name" TEXT,
  "ship_city" TEXT,
  "ship_country" TEXT,
  "note" TEXT,
  "status" TEXT DEFAULT 'open',
  PRIMARY KEY ("id")
);

CREATE TABLE "order_lines" (
  "order_id" UUID_TEXT,
  "product_id" INTEGER,
  "price" DECIMAL_TEXT COLLATE rockpool_decimal,
  "quantity" INTEGER,
  "discount" REAL DEFAULT 0,
  PRIMARY KEY ("order_id", "product_id")
);
