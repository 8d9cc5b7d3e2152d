package sqlitefile

import (
	"strconv"
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/source"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// Read reads the schema of the file at path, tables by their names, and what of
// it cannot be synced. Errors: fault.NotFound is the caller's to find; those of
// sqlite.Open, fault.Corrupt.
func Read(path string) (*schema.Schema, []source.Omission, error) {
	c, err := sqlite.Open(sqlite.Options{Name: path, ReadOnly: true})
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = c.Close() }()
	if s, err := stored(c); s != nil || err != nil {
		return s, nil, err
	}
	r := &reader{c: c, schema: &schema.Schema{Version: 1}}
	if err := r.tables(); err != nil {
		return nil, nil, fault.In("read the schema of "+path, err)
	}
	omissions := append(r.omissions, source.OmitUnsyncable(r.schema)...)
	return r.schema, omissions, r.schema.Validate()
}

// stored is the schema that a relay's store and a client's database keep, or nil.
func stored(c *sqlite.Conn) (*schema.Schema, error) {
	_, found, err := sqlite.OneRow(c, "SELECT 1 FROM pragma_table_info('_rockpool_meta') WHERE name = 'schema'")
	if err != nil || !found {
		return nil, err
	}
	row, found, err := sqlite.OneRow(c, "SELECT schema FROM _rockpool_meta")
	if err != nil || !found || row[0].IsNull() {
		return nil, err
	}
	s := new(schema.Schema)
	if err := s.Decode([]byte(row[0].Str())); err != nil {
		return nil, fault.Wrap(fault.Corrupt, "read the stored schema", err)
	}
	return s, s.Validate()
}

type reader struct {
	c         *sqlite.Conn
	schema    *schema.Schema
	omissions []source.Omission
}

func (r *reader) omit(table, column, why, hint string) {
	r.omissions = append(r.omissions, source.Omission{Table: table, Column: column, Why: why, Hint: hint})
}

