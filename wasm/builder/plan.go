package builder

import (
	"slices"
	"strconv"
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/wire"
)

// Plan is what is known of a statement before it runs.
type Plan struct {
	SQL      string
	ReadOnly bool
	Params   int
	// Head is the encoded wire.Head of its result.
	Head []byte
	// Reads and Writes name the tables it touches, views and triggers looked
	// through; All says that they cannot be told, as with virtual tables. Of a
	// statement that only reads they are known after Touched.
	Reads, Writes []string
	All           bool
	// Columns are those of each table in Reads that the answer depends on.
	Columns map[string]Columns
	// DDL says that it changes the schema of the database.
	DDL     bool
	vacuum  bool
	touched bool
}

// Plan compiles a text on a connection and returns what is known of it. The
// statement stays in the connection's cache. nested are the columns of a built
// query that hold rows. Errors name what was likely meant.
func (b *Builder) Plan(c *sqlite.Conn, sql string, nested []sqlgen.Nested) (*Plan, error) {
	key := planKey(sql, nested)
	if p, ok := b.plans.get(key); ok {
		return p, nil
	}
	if len(sql) > SQLBytesMax {
		return nil, fault.New(fault.TooLarge, "compile statement", "the text is longer than SQLBytesMax, "+strconv.Itoa(SQLBytesMax)+" bytes").
			WithHint("bind values instead of writing them into the text")
	}
	s, err := c.Cached(sql)
	if err != nil {
		return nil, b.Explain(err)
	}
	p := &Plan{SQL: sql, ReadOnly: s.ReadOnly(), Params: s.Params(), Head: b.head(s, nested)}
	if !p.ReadOnly { // whoever only reads a result need not wait for it
		if err := b.touched(c, p, s.IsExplain()); err != nil {
			return nil, err
		}
	}
	if p.vacuum { // it cannot run in a transaction, and every write is in one
		return nil, fault.New(fault.Forbidden, "run statement", "VACUUM is not available").
			WithHint("db.export() gives the file, db.reset() starts anew")
	}
	b.plans.put(key, p)
	return p, nil
}

// Touched is Plan, and also finds which tables a statement reads that only reads.
func (b *Builder) Touched(c *sqlite.Conn, sql string, nested []sqlgen.Nested) (*Plan, error) {
	p, err := b.Plan(c, sql, nested)
	if err != nil || p.touched {
		return p, err
	}
	s, err := c.Cached(sql)
	if err == nil {
		err = b.touched(c, p, s.IsExplain())
	}
	return p, err
}

// Planned returns the plan of a text that Plan has seen, or nil.
func (b *Builder) Planned(sql string, nested []sqlgen.Nested) *Plan {
	p, _ := b.plans.get(planKey(sql, nested))
	return p
}

// planKey keeps a built query apart from the same text written by hand, whose
// rows are not taken apart.
func planKey(sql string, nested []sqlgen.Nested) string {
	if len(nested) == 0 {
		return sql
	}
	return sql + "\x00nested"
}

// head describes the columns of a statement, with the schema's types where
// they come from its tables.
func (b *Builder) head(s *sqlite.Stmt, nested []sqlgen.Nested) []byte {
	var h wire.Head
	for _, c := range s.Columns() {
		col := wire.HeadColumn{Name: c.Name, Decl: c.DeclType}
		if b.schema != nil {
			if t := b.schema.Table(c.Table); t != nil {
				if i := t.Index(c.Origin); i >= 0 {
					col.Type = t.Columns[i].Type
				}
			}
		}
		h.Columns = append(h.Columns, col)
	}
	nestHead(h.Columns, nested)
	return h.AppendTo(nil)
}

// nestHead gives the columns that hold rows their shape.
func nestHead(columns []wire.HeadColumn, nested []sqlgen.Nested) {
	for _, n := range nested {
		at := slices.IndexFunc(columns, func(c wire.HeadColumn) bool { return c.Name == n.As && c.Type == schema.TypeUnknown && c.Decl == "" })
		if at < 0 {
			continue
		}
		c := &columns[at]
		c.One = !n.Many
		for i, name := range n.Names {
			c.Rows = append(c.Rows, wire.HeadColumn{Name: name, Type: n.Types[i]})
		}
		nestHead(c.Rows, n.Nested)
	}
}

// touched reads the opcodes of a statement, https://www.sqlite.org/opcode.html:
// which root pages it opens, and so which tables.
func (b *Builder) touched(c *sqlite.Conn, p *Plan, explain bool) error {
	if explain || strings.HasPrefix(strings.ToUpper(strings.TrimSpace(p.SQL)), "PRAGMA") {
		p.All, p.touched = !p.ReadOnly, true
		return nil
	}
	roots, err := rootPages(c)
	if err != nil {
		return err
	}
	s, err := c.Prepare("EXPLAIN " + p.SQL)
	if err != nil {
		return b.Explain(err)
	}
	defer s.Close()
	args := make([]byte, s.Params()) // NULLs: EXPLAIN looks at no value
	if err := s.Start(args); err != nil {
		return err
	}
	var k sqlite.Chunk
	read := reads{}
	for done := false; !done; {
		if done, err = s.Fetch(&k, ChunkRowsMax, ChunkBytesMax); err != nil {
			return err
		}
		for _, row := range k.Decode() {
			p.opcode(row[1].Str(), row[2].Int(), row[3].Int(), row[4].Int(), roots)
			read.opcode(row[1].Str(), row[2].Int(), row[3].Int(), row[4].Int())
		}
	}
	if p.ReadOnly {
		if p.Columns, err = read.columns(c, roots); err != nil {
			return err
		}
	}
	slices.Sort(p.Reads)
	slices.Sort(p.Writes)
	p.Reads, p.Writes = slices.Compact(p.Reads), slices.Compact(p.Writes)
	p.touched = true
	return nil
}

// opcode notes what one instruction touches. p3 of an open is the database: 0
// is main, 1 the temporary one.
func (p *Plan) opcode(name string, p1, p2, p3 int64, roots map[int64]root) {
	at := func(page, db int64, list *[]string) {
		switch r := roots[page]; {
		case db == 1:
		case page == 1:
		case r.table == "":
			p.All = true
		default:
			*list = append(*list, r.table)
		}
	}
	switch name {
	case "Vacuum":
		p.vacuum = true
	case "OpenRead", "ReopenIdx":
		at(p2, p3, &p.Reads)
	case "OpenWrite":
		if p2 == 1 && p3 == 0 {
			p.DDL = true
		}
		at(p2, p3, &p.Writes)
	case "Clear":
		at(p1, p2, &p.Writes)
	case "VOpen":
		p.All = true
	case "VUpdate":
		p.All = true
	case "ParseSchema", "DropTable", "DropIndex", "DropTrigger", "CreateBtree", "VCreate", "VDestroy":
		p.DDL = true
	}
}

// root is what a root page holds: a table, or an index of it.
type root struct{ table, index, sql string }

// rootPages maps the root pages of tables and indexes to them.
func rootPages(c *sqlite.Conn) (map[int64]root, error) {
	s, err := c.Cached("SELECT rootpage, tbl_name, type, name, sql FROM sqlite_master WHERE rootpage > 0")
	if err != nil {
		return nil, err
	}
	rows, err := s.Query()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	roots := map[int64]root{}
	for rows.Next() {
		r := root{table: rows.Value(1).Str(), sql: rows.Value(4).Str()}
		if rows.Value(2).Str() == "index" {
			r.index = rows.Value(3).Str()
		}
		roots[rows.Value(0).Int()] = r
	}
	return roots, rows.Err()
}
