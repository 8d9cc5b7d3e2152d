-- Every type that Rockpool knows under the names that schema.DDL declares, then
-- names of other programs, and what it cannot sync.
CREATE TABLE every_type (
  id UUID_TEXT PRIMARY KEY,
  whole INTEGER NOT NULL DEFAULT 7,
  flag BOOLEAN NOT NULL DEFAULT 1,
  float REAL,
  words TEXT NOT NULL DEFAULT 'it''s',
  exact DECIMAL_TEXT COLLATE rockpool_decimal NOT NULL DEFAULT '0',
  at_zone TIMESTAMPTZ_TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000+00:00'),
  at TIMESTAMP_TEXT DEFAULT CURRENT_TIMESTAMP,
  day DATE_TEXT DEFAULT (date('now')),
  hour TIME_TEXT,
  doc JSON_TEXT,
  docb JSONB_TEXT,
  raw BLOB,
  UNIQUE (words, exact)
);
CREATE TABLE others (
  region VARCHAR(10),
  number BIGINT,
  small SMALLINT,
  tiny TINYINT(1),
  price DECIMAL(10,2) NOT NULL,
  made DATETIME DEFAULT CURRENT_TIMESTAMP,
  ratio DOUBLE,
  label NVARCHAR(40),
  odd POINT,
  untyped,
  doubled INTEGER GENERATED ALWAYS AS (number * 2) VIRTUAL,
  "Camel Case" TEXT,
  every_type_id UUID REFERENCES every_type ON DELETE CASCADE,
  parent_region VARCHAR(10),
  parent_number BIGINT,
  PRIMARY KEY (region, number),
  FOREIGN KEY (parent_region, parent_number) REFERENCES others (region, number) ON DELETE SET NULL
);
CREATE UNIQUE INDEX one_label ON others (label);
CREATE UNIQUE INDEX some_labels ON others (label) WHERE small > 0;
CREATE TABLE no_key (n INTEGER);
CREATE VIEW seen AS SELECT id FROM every_type;
