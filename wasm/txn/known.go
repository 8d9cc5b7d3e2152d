package txn

import (
	"slices"
	"strings"

	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
)

// known is what the operations of one call share: tables, and statements'
// texts, which the next operation mostly needs again. The schema does not
// change meanwhile.
type known struct {
	tables map[string]knownTable
	// last is the operation before, and sql its text.
	last *operation
	sql  string
	// read is the table whose row was read last, with its columns' names and
	// the text that reads one row: by key, or by rowid.
	read    *schema.Table
	byRowID bool
	names   []string
	reader  string
}

type knownTable struct {
	t      *schema.Table
	synced bool
}

func (k *known) lookup(m *Manager, c *sqlite.Conn, name string) (*schema.Table, bool, error) {
	if found, ok := k.tables[name]; ok {
		return found.t, found.synced, nil
	}
	t, synced, err := m.lookup(c, name)
	if err != nil {
		return nil, false, err
	}
	if k.tables == nil {
		k.tables = map[string]knownTable{}
	}
	k.tables[name] = knownTable{t, synced}
	return t, synced, nil
}

// text is o.text(), made anew only when o is not like the operation before.
func (k *known) text(o *operation) string {
	if l := k.last; l == nil || l.kind != o.kind || l.t != o.t || !slices.Equal(l.cols, o.cols) {
		k.sql = o.text()
	}
	k.last = o
	return k.sql
}

// reading returns the columns' names and the text that reads the row of an
// operation: its parameters are the key, or the rowid where SQLite made it.
func (k *known) reading(o *operation) (names []string, sql string) {
	byRowID := o.key == nil
	if k.read == o.t && k.byRowID == byRowID {
		return k.names, k.reader
	}
	k.read, k.byRowID, k.names = o.t, byRowID, nil
	var quoted []string
	for i := range o.t.Columns {
		name := o.t.Columns[i].Name
		k.names, quoted = append(k.names, name), append(quoted, schema.Quote(name))
	}
	where := "rowid = ?"
	if !byRowID {
		where = o.match()
	}
	k.reader = "SELECT " + strings.Join(quoted, ", ") + " FROM " + schema.Quote(o.t.Name) + " WHERE " + where
	return k.names, k.reader
}
