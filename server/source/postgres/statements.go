package postgres

import (
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// statement builds one SQL text with bound text arguments: every value is sent
// in its canonical text and cast to the column's own type.
type statement struct {
	sql  strings.Builder
	args []any
}

func (s *statement) text(parts ...string) *statement {
	for _, p := range parts {
		s.sql.WriteString(p)
	}
	return s
}

// bind adds one value as CAST($n::text AS type).
func (s *statement) bind(c *schema.Column, v value.Value) *statement {
	if v.IsNull() {
		s.args = append(s.args, nil)
	} else {
		s.args = append(s.args, c.ToText(v))
	}
	s.sql.WriteString("CAST($")
	s.sql.WriteString(strconv.Itoa(len(s.args)))
	s.sql.WriteString("::text AS ")
	s.sql.WriteString(c.SourceType)
	s.sql.WriteByte(')')
	return s
}

func (s *statement) whereKey(t *schema.Table, key value.Row) *statement {
	s.text(" WHERE ")
	for i, k := range t.Key {
		if i > 0 {
			s.text(" AND ")
		}
		s.text(name(t.Columns[k].Name), " = ").bind(&t.Columns[k], key[i])
	}
	return s
}

func name(identifier string) string { return pgx.Identifier{identifier}.Sanitize() }

func tableName(t *schema.Table) string { return "public." + name(t.Name) }

// lockRow reads every column as text and locks the row for this transaction.
// It runs as the relay's role: FOR UPDATE needs the right to UPDATE, which a
// user with only DELETE lacks.
func lockRow(t *schema.Table, key value.Row) *statement {
	s := &statement{}
	s.text("SELECT ")
	for i := range t.Columns {
		if i > 0 {
			s.text(", ")
		}
		s.text(name(t.Columns[i].Name), "::text")
	}
	return s.text(" FROM ", tableName(t)).whereKey(t, key).text(" FOR UPDATE")
}

// lastWriter names the client transaction that wrote the row's version: of
// several that one Postgres transaction applied the last that names the row, or
// the last, where a trigger wrote it. It is a statement of its own, behind the
// lock: only a new snapshot sees the writer that the lock waited for.
func lastWriter(t *schema.Table, key value.Row) *statement {
	s := &statement{}
	s.text("SELECT w.client_id, w.mid, w.clean, w.hlc FROM rockpool.tx w WHERE w.xid = (SELECT xmin::text::bigint FROM ", tableName(t)).
		whereKey(t, key)
	s.args = append(s.args, rowSum(t.ID, key))
	return s.text(") ORDER BY $", strconv.Itoa(len(s.args)), " = ANY(w.rows) DESC NULLS LAST, w.mid DESC LIMIT 1")
}

// insertRow writes the columns that the operation gives; the source fills the
// rest. An identity column that is given needs OVERRIDING SYSTEM VALUE.
func insertRow(t *schema.Table, cols []uint32, row value.Row) *statement {
	s := &statement{}
	s.text("INSERT INTO ", tableName(t), " (")
	overriding := ""
	for i, c := range cols {
		if i > 0 {
			s.text(", ")
		}
		s.text(name(t.Columns[c].Name))
		if t.Columns[c].Identity {
			overriding = " OVERRIDING SYSTEM VALUE"
		}
	}
	s.text(")", overriding, " VALUES (")
	for i, c := range cols {
		if i > 0 {
			s.text(", ")
		}
		s.bind(&t.Columns[c], row[c])
	}
	return s.text(")")
}

func updateRow(t *schema.Table, key value.Row, cols []uint32, row value.Row) *statement {
	s := &statement{}
	s.text("UPDATE ", tableName(t), " SET ")
	for i, c := range cols {
		if i > 0 {
			s.text(", ")
		}
		s.text(name(t.Columns[c].Name), " = ").bind(&t.Columns[c], row[c])
	}
	return s.whereKey(t, key)
}

func deleteRow(t *schema.Table, key value.Row) *statement {
	s := &statement{}
	return s.text("DELETE FROM ", tableName(t)).whereKey(t, key)
}
