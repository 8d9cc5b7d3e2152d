-- Made by rockpool generate from types.prisma. Do not edit: change the source and run it again.

CREATE TABLE "every_type" (
  "id" UUID_TEXT,
  "small" INTEGER DEFAULT 7,
  "plain" INTEGER,
  "big" INTEGER DEFAULT 9007199254740993,
  "served" INTEGER,
  "flag" BOOLEAN DEFAULT 1,
  "single" REAL,
  "double" REAL DEFAULT 0.5,
  "words" TEXT DEFAULT 'it''s',
  "short" TEXT,
  "padded" TEXT,
  "exact" DECIMAL_TEXT COLLATE rockpool_decimal DEFAULT '0.000000000000000000000000000000',
  "money_" DECIMAL_TEXT COLLATE rockpool_decimal DEFAULT '1.50',
  "at_zone" TIMESTAMPTZ_TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000+00:00'),
  "at" TIMESTAMP_TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000'),
  "updated_at" TIMESTAMP_TEXT,
  "day" DATE_TEXT DEFAULT (date('now')),
  "hour" TIME_TEXT,
  "token" TEXT,
  "doc" JSON_TEXT,
  "docb" JSONB_TEXT DEFAULT '{}',
  "raw" BLOB,
  "feeling" TEXT DEFAULT 'so so',
  "feelings" TEXT,
  "tags" TEXT DEFAULT '{"a","b\"c"}',
  "numbers" TEXT,
  "area" TEXT,
  PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "words_short" ON "every_type" ("words", "short");

CREATE TABLE "composite_key" (
  "region" TEXT,
  "number" INTEGER,
  "parent_region" TEXT,
  "parent_number" INTEGER,
  "every_type_id" UUID_TEXT,
  PRIMARY KEY ("region", "number")
);

CREATE TABLE "Post" (
  "id" INTEGER,
  "title" TEXT,
  PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "Post_title_key" ON "Post" ("title");

CREATE TABLE "Category" (
  "id" INTEGER,
  PRIMARY KEY ("id")
);

CREATE TABLE "2 odd */ ""names"" `'" (
  "1`st ""'*/ id" INTEGER,
  "class" TEXT DEFAULT 'it''s "so" `here`',
  "a
b" TEXT,
  PRIMARY KEY ("1`st ""'*/ id")
);

CREATE TABLE "_CategoryToPost" (
  "A" INTEGER,
  "B" INTEGER,
  PRIMARY KEY ("A", "B")
);
