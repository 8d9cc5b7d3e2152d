-- Made by rockpool generate from Postgres. Do not edit: change the source and run it again.

CREATE TABLE "by_day" (
  "day" DATE_TEXT,
  "n" INTEGER,
  PRIMARY KEY ("day", "n")
);

CREATE TABLE "composite_key" (
  "region" TEXT,
  "number" INTEGER,
  "parent_region" TEXT,
  "parent_number" INTEGER,
  "owner" UUID_TEXT,
  "every_type_id" UUID_TEXT,
  PRIMARY KEY ("region", "number")
);

CREATE TABLE "every_type" (
  "id" UUID_TEXT,
  "small" INTEGER DEFAULT 7,
  "plain" INTEGER,
  "big" INTEGER DEFAULT 9007199254740993,
  "counted" INTEGER,
  "served" INTEGER,
  "flag" BOOLEAN DEFAULT 1,
  "single" REAL,
  "double" REAL DEFAULT 0.5,
  "words" TEXT DEFAULT 'it''s',
  "short" TEXT,
  "padded" TEXT,
  "exact" DECIMAL_TEXT COLLATE rockpool_decimal DEFAULT '0',
  "money_" DECIMAL_TEXT COLLATE rockpool_decimal DEFAULT '1.50',
  "at_zone" TIMESTAMPTZ_TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000+00:00'),
  "at" TIMESTAMP_TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000'),
  "day" DATE_TEXT DEFAULT (date('now')),
  "hour" TIME_TEXT,
  "token" UUID_TEXT,
  "doc" JSON_TEXT,
  "docb" JSONB_TEXT DEFAULT '{}',
  "raw" BLOB,
  "feeling" TEXT DEFAULT 'so so',
  "feelings" TEXT,
  "tags" TEXT DEFAULT '{}',
  "numbers" TEXT,
  "span" TEXT,
  "period" TEXT,
  "Camel Case" TEXT,
  PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "words_short" ON "every_type" ("words", "short");

CREATE TABLE "refers_to_no_key" (
  "id" INTEGER,
  "u" INTEGER,
  PRIMARY KEY ("id")
);
