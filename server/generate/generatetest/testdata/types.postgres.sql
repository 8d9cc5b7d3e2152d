-- Every type that Rockpool knows, and what it cannot sync.
CREATE SCHEMA auth;
CREATE TABLE auth.users (id uuid PRIMARY KEY);
CREATE TYPE mood AS ENUM ('sad', 'so so', 'happy');
CREATE TABLE every_type (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  small smallint NOT NULL DEFAULT 7,
  plain integer NOT NULL,
  big bigint NOT NULL DEFAULT 9007199254740993,
  counted bigint GENERATED ALWAYS AS IDENTITY,
  served serial NOT NULL,
  flag boolean NOT NULL DEFAULT true,
  single real,
  double double precision NOT NULL DEFAULT 0.5,
  words text NOT NULL DEFAULT 'it''s',
  short varchar(20),
  padded char(5),
  exact numeric NOT NULL DEFAULT 0,
  money_ numeric(12,2) NOT NULL DEFAULT 1.50,
  at_zone timestamptz NOT NULL DEFAULT now(),
  at timestamp DEFAULT CURRENT_TIMESTAMP,
  day date NOT NULL DEFAULT CURRENT_DATE,
  hour time,
  token uuid NOT NULL DEFAULT gen_random_uuid(),
  doc json,
  docb jsonb NOT NULL DEFAULT '{}',
  raw bytea,
  feeling mood NOT NULL DEFAULT 'so so',
  feelings mood[],
  tags text[] NOT NULL DEFAULT '{}',
  numbers integer[],
  span interval,
  period int4range,
  doubled integer GENERATED ALWAYS AS (plain * 2) STORED,
  "Camel Case" text,
  CONSTRAINT words_short UNIQUE (words, short),
  CHECK (plain >= 0)
);
CREATE TABLE composite_key (
  region text,
  number integer,
  parent_region text,
  parent_number integer,
  owner uuid REFERENCES auth.users (id),
  every_type_id uuid REFERENCES every_type (id) ON DELETE CASCADE,
  PRIMARY KEY (region, number),
  FOREIGN KEY (parent_region, parent_number) REFERENCES composite_key (region, number) ON DELETE SET NULL
);
CREATE TABLE by_day (day date NOT NULL, n integer NOT NULL, PRIMARY KEY (day, n)) PARTITION BY RANGE (day);
CREATE TABLE by_day_2026 PARTITION OF by_day FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE no_key (n integer);
CREATE TABLE refers_to_no_key (id integer PRIMARY KEY, u integer);
ALTER TABLE no_key ADD CONSTRAINT no_key_n UNIQUE (n);
ALTER TABLE refers_to_no_key ADD CONSTRAINT to_no_key FOREIGN KEY (u) REFERENCES no_key (n);
CREATE UNLOGGED TABLE not_logged (id integer PRIMARY KEY);
CREATE TABLE no_identity (id integer PRIMARY KEY);
ALTER TABLE no_identity REPLICA IDENTITY NOTHING;
CREATE TABLE key_is_generated (a integer, b integer GENERATED ALWAYS AS (a + 1) STORED PRIMARY KEY);
CREATE TABLE twins (id integer PRIMARY KEY, name text, "Name" text);
CREATE VIEW seen AS SELECT id FROM every_type;
