package store

import (
	"slices"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// check tells a user at once what the source would refuse: a missing value, a
// CHECK that fails, a reference to nothing. It is early feedback only, as the
// client's tables are a partial copy: what it cannot know it lets pass.
func (db *DB) check(ops []mutation.Op) error {
	for i := range ops {
		op := &ops[i]
		x, err := db.table("check write", op.Table)
		if err != nil {
			return err
		}
		if op.Kind == mutation.Delete {
			if err := db.checkChildren(x, op); err != nil {
				return err
			}
			continue
		}
		if err := checkNotNull(x, op); err != nil {
			return err
		}
		if err := db.checkExpr(x, op); err != nil {
			return err
		}
		if err := db.checkParents(x, op); err != nil {
			return err
		}
	}
	return nil
}

// checkNotNull refuses NULL where the column forbids it and the source would
// not fill it in.
func checkNotNull(x *table, op *mutation.Op) error {
	for i := range x.Columns {
		col := &x.Columns[i]
		if !col.NotNull || col.Generated {
			continue
		}
		at := slices.Index(op.Cols, uint32(i))
		switch {
		case at >= 0 && !op.New[at].IsNull():
			continue
		case at < 0 && (op.Kind == mutation.Update || col.Default != "" || col.Identity):
			continue
		}
		return fault.New(fault.Constraint, "write table "+x.Name, "column "+col.Name+" must not be NULL").
			WithHint("give " + col.Name + " a value").
			Breaks(fault.Rule{Code: sqlite.ConstraintNotNull, Table: x.Name, Columns: []string{col.Name}})
	}
	return nil
}

// checkExpr evaluates the table's CHECKs on the row as it is now.
func (db *DB) checkExpr(x *table, op *mutation.Op) error {
	for i := range x.Checks {
		c := &x.Checks[i]
		if db.unchecked[c.Expr] {
			continue
		}
		// A CHECK that is NULL holds, in SQLite and in Postgres.
		_, broken, err := db.one("SELECT 1 FROM "+x.name+" WHERE "+x.match+" AND NOT ("+c.Expr+")", op.Key...)
		if err != nil {
			if fault.KindOf(err) == fault.InvalidSQL || fault.KindOf(err) == fault.UnknownColumn {
				db.unchecked[c.Expr] = true // Postgres's own functions: the source decides
				continue
			}
			return err
		}
		if broken {
			return fault.New(fault.Constraint, "write table "+x.Name, "the check "+c.Name+" fails: "+c.Expr).
				Breaks(fault.Rule{Code: sqlite.ConstraintCheck, Table: x.Name, Name: c.Name})
		}
	}
	return nil
}

// checkParents looks for the rows that op refers to, where all of the other
// table is here.
func (db *DB) checkParents(x *table, op *mutation.Op) error {
	for i := range x.Foreign {
		parent, key := db.parent(x, i, op)
		if parent == nil || key == nil || !db.isComplete(parent) {
			continue
		}
		row, err := db.visible(parent, key)
		if err != nil {
			return err
		}
		if row == nil {
			return fault.New(fault.Constraint, "write table "+x.Name,
				"foreign key "+x.Foreign[i].Name+": there is no such row in "+parent.Name).
				Breaks(fault.Rule{Code: sqlite.ConstraintForeignKey, Table: parent.Name, Columns: x.Foreign[i].Columns, Name: x.Foreign[i].Name})
		}
	}
	return nil
}

// checkChildren refuses a delete that would leave references behind which the
// source neither deletes nor clears.
func (db *DB) checkChildren(x *table, op *mutation.Op) error {
	for i := range db.schema.Tables {
		child := db.tables[db.schema.Tables[i].ID]
		for j := range child.Foreign {
			f := &child.Foreign[j]
			if f.Table != x.Name || f.OnDelete == "cascade" || f.OnDelete == "set null" || f.OnDelete == "set default" {
				continue
			}
			names, args := childMatch(x, f, op)
			if names == nil {
				continue
			}
			_, found, err := db.one("SELECT 1 FROM "+child.name+" WHERE "+conditions(names)+" LIMIT 1", args...)
			if err != nil {
				return err
			}
			if found {
				return fault.New(fault.Constraint, "delete from "+x.Name,
					"foreign key "+f.Name+": rows of "+child.Name+" refer to it").
					WithHint("delete those rows first").
					Breaks(fault.Rule{Code: sqlite.ConstraintTrigger, Table: child.Name, Columns: f.Columns, Name: f.Name})
			}
		}
	}
	return nil
}

// childMatch returns the child's quoted columns and the values of the deleted
// row that they would refer to.
func childMatch(x *table, f *schema.ForeignKey, op *mutation.Op) ([]string, value.Row) {
	var names []string
	var args value.Row
	for k, ref := range f.References {
		col := x.Index(ref)
		if col < 0 || k >= len(f.Columns) || col >= len(op.Old) || op.Old[col].IsNull() {
			return nil, nil
		}
		names = append(names, schema.Quote(f.Columns[k]))
		args = append(args, op.Old[col])
	}
	return names, args
}

// isComplete reports whether all of a table is here: its own shape, at the cursor.
func (db *DB) isComplete(x *table) bool {
	return x.LocalOnly || slices.ContainsFunc(db.shapes, func(s *Shape) bool {
		return s.Table == x.ID && s.Name == x.Name && len(s.Args) == 0 && s.State == ShapeReady
	})
}
