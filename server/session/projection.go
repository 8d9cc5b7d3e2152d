package session

import (
	"slices"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// Projection is between the relay's columns and those that a client's build
// declares. The zero Projection is all of them.
type Projection struct {
	full *schema.Schema
	held *schema.Schema
	// columns are the declared ones of each table that has more, ascending.
	columns map[uint32][]uint32
}

// Project checks what a build declares against the relay's schema: a subset,
// with every key column, of the same types. fault.SchemaMismatch if not.
func Project(full, declared *schema.Schema) (Projection, error) {
	p := Projection{full: full, held: full, columns: map[uint32][]uint32{}}
	if declared == nil {
		return p, nil
	}
	held := &schema.Schema{Version: full.Version}
	for i := range full.Tables {
		t := &full.Tables[i]
		d := declared.Table(t.Name)
		if d == nil || d.LocalOnly {
			continue
		}
		cols, err := declaredColumns(t, d)
		if err != nil {
			return p, err
		}
		if len(cols) == len(t.Columns) {
			held.Tables = append(held.Tables, *t)
			continue
		}
		p.columns[t.ID] = cols
		held.Tables = append(held.Tables, narrowed(t, cols))
	}
	for i := range declared.Tables {
		if d := &declared.Tables[i]; !d.LocalOnly && full.Table(d.Name) == nil {
			return p, mismatch("the relay has no table " + d.Name)
		}
	}
	p.held = held
	return p, nil
}

func mismatch(msg string) error {
	return fault.New(fault.SchemaMismatch, "compare schemas", msg).
		WithHint("run rockpool generate and build the app again, or update the relay")
}

func declaredColumns(t, d *schema.Table) ([]uint32, error) {
	var cols []uint32
	for i := range d.Columns {
		c := &d.Columns[i]
		at := t.Index(c.Name)
		if at < 0 {
			return nil, mismatch("table " + t.Name + " of the relay has no column " + c.Name)
		}
		if t.Columns[at].Type != c.Type {
			return nil, mismatch("column " + t.Name + "." + c.Name + " is " + t.Columns[at].Type.String() + " on the relay and " + c.Type.String() + " in this build")
		}
		cols = append(cols, uint32(at))
	}
	slices.Sort(cols)
	for _, k := range t.Key {
		if !slices.Contains(cols, k) {
			return nil, mismatch("this build leaves out the key column " + t.Name + "." + t.Columns[k].Name)
		}
	}
	return cols, nil
}

// narrowed is a table with some of its columns. Constraints over others go.
func narrowed(t *schema.Table, cols []uint32) schema.Table {
	n := *t
	n.Columns, n.Key, n.Unique, n.Foreign, n.Checks = nil, nil, nil, nil, nil
	for _, c := range cols {
		n.Columns = append(n.Columns, t.Columns[c])
	}
	for _, k := range t.Key {
		n.Key = append(n.Key, uint32(slices.Index(cols, k)))
	}
	for _, u := range t.Unique {
		moved := schema.Unique{Name: u.Name}
		for _, c := range u.Columns {
			if at := slices.Index(cols, c); at >= 0 {
				moved.Columns = append(moved.Columns, uint32(at))
			}
		}
		if len(moved.Columns) == len(u.Columns) {
			n.Unique = append(n.Unique, moved)
		}
	}
	for _, f := range t.Foreign {
		if !slices.ContainsFunc(f.Columns, func(c string) bool { return n.Index(c) < 0 }) {
			n.Foreign = append(n.Foreign, f)
		}
	}
	return n
}

// Held is the schema that the client shall hold.
func (p *Projection) Held() *schema.Schema { return p.held }

// Columns are a table's declared columns, or nil for all.
func (p *Projection) Columns(table uint32) []uint32 { return p.columns[table] }

// In brings a client's transaction to the relay's columns. Indexes that the
// client's schema does not have are fault.SchemaMismatch.
func (p *Projection) In(m *mutation.Tx) error {
	for i := range m.Ops {
		op := &m.Ops[i]
		cols := p.columns[op.Table]
		if cols == nil {
			continue
		}
		for n, c := range op.Cols {
			if int(c) >= len(cols) {
				return mismatch("an operation names a column that its schema does not have")
			}
			op.Cols[n] = cols[c]
		}
		if op.Kind == mutation.Delete {
			op.Old = p.widen(op.Table, op.Old)
		}
	}
	return nil
}

func (p *Projection) widen(table uint32, row value.Row) value.Row {
	cols := p.columns[table]
	if len(row) != len(cols) {
		return nil
	}
	out := make(value.Row, len(p.full.ByID(table).Columns))
	for i, c := range cols {
		out[c] = row[i]
	}
	return out
}

// Out brings an outcome's rows to the client's columns. The outcome is copied.
func (p *Projection) Out(o mutation.Outcome) mutation.Outcome {
	if len(o.Conflicts) == 0 {
		return o
	}
	conflicts := slices.Clone(o.Conflicts)
	for i := range conflicts {
		c := &conflicts[i]
		cols := p.columns[c.Table]
		if cols == nil {
			continue
		}
		c.Base, c.Mine, c.Theirs, c.Chosen = narrow(c.Base, cols), narrow(c.Mine, cols), narrow(c.Theirs, cols), narrow(c.Chosen, cols)
		var moved []uint32
		for _, col := range c.Cols {
			if at := slices.Index(cols, col); at >= 0 {
				moved = append(moved, uint32(at))
			}
		}
		c.Cols = moved
	}
	o.Conflicts = conflicts
	return o
}

func narrow(row value.Row, cols []uint32) value.Row {
	if len(row) == 0 {
		return row
	}
	out := make(value.Row, 0, len(cols))
	for _, c := range cols {
		if int(c) < len(row) {
			out = append(out, row[c])
		}
	}
	return out
}
