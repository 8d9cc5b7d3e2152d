// Package schema describes tables, columns, keys and relations, the Postgres
// types Rockpool knows, and the one stored form of each type's values
// (SYNC.md §2, Values). It owns no rows and no SQL beyond DDL.
package schema

// Schema is every published table at one version. Versions grow by one with
// each change of the source; a build of an app declares a subset.
type Schema struct {
	Version uint32  `wire:"1"`
	Tables  []Table `wire:"2"`
}

// Table is one table. Column order is the order of values in every Row.
type Table struct {
	// ID is stable for the life of the table and small: capture records and
	// tail blocks carry it instead of the name. It is 1 or more.
	ID      uint32   `wire:"1"`
	Name    string   `wire:"2"`
	Columns []Column `wire:"3"`
	// Key holds the indexes in Columns of the primary key, in key order.
	Key []uint32 `wire:"4"`
	// Unique holds further unique constraints.
	Unique []Unique `wire:"5"`
	// Foreign holds foreign keys; clients check them early, the source decides.
	Foreign []ForeignKey `wire:"6"`
	// Checks are SQL predicates over the row that both dialects understand.
	Checks []Check `wire:"7"`
	// Strategy is what happens when two writers met (SYNC.md §7).
	Strategy Strategy `wire:"8"`
	// LocalOnly tables exist on one device and are never sent.
	LocalOnly bool `wire:"9"`
}

// Column is one column.
type Column struct {
	Name string `wire:"1"`
	Type Type   `wire:"2"`
	// NotNull refuses NULL.
	NotNull bool `wire:"3"`
	// Default is the SQL text of the default, or "". It is evaluated by the
	// source; clients evaluate constants and now() only.
	Default string `wire:"4"`
	// Generated columns are computed by the source and never written.
	Generated bool `wire:"5"`
	// Identity columns are assigned by the source when a writer gives none.
	Identity bool `wire:"6"`
	// Scale is the number of fractional digits of a Decimal, or 0 with HasScale false.
	Scale    uint32 `wire:"7"`
	HasScale bool   `wire:"8"`
	// Strategy overrides the table's; StrategyInherit does not.
	Strategy Strategy `wire:"9"`
	// SourceType is the type's name in Postgres, for casts: "int4", "text[]".
	SourceType string `wire:"10"`
	// Enum lists the labels of an enum type.
	Enum []string `wire:"11"`
}

// Unique is a unique constraint: its name and the indexes of its columns.
type Unique struct {
	Name    string   `wire:"1"`
	Columns []uint32 `wire:"2"`
}

// ForeignKey refers to another table's columns by name.
type ForeignKey struct {
	Name       string   `wire:"1"`
	Columns    []string `wire:"2"`
	Table      string   `wire:"3"`
	References []string `wire:"4"`
	// OnDelete is "", "cascade", "set null", "restrict" or "no action".
	OnDelete string `wire:"5"`
}

// Check is a named predicate over the row.
type Check struct {
	Name string `wire:"1"`
	Expr string `wire:"2"`
}

// Type is a logical column type. Numbers are stable.
type Type uint8

// The types, with their stored form. See canonical.go.
const (
	TypeUnknown     Type = 0 // Postgres text
	TypeInt         Type = 1 // int2, int4, int8: integer
	TypeBool        Type = 2 // 0 or 1
	TypeFloat       Type = 3 // real; NaN and infinities are text
	TypeText        Type = 4
	TypeDecimal     Type = 5 // decimal text under COLLATE rockpool_decimal
	TypeTimestampTZ Type = 6 // YYYY-MM-DDTHH:MM:SS.ffffff+00:00
	TypeTimestamp   Type = 7 // YYYY-MM-DDTHH:MM:SS.ffffff
	TypeDate        Type = 8 // YYYY-MM-DD
	TypeTime        Type = 9
	TypeUUID        Type = 10 // lower-case text
	TypeJSON        Type = 11 // text as written
	TypeJSONB       Type = 12 // text as Postgres prints it
	TypeBytes       Type = 13 // blob
	TypeEnum        Type = 14
	TypeInterval    Type = 15 // Postgres text
	TypeArray       Type = 16 // Postgres text
)

// Strategy is how concurrent writes to one row or column are settled.
type Strategy uint8

// The strategies of SYNC.md §7.
const (
	StrategyInherit Strategy = 0  // a column: the table's; a table: Merge
	StrategyMerge   Strategy = 1  // three-way, per column
	StrategyLWW     Strategy = 2  // higher hybrid logical clock wins the row operation
	StrategyManual  Strategy = 3  // nothing is applied; a person decides
	StrategyDelta   Strategy = 4  // column only: col = col + d, never conflicts
	StrategyMax     Strategy = 5  // column only: the larger value
	StrategyMin     Strategy = 6  // column only: the smaller value
	StrategyUnion   Strategy = 7  // column only: sets that only grow
	StrategyText    Strategy = 8  // column only: three-way by lines and words
	StrategyJSON    Strategy = 9  // column only: three-way by key
	StrategySet     Strategy = 10 // column only: three-way by element
)

// Table returns the table of that name, or nil.
func (s *Schema) Table(name string) *Table {
	for i := range s.Tables {
		if s.Tables[i].Name == name {
			return &s.Tables[i]
		}
	}
	return nil
}

// ByID returns the table with that ID, or nil.
func (s *Schema) ByID(id uint32) *Table {
	for i := range s.Tables {
		if s.Tables[i].ID == id {
			return &s.Tables[i]
		}
	}
	return nil
}

// Index returns the index of the column of that name, or -1.
func (t *Table) Index(name string) int {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// StrategyOf returns the effective strategy of column i.
func (t *Table) StrategyOf(i int) Strategy {
	if s := t.Columns[i].Strategy; s != StrategyInherit {
		return s
	}
	return t.RowStrategy()
}

// RowStrategy returns the effective strategy of the table.
func (t *Table) RowStrategy() Strategy {
	if t.Strategy == StrategyInherit {
		return StrategyMerge
	}
	return t.Strategy
}
