package store

import (
	"slices"
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// Schema returns the schema in force; never nil. Shared, not to be changed.
func (db *DB) Schema() *schema.Schema { return db.schema }

// SetSchema puts a schema in force: it creates tables that are missing, and
// builds tables again whose columns or unique constraints changed, with their
// rows; added columns are NULL or their constant default, and retyped ones keep
// their old values, until the relay sends them. Pending transactions go over to
// the new schema where it has a place for all they write; the others keep
// theirs, and the relay rejects them. A table that the schema no longer has
// stays in the file, unseen by sync. Kinds: schema_mismatch when a table
// changed its key, or a local table has the name; invalid_argument when it is
// none. Then nothing is changed.
func (db *DB) SetSchema(s *schema.Schema) error {
	if err := s.Validate(); err != nil {
		return fault.In("set schema", err)
	}
	encoded := s.AppendTo(nil)
	if string(encoded) == string(db.schema.AppendTo(nil)) {
		return nil
	}
	before := db.schema
	err := db.atomically(true, func() error {
		for i := range s.Tables {
			t := &s.Tables[i]
			if err := db.setTable(before.Table(t.Name), t); err != nil {
				return err
			}
		}
		if err := db.upgradeOutbox(s); err != nil {
			return err
		}
		if err := db.run(`UPDATE _rockpool_meta SET schema = ? WHERE id = 1`, value.Blob(encoded)); err != nil {
			return err
		}
		// Operations and conflicts name columns by the version they were made in.
		if err := db.run(`INSERT OR REPLACE INTO _rockpool_schema(version, body) VALUES (?, ?)`,
			value.Int(int64(s.Version)), value.Blob(encoded)); err != nil {
			return err
		}
		return db.load()
	})
	if err != nil {
		return fault.In("set schema", err)
	}
	db.w.SetGuard(db.guard)
	return fault.In("set schema", db.w.Capture(db.captured))
}

// covers reports whether have holds every table and column of want.
func covers(have, want *schema.Schema) bool {
	for i := range want.Tables {
		w := &want.Tables[i]
		h := have.Table(w.Name)
		if h == nil || h.ID != w.ID {
			return false
		}
		for j := range w.Columns {
			if k := h.Index(w.Columns[j].Name); k < 0 || h.Columns[k].Type != w.Columns[j].Type {
				return false
			}
		}
	}
	return true
}

// setTable makes one table what the schema says; before is what it was, or nil.
func (db *DB) setTable(before, t *schema.Table) error {
	if before == nil {
		_, found, err := db.one(`SELECT 1 FROM sqlite_master WHERE name = ? COLLATE NOCASE`, value.Text(t.Name))
		if err != nil {
			return err
		}
		if found {
			return fault.New(fault.SchemaMismatch, "create table "+t.Name, "something local has this name already").
				WithHint("rename the local table, or publish the other under a new name")
		}
		return db.define(t)
	}
	if slices.Equal(schema.DDL(before, schema.Client), schema.DDL(t, schema.Client)) {
		return nil
	}
	if err := comparable(before, t); err != nil {
		return err
	}
	return db.rebuild(before, t)
}

// define creates a table and its indexes.
func (db *DB) define(t *schema.Table) error {
	for _, sql := range schema.DDL(t, schema.Client) {
		if err := db.exec(sql); err != nil {
			return err
		}
	}
	return nil
}

// comparable refuses changes that rows cannot follow: kept images, members and
// pending operations are known by the key.
func comparable(before, t *schema.Table) error {
	key := func(t *schema.Table) (columns []string) {
		for _, k := range t.Key {
			columns = append(columns, t.Columns[k].Name+" "+t.Columns[k].Type.String())
		}
		return columns
	}
	if !slices.Equal(key(before), key(t)) {
		return fault.New(fault.SchemaMismatch, "change table "+t.Name, "its primary key is another one than the stored table's").
			WithHint("reset the database, or publish the table under a new name")
	}
	return nil
}

// rebuild makes a table again and brings its rows and kept images along: the
// order of columns is the order of values everywhere, so ADD COLUMN alone
// would not do.
func (db *DB) rebuild(before, t *schema.Table) error {
	var kept []string
	for i := range t.Columns {
		if before.Index(t.Columns[i].Name) >= 0 {
			kept = append(kept, schema.Quote(t.Columns[i].Name))
		}
	}
	const old = "_rockpool_before"
	indexes, err := db.all(`SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL`, value.Text(t.Name))
	if err != nil {
		return err
	}
	list := strings.Join(kept, ", ")
	for _, sql := range []string{
		"CREATE TABLE " + old + " AS SELECT " + list + " FROM " + schema.Quote(t.Name),
		"DROP TABLE " + schema.Quote(t.Name),
	} {
		if err := db.exec(sql); err != nil {
			return err
		}
	}
	if err := db.define(t); err != nil {
		return err
	}
	for _, sql := range []string{
		"INSERT INTO " + schema.Quote(t.Name) + "(" + list + ") SELECT " + list + " FROM " + old,
		"DROP TABLE " + old,
	} {
		if err := db.exec(sql); err != nil {
			return err
		}
	}
	if err := db.indexesAgain(before, indexes); err != nil {
		return err
	}
	return db.rebase(before, t)
}

// indexesAgain makes the app's own indexes again; one over a column that is
// gone is gone with it.
func (db *DB) indexesAgain(before *schema.Table, indexes []value.Row) error {
	ours := schema.DDL(before, schema.Client)
	for _, row := range indexes {
		if slices.Contains(ours, row[0].Str()) {
			continue
		}
		err := db.exec(row[0].Str())
		if err != nil && fault.KindOf(err) != fault.UnknownColumn && fault.KindOf(err) != fault.InvalidSQL {
			return err
		}
	}
	return nil
}

// rebase brings kept images into the new order of columns.
func (db *DB) rebase(before, t *schema.Table) error {
	rows, err := db.all(`SELECT pk, image FROM _rockpool_base WHERE tbl = ? AND image IS NOT NULL`, value.Int(int64(before.ID)))
	if err != nil {
		return err
	}
	for _, row := range rows {
		image, _, ok := value.DecodeRow([]byte(row[1].Str()), len(before.Columns))
		if !ok {
			return fault.New(fault.Corrupt, "change table "+t.Name, "a kept image has not the table's columns")
		}
		if err := db.run(`UPDATE _rockpool_base SET image = ? WHERE tbl = ? AND pk = ?`,
			value.Blob(moved(before, t, image).Append(nil)), value.Int(int64(before.ID)), row[0]); err != nil {
			return err
		}
	}
	return nil
}

// moved returns a whole row of one version of a table in another's columns.
func moved(before, t *schema.Table, row value.Row) value.Row {
	if len(row) == 0 {
		return row
	}
	out := make(value.Row, len(t.Columns))
	for i := range t.Columns {
		if j := before.Index(t.Columns[i].Name); j >= 0 && j < len(row) {
			out[i] = row[j]
			if v, ok := converted(&before.Columns[j], &t.Columns[i], row[j]); ok {
				out[i] = v
			}
		}
	}
	return out
}

// useSchema puts s into memory.
func (db *DB) useSchema(s *schema.Schema) {
	db.schema = s
	db.tables = make(map[uint32]*table, len(s.Tables))
	db.captured = make(map[string]uint32, len(s.Tables))
	for i := range s.Tables {
		t := &s.Tables[i]
		db.tables[t.ID] = newTable(t)
		if !t.LocalOnly { // its changes are never sent
			db.captured[t.Name] = t.ID
		}
	}
	db.unchecked = map[string]bool{}
	db.guard = &sqlite.Guard{}
	for i := range s.Tables {
		t := &s.Tables[i]
		db.guard.Synced = append(db.guard.Synced, t.Name)
		for _, u := range t.Unique {
			db.guard.Indexes = append(db.guard.Indexes, schema.IndexName(t, &u))
		}
	}
}

// table returns a table by ID; fault.Protocol names the caller's mistake.
func (db *DB) table(op string, id uint32) (*table, error) {
	if x := db.tables[id]; x != nil {
		return x, nil
	}
	return nil, fault.New(fault.SchemaMismatch, op, "there is no table with this number in the schema").
		WithHint("the schema changed: connect again")
}
