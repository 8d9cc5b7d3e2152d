package store

import (
	"slices"
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

const sidecars = `
CREATE TABLE IF NOT EXISTS _rockpool_meta (
  id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL, seq INTEGER NOT NULL, first INTEGER NOT NULL,
  lsn INTEGER NOT NULL, loaded INTEGER NOT NULL, schema BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS _rockpool_origin (id INTEGER PRIMARY KEY CHECK (id = 1), source TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS _rockpool_relations (id INTEGER PRIMARY KEY CHECK (id = 1), relations TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS _rockpool_log (seq INTEGER PRIMARY KEY, micros INTEGER NOT NULL, tx BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS _rockpool_row (
  tbl INTEGER NOT NULL, pk BLOB NOT NULL, seq INTEGER NOT NULL, actor TEXT NOT NULL, mid INTEGER NOT NULL,
  clean INTEGER NOT NULL, hlc INTEGER NOT NULL, deleted INTEGER NOT NULL, micros INTEGER NOT NULL,
  PRIMARY KEY (tbl, pk)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _rockpool_client (
  id TEXT PRIMARY KEY, user_id TEXT NOT NULL, incarnation TEXT NOT NULL, last_mid INTEGER NOT NULL DEFAULT 0,
  seen_micros INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _rockpool_outcome (
  client TEXT NOT NULL, mid INTEGER NOT NULL, seq INTEGER NOT NULL, digest INTEGER NOT NULL, status INTEGER NOT NULL,
  outcome BLOB NOT NULL, micros INTEGER NOT NULL, PRIMARY KEY (client, mid)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _rockpool_settled (client TEXT PRIMARY KEY, mid INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _rockpool_epoch (old INTEGER NOT NULL, last_seq INTEGER NOT NULL, new INTEGER NOT NULL, first_seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS _rockpool_term (n INTEGER PRIMARY KEY AUTOINCREMENT, id INTEGER NOT NULL UNIQUE, first INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS _rockpool_identity (tbl INTEGER NOT NULL, col INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (tbl, col)) WITHOUT ROWID;
`

// meta is where the store stands.
type meta struct {
	pos    version.Pos
	first  uint64 // oldest seq that the log holds; pos.Seq+1 when it is empty
	lsn    uint64
	loaded bool
}

func (s *Store) readMeta() (found bool, err error) {
	row, found, err := sqlite.OneRow(s.w, "SELECT epoch, seq, first, lsn, loaded, schema FROM _rockpool_meta")
	if err != nil || !found {
		return false, err
	}
	if row[5].Str() != string(s.schema.AppendTo(nil)) {
		if err := s.takeSchema([]byte(row[5].Str())); err != nil {
			return false, err
		}
	}
	s.meta = metaOf(row)
	return true, nil
}

// takeSchema has a replica go on with another version of its schema, whose rows
// are those of the one it was built for; fault.SchemaMismatch when they are not,
// or when clients could not tell the two apart by their version.
func (s *Store) takeSchema(stored []byte) error {
	var old schema.Schema
	if err := old.Decode(stored); err != nil || s.opt.Truth || old.Version == s.schema.Version || !sameRows(&old, s.schema) {
		return fault.New(fault.SchemaMismatch, "read the store", "it was built for another schema").
			WithHint("move the store's file away and start again: it is built anew")
	}
	return run(s.w, "UPDATE _rockpool_meta SET schema = ?", blob(s.schema.AppendTo(nil)))
}

// sameRows says whether two schemas have the same tables with rows of the same
// form, whatever else may be written to them.
func sameRows(a, b *schema.Schema) bool {
	return slices.EqualFunc(a.Tables, b.Tables, func(a, b schema.Table) bool {
		return a.ID == b.ID && a.Name == b.Name && a.LocalOnly == b.LocalOnly && slices.Equal(a.Key, b.Key) &&
			slices.EqualFunc(a.Columns, b.Columns, func(a, b schema.Column) bool {
				for _, label := range a.Enum {
					if !slices.Contains(b.Enum, label) {
						return false
					}
				}
				return a.Name == b.Name && a.Type == b.Type && a.SourceType == b.SourceType && a.Scale == b.Scale && a.HasScale == b.HasScale &&
					a.Generated == b.Generated
			})
	})
}

func metaOf(row value.Row) meta {
	return meta{
		pos:   version.Pos{Epoch: uint32(row[0].Int()), Seq: uint64(row[1].Int())},
		first: uint64(row[2].Int()), lsn: uint64(row[3].Int()), loaded: row[4].Int() != 0,
	}
}

// writeMeta stores m; the caller has a transaction open on the writer.
func (s *Store) writeMeta(m meta) error {
	return run(s.w, "INSERT OR REPLACE INTO _rockpool_meta (id, epoch, seq, first, lsn, loaded, schema) VALUES (1, ?, ?, ?, ?, ?, ?)",
		value.Int(int64(m.pos.Epoch)), num(m.pos.Seq), num(m.first), num(m.lsn), value.Bool(m.loaded), blob(s.schema.AppendTo(nil)))
}

// moveMeta stores the part of m that a log transaction changes.
func (s *Store) moveMeta(m meta) error {
	return run(s.w, "UPDATE _rockpool_meta SET seq = ?, lsn = ?", num(m.pos.Seq), num(m.lsn))
}

// adopt makes a committed meta the store's, and wakes who waits for it.
func (s *Store) adopt(m meta) {
	s.state.Lock()
	defer s.state.Unlock()
	s.meta = m
	close(s.reached)
	s.reached = make(chan struct{})
}

func (s *Store) current() meta {
	s.state.Lock()
	defer s.state.Unlock()
	return s.meta
}

// Head is the position of the newest transaction.
func (s *Store) Head() version.Pos { return s.current().pos }

// First is the position before the oldest transaction that the log holds: a
// reader that stands there, or later, can go on.
func (s *Store) First() version.Pos {
	m := s.current()
	return version.Pos{Epoch: m.pos.Epoch, Seq: m.first - 1}
}

// LSN is the source's place that the store has reached.
func (s *Store) LSN() uint64 { return s.current().lsn }

// Loaded says whether the first load has been done.
func (s *Store) Loaded() bool { return s.current().loaded }

func itoa(v uint64) string { return strconv.FormatUint(v, 10) }
