package sim

import (
	"slices"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/store"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// extraColumn is what a change of the schema adds to a table, at its end.
const extraColumn = "extra"

// changed is a schema, one version later, with a column more in one table.
func changed(s *schema.Schema, table uint32) *schema.Schema {
	out := *s
	out.Version++
	out.Tables = slices.Clone(s.Tables)
	t := out.ByID(table)
	t.Columns = append(slices.Clone(t.Columns), schema.Column{Name: extraColumn, Type: schema.TypeText, SourceType: "text"})
	return &out
}

// ddl adds a column at the database. The relay notices, tells its clients to
// come back, and builds its store anew; writes that clients have made before
// they know go over to the new schema, or are rejected whole.
func (d *database) ddl(table uint32) {
	w := d.w
	f := d.relays[0]
	if f.out.down {
		return
	}
	next := changed(w.schema, table)
	t := next.ByID(table)
	w.stats.DDL++
	w.logf("database: %s gets a column", t.Name)
	if err := d.alter(t, next); err != nil {
		w.fail("database: add a column: %v", err)
		return
	}
	w.schema, w.oracle.schema = next, next
	w.oracle.widen(t)
	if err := w.reopenCatalog(); err != nil {
		w.fail("database: policies: %v", err)
		return
	}
	f.anew = true // whichever way this process ends, the next one finds another schema
	f.do(f.core.Stop(fault.New(fault.SchemaMismatch, "follow the source", "a table of the database has changed")))
	if !f.out.down {
		f.out.crash()
	}
}

// alter changes the database's file between two processes of it.
func (d *database) alter(t *schema.Table, next *schema.Schema) error {
	if err := d.st.Close(); err != nil {
		return err
	}
	conn, err := sqlite.Open(sqlite.Options{Name: d.path})
	if err != nil {
		return err
	}
	err = conn.Exec("ALTER TABLE " + schema.Quote(t.Name) + " ADD COLUMN " + extraColumn + " TEXT")
	if err == nil {
		var s *sqlite.Stmt
		if s, err = conn.Prepare("UPDATE _rockpool_meta SET schema = ?"); err == nil {
			err = s.Run(value.Blob(next.AppendTo(nil)))
			_ = s.Close()
		}
	}
	if cerr := conn.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	d.st, err = store.Open(store.Options{Path: d.path, Schema: next, Truth: true, NewEpoch: 1})
	if err == nil {
		d.serve()
	}
	return err
}

// widen gives every row of a table the column that it has now.
func (o *oracle) widen(t *schema.Table) {
	for k, r := range o.tables[t.ID] {
		o.tables[t.ID][k] = append(slices.Clone(r), value.Null)
	}
}