// each hands f every row of a query.
func (r *reader) each(sql string, f func(row value.Row) error, args ...value.Value) error {
	st, err := r.c.Cached(sql)
	if err != nil {
		return err
	}
	rows, err := st.Query(args...)
	if err != nil {
		return err
	}
	var all []value.Row // first all: f may ask again
	for rows.Next() {
		all = append(all, rows.Row())
	}
	if err := rows.Close(); err != nil {
		return err
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, row := range all {
		if err := f(row); err != nil {
			return err
		}
	}
	return nil
}

// tables reads https://www.sqlite.org/pragma.html#pragma_table_list.
func (r *reader) tables() error {
	virtual := map[string]bool{}
	err := r.each("SELECT lower(name) FROM pragma_table_list WHERE schema = 'main' AND type = 'virtual'", func(row value.Row) error {
		virtual[row[0].Str()] = true
		return nil
	})
	if err != nil {
		return err
	}
	return r.each(`SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`,
		func(row value.Row) error {
			name := row[0].Str()
			switch row[1].Str() {
			case "table":
				if isShadow(name, virtual) {
					return nil
				}
				return r.table(name)
			case "view":
				r.omit(name, "", "it is a view, and only tables are synced: it is left out", "make the view in the local database, over its tables")
			case "virtual":
				r.omit(name, "", "it is a virtual table, whose rows are its module's own: it is left out", "make it in the local database, over a synced table")
			}
			return nil
		})
}

// shadows are the ends of the names of tables that FTS3 to FTS5 and R*Tree keep
// their data in.
var shadows = []string{"_data", "_idx", "_content", "_docsize", "_config", "_segments", "_segdir", "_stat", "_node", "_parent", "_rowid"}

// isShadow tells them also where their module is not there to say so.
func isShadow(name string, virtual map[string]bool) bool {
	for _, end := range shadows {
		if of, ok := strings.CutSuffix(strings.ToLower(name), end); ok && virtual[of] {
			return true
		}
	}
	return false
}

func (r *reader) table(name string) error {
	t := schema.Table{Name: name}
	if err := r.columns(&t); err != nil {
		return err
	}
	if err := r.unique(&t); err != nil {
		return err
	}
	if err := r.foreign(&t); err != nil {
		return err
	}
	r.schema.Tables = append(r.schema.Tables, t)
	return nil
}

// Values of pragma_table_xinfo's hidden.
const (
	hiddenVirtual = 2
	hiddenStored  = 3
)

func (r *reader) columns(t *schema.Table) error {
	key := map[int64]uint32{}
	err := r.each(`SELECT name, type, "notnull", coalesce(dflt_value, ''), pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid`,
		func(row value.Row) error {
			name, declared, place := row[0].Str(), row[1].Str(), row[4].Int()
			if h := row[5].Int(); h == hiddenVirtual || h == hiddenStored {
				r.omit(t.Name, name, "it is generated, and generated columns are not synced: it is left out", "compute it in the query")
				return nil
			}
			c, known := columnOf(name, declared)
			if !known {
				r.omit(t.Name, name, "its declared type "+strconv.Quote(declared)+" says nothing to Rockpool: it is taken for "+c.Type.String()+", by SQLite's affinity", "declare a type that Postgres has")
			}
			c.NotNull = row[2].Int() != 0 || place > 0
			c.Default = defaultOf(&c, row[3].Str())
			if place > 0 {
				key[place] = uint32(len(t.Columns))
			}
			t.Columns = append(t.Columns, c)
			return nil
		}, value.Text(t.Name))
	for place := int64(1); place <= int64(len(key)); place++ {
		at, ok := key[place]
		if !ok { // a part of the key is generated
			t.Key = nil
			break
		}
		t.Key = append(t.Key, at)
	}
	return err
}

// unique reads UNIQUE constraints; unique indexes that CREATE INDEX made are
// taken too where they are over plain columns and all rows.
func (r *reader) unique(t *schema.Table) error {
	return r.each(`SELECT name, origin FROM pragma_index_list(?) WHERE "unique" AND origin <> 'pk' AND NOT partial ORDER BY seq DESC`,
		func(row value.Row) error {
			u := schema.Unique{}
			if row[1].Str() == "c" {
				u.Name = row[0].Str()
			}
			plain := true
			err := r.each("SELECT coalesce(name, '') FROM pragma_index_info(?) ORDER BY seqno", func(column value.Row) error {
				at := t.Index(column[0].Str())
				plain = plain && at >= 0
				u.Columns = append(u.Columns, uint32(max(at, 0)))
				return nil
			}, row[0])
			if plain {
				t.Unique = append(t.Unique, u)
			}
			return err
		}, value.Text(t.Name))
}

func (r *reader) foreign(t *schema.Table) error {
	last := int64(-1)
	err := r.each(`SELECT id, "table", "from", coalesce("to", ''), lower(on_delete) FROM pragma_foreign_key_list(?) ORDER BY id DESC, seq`,
		func(row value.Row) error {
			if row[0].Int() != last {
				last = row[0].Int()
				t.Foreign = append(t.Foreign, schema.ForeignKey{Table: row[1].Str(), OnDelete: row[4].Str()})
			}
			f := &t.Foreign[len(t.Foreign)-1]
			f.Columns = append(f.Columns, row[2].Str())
			if to := row[3].Str(); to != "" {
				f.References = append(f.References, to)
			}
			return nil
		}, value.Text(t.Name))
	for i := range t.Foreign {
		f := &t.Foreign[i]
		f.Name = t.Name
		for _, c := range f.Columns {
			f.Name += "_" + c
		}
		f.Name += "_fkey"
		if len(f.References) == 0 && err == nil { // REFERENCES parent, without columns: its key
			err = r.each("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", func(row value.Row) error {
				f.References = append(f.References, row[0].Str())
				return nil
			}, value.Text(f.Table))
		}
	}
	return err
}
