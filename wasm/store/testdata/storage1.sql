-- The bookkeeping tables of storage version 1, as its builds made them.
CREATE TABLE _rockpool_meta(
  id INTEGER PRIMARY KEY CHECK (id = 1),
  storage INTEGER NOT NULL,
  client_id TEXT NOT NULL, incarnation TEXT NOT NULL, incarnation_next TEXT NOT NULL,
  epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
  acked_mid INTEGER NOT NULL, hlc INTEGER NOT NULL,
  schema BLOB);
CREATE TABLE _rockpool_schema(version INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE _rockpool_tx(
  mid INTEGER PRIMARY KEY, state INTEGER NOT NULL, excluded INTEGER NOT NULL,
  millis INTEGER NOT NULL, bytes INTEGER NOT NULL, hlc INTEGER NOT NULL,
  depends BLOB);
CREATE TABLE _rockpool_op(
  mid INTEGER NOT NULL, n INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (mid, n)) WITHOUT ROWID;
CREATE TABLE _rockpool_base(
  tbl INTEGER NOT NULL, pk BLOB NOT NULL, hidden INTEGER NOT NULL, image BLOB,
  PRIMARY KEY (tbl, pk)) WITHOUT ROWID;
CREATE TABLE _rockpool_once(
  key TEXT PRIMARY KEY, mid INTEGER NOT NULL, millis INTEGER NOT NULL,
  result BLOB) WITHOUT ROWID;
CREATE INDEX _rockpool_once_millis ON _rockpool_once(millis);
CREATE TABLE _rockpool_shape(
  id INTEGER PRIMARY KEY AUTOINCREMENT, spec BLOB NOT NULL UNIQUE,
  tbl INTEGER NOT NULL, state INTEGER NOT NULL);
CREATE TABLE _rockpool_member(
  tbl INTEGER NOT NULL, pk BLOB NOT NULL, shape INTEGER NOT NULL,
  PRIMARY KEY (tbl, pk, shape)) WITHOUT ROWID;
CREATE TABLE _rockpool_conflict(
  id INTEGER PRIMARY KEY AUTOINCREMENT, mid INTEGER NOT NULL, status INTEGER NOT NULL,
  open INTEGER NOT NULL, notify INTEGER NOT NULL, millis INTEGER NOT NULL,
  choice INTEGER NOT NULL DEFAULT 0, edited BLOB,
  schema INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX _rockpool_conflict_mid ON _rockpool_conflict(mid);
CREATE TABLE _rockpool_rejected(
  mid INTEGER PRIMARY KEY, status INTEGER NOT NULL, kind INTEGER NOT NULL,
  code TEXT NOT NULL, detail TEXT NOT NULL, millis INTEGER NOT NULL);
