package builder

import (
	"strings"

	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// Columns is a set of a table's columns, by their position. Positions from 63
// on share one bit.
type Columns uint64

// AllColumns is every column.
const AllColumns = ^Columns(0)

// Column is the set of one column.
func Column(at int) Columns { return 1 << min(at, 63) }

// reads collects from a statement's opcodes what it reads of each page: the
// answer depends on nothing else, whatever the statement says.
type reads struct {
	// pages are the root pages that a cursor may stand on.
	pages map[int64][]int64
	// columns are those that are read through a cursor.
	read map[int64]Columns
}

func (r *reads) opcode(name string, p1, p2, p3 int64) {
	if r.pages == nil {
		r.pages, r.read = map[int64][]int64{}, map[int64]Columns{}
	}
	switch name {
	case "OpenRead", "ReopenIdx":
		if p3 == 0 {
			r.pages[p1] = append(r.pages[p1], p2)
		}
	case "Column":
		r.read[p1] |= Column(int(p2))
	case "RowData", "RowCell":
		r.read[p1] = AllColumns
	}
}

// columns returns what is read of each table. Its key always is, as rows are
// found by it without a Column; so are all columns of an index, and all of the
// table where their order in the file may be another (WITHOUT ROWID, generated
// columns) or where the index itself has a condition or an expression.
func (r *reads) columns(c *sqlite.Conn, roots map[int64]root) (map[string]Columns, error) {
	out := map[string]Columns{}
	for cursor, pages := range r.pages {
		for _, page := range pages {
			of := roots[page]
			if of.table == "" {
				continue
			}
			found, err := out[of.table], error(nil)
			if of.index == "" {
				found |= r.read[cursor]
			} else {
				var more Columns
				more, err = indexColumns(c, of)
				found |= more
			}
			if err != nil {
				return nil, err
			}
			key, err := keyColumns(c, of.table)
			if err != nil {
				return nil, err
			}
			out[of.table] = found | key
		}
	}
	return out, nil
}

// indexColumns are the columns of an index.
func indexColumns(c *sqlite.Conn, of root) (found Columns, err error) {
	if strings.Contains(strings.ToLower(of.sql), "where") {
		return AllColumns, nil
	}
	err = each(c, "SELECT cid FROM pragma_index_xinfo(?)", of.index, func(row *sqlite.Rows) {
		switch at := row.Value(0).Int(); {
		case at >= 0:
			found |= Column(int(at))
		case at == -2: // an expression; -1 is the rowid
			found = AllColumns
		}
	})
	return found, err
}

// keyColumns are a table's primary key, or all columns where a record of the
// file has another order of columns than the table.
func keyColumns(c *sqlite.Conn, table string) (found Columns, err error) {
	err = each(c, "SELECT cid, pk, hidden, (SELECT wr FROM pragma_table_list(?1)) FROM pragma_table_xinfo(?1)", table, func(row *sqlite.Rows) {
		if row.Value(2).Int() != 0 || row.Value(3).Int() != 0 {
			found = AllColumns
		}
		if row.Value(1).Int() != 0 {
			found |= Column(int(row.Value(0).Int()))
		}
	})
	return found, err
}

// each runs a small query of our own.
func each(c *sqlite.Conn, sql, arg string, f func(*sqlite.Rows)) error {
	s, err := c.Cached(sql)
	if err != nil {
		return err
	}
	rows, err := s.Query(value.Text(arg))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		f(rows)
	}
	return rows.Err()
}
