package builder

import (
	"errors"
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/query"
	"rockpool.dev/sqlite"
	"rockpool.dev/wire"
)

// Explain adds to an error about a name what was likely meant. Other errors
// come back as they are.
func (b *Builder) Explain(err error) error {
	hint, _ := b.suggest(err)
	if hint == "" {
		return err
	}
	var f *fault.Error
	if errors.As(err, &f) {
		f.Hint = hint
	}
	return err
}

// suggest reads SQLite's message and looks for the nearest name.
func (b *Builder) suggest(err error) (hint, name string) {
	var e *sqlite.Error
	if b.schema == nil || !errors.As(err, &e) {
		return "", ""
	}
	var names []string
	switch fault.KindOf(err) {
	case fault.UnknownTable:
		for i := range b.schema.Tables {
			names = append(names, b.schema.Tables[i].Name)
		}
		name = query.Suggest(after(e.Message, "no such table: "), names)
	case fault.UnknownColumn:
		wanted := after(e.Message, "no such column: ")
		if i := strings.Index(e.Message, " has no column named "); i >= 0 {
			wanted = e.Message[i+len(" has no column named "):]
		}
		wanted, _, _ = strings.Cut(strings.Trim(wanted, `"`), " - ")
		wanted = strings.Trim(wanted, `"`)
		for i := range b.schema.Tables {
			for j := range b.schema.Tables[i].Columns {
				names = append(names, b.schema.Tables[i].Columns[j].Name)
			}
		}
		name = query.Suggest(wanted[strings.LastIndexByte(wanted, '.')+1:], names)
	}
	if name == "" {
		return "", ""
	}
	return "did you mean " + name + "?", name
}

func after(s, prefix string) string {
	_, rest, _ := strings.Cut(s, prefix)
	return rest[strings.LastIndexByte(rest, '.')+1:]
}

// Validate says what is wrong with a query, and how SQLite would run it. It
// compiles and never runs.
func (b *Builder) Validate(c *sqlite.Conn, v *wire.Validate) (*wire.Validated, error) {
	out := &wire.Validated{SQL: v.SQL}
	if v.Select != nil {
		if err := b.readLocals(c); err != nil {
			return nil, err
		}
		for _, p := range query.Validate(v.Select, b.schema, func(name string) bool { return b.locals[strings.ToLower(name)] }) {
			out.Problems = append(out.Problems, wire.Problem{
				Kind: uint16(p.Kind), Msg: p.Where + ": " + p.Msg, Hint: p.Hint, Offset: -1, Suggestion: p.Suggestion,
			})
		}
		if len(out.Problems) > 0 {
			return out, nil
		}
		s, err := b.Select(v.Select)
		if err != nil {
			out.Problems = append(out.Problems, b.problem(err))
			return out, nil
		}
		out.SQL = s.SQL
	}
	s, err := c.Cached(out.SQL)
	if err != nil {
		out.Problems = append(out.Problems, b.problem(err))
		return out, nil
	}
	out.ReadOnly, out.Params = s.ReadOnly(), uint32(s.Params())
	if s.IsExplain() {
		return out, nil
	}
	out.Plan, err = queryPlan(c, out.SQL)
	return out, err
}

func (b *Builder) problem(err error) wire.Problem {
	hint, name := b.suggest(err)
	if h := fault.HintOf(err); hint == "" {
		hint = h
	}
	return wire.Problem{
		Kind: uint16(fault.KindOf(err)), Msg: err.Error(), Hint: hint, Offset: int32(fault.OffsetOf(err)), Suggestion: name,
	}
}

// queryPlan returns the lines of EXPLAIN QUERY PLAN, indented by their depth.
func queryPlan(c *sqlite.Conn, sql string) ([]string, error) {
	s, err := c.Prepare("EXPLAIN QUERY PLAN " + sql)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := s.Start(make([]byte, s.Params())); err != nil {
		return nil, err
	}
	var k sqlite.Chunk
	var lines []string
	depth := map[int64]int{}
	for done := false; !done; {
		if done, err = s.Fetch(&k, ChunkRowsMax, ChunkBytesMax); err != nil {
			return nil, err
		}
		for _, row := range k.Decode() {
			d := depth[row[1].Int()]
			depth[row[0].Int()] = d + 1
			lines = append(lines, strings.Repeat("  ", d)+row[3].Str())
		}
	}
	return lines, nil
}

// readLocals reads the names of tables and views beside the schema.
func (b *Builder) readLocals(c *sqlite.Conn) error {
	if b.locals != nil {
		return nil
	}
	s, err := c.Cached("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
	if err != nil {
		return err
	}
	rows, err := s.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	b.locals = map[string]bool{}
	for rows.Next() {
		b.locals[strings.ToLower(rows.Value(0).Str())] = true
	}
	return rows.Err()
}
