-- Made by rockpool generate from types.db. Do not edit: change the source and run it again.

CREATE TABLE "every_type" (
  "id" UUID_TEXT,
  "whole" INTEGER DEFAULT 7,
  "flag" BOOLEAN DEFAULT 1,
  "float" REAL,
  "words" TEXT DEFAULT 'it''s',
  "exact" DECIMAL_TEXT COLLATE rockpool_decimal DEFAULT '0',
  "at_zone" TIMESTAMPTZ_TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000+00:00'),
  "at" TIMESTAMP_TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000'),
  "day" DATE_TEXT DEFAULT (date('now')),
  "hour" TIME_TEXT,
  "doc" JSON_TEXT,
  "docb" JSONB_TEXT,
  "raw" BLOB,
  PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "every_type_unique_words, exact" ON "every_type" ("words", "exact");

CREATE TABLE "others" (
  "region" TEXT,
  "number" INTEGER,
  "small" INTEGER,
  "tiny" INTEGER,
  "price" DECIMAL_TEXT COLLATE rockpool_decimal,
  "made" TIMESTAMP_TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000'),
  "ratio" REAL,
  "label" TEXT,
  "odd" INTEGER,
  "untyped" BLOB,
  "Camel Case" TEXT,
  "every_type_id" UUID_TEXT,
  "parent_region" TEXT,
  "parent_number" INTEGER,
  PRIMARY KEY ("region", "number")
);
CREATE UNIQUE INDEX "one_label" ON "others" ("label");
