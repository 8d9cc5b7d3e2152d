package live

import (
	"bytes"

	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/wasm/builder"
)

// Changes is what commits have changed since the last call of Touch.
type Changes struct {
	// Whole names tables of which single rows are not known.
	Whole []string
	// Log is the changed rows of the others.
	Log sqlite.CaptureLog
	// Commits counts the commits so far: a run that began after as many has
	// seen all of Log, and one that began after Since none of it.
	Since, Commits uint64
	// All says that anything may have changed.
	All bool
}

// changedTable is the changed rows of one table.
type changedTable struct {
	table *schema.Table
	rows  []changedRow
	// columns are those that some row changed.
	columns builder.Columns
	// whole says that the rows are not known one by one.
	whole bool

	loaded bool // its images are
	failed error
}

// changedRow is one row before and after; nil is absent.
type changedRow struct {
	old, now []byte
	columns  builder.Columns
}

// touches reports whether a change of the row is one of these columns.
func (r *changedRow) touches(read builder.Columns) bool { return r.columns&read != 0 }

// changedTables reads a log, table by table.
func changedTables(log sqlite.CaptureLog, s *schema.Schema) (tables []*changedTable) {
	byID := map[uint32]*changedTable{}
	for {
		r, rest, ok := log.Next()
		if !ok {
			return tables
		}
		log = rest
		x := byID[r.Table]
		if x == nil {
			t := tableByID(s, r.Table)
			if t == nil {
				continue
			}
			x = &changedTable{table: t}
			byID[r.Table], tables = x, append(tables, x)
		}
		x.add(r)
	}
}

func tableByID(s *schema.Schema, id uint32) *schema.Table {
	for i := range s.Tables {
		if s.Tables[i].ID == id {
			return &s.Tables[i]
		}
	}
	return nil
}

func (x *changedTable) add(r sqlite.CaptureRecord) {
	row := changedRow{columns: builder.AllColumns}
	n := len(x.table.Columns)
	if r.Columns != n || len(x.rows) >= ChangedRowsMax {
		x.whole = true
		return
	}
	first := value.RowLen(r.Images, n)
	switch {
	case first < 0:
		x.whole = true
		return
	case r.Op == sqlite.CaptureInsert:
		row.now = r.Images
	case r.Op == sqlite.CaptureDelete:
		row.old = r.Images
	default:
		row.old, row.now = r.Images[:first], r.Images[first:]
		if row.columns = changedColumns(row.old, row.now, n); row.columns == 0 {
			return
		}
	}
	x.rows = append(x.rows, row)
	x.columns |= row.columns
}

// last tells of each changed row whether its new image is what stands there now.
func (x *changedTable) last() []bool {
	out := make([]bool, len(x.rows))
	at := map[string]int{}
	for i := range x.rows {
		if old := x.rows[i].old; old != nil {
			if j, ok := at[x.table.ImageKey(old)]; ok {
				out[j] = false
			}
		}
		if now := x.rows[i].now; now != nil {
			at[x.table.ImageKey(now)], out[i] = i, true
		}
	}
	return out
}

// changedColumns returns the columns in which two images differ.
func changedColumns(old, now []byte, n int) (out builder.Columns) {
	for i := range n {
		a, b := value.EncodedLen(old), value.EncodedLen(now)
		if a == 0 || b == 0 {
			return builder.AllColumns
		}
		if !bytes.Equal(old[:a], now[:b]) {
			out |= builder.Column(i)
		}
		old, now = old[a:], now[b:]
	}
	return out
}
