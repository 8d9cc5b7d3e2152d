package fault

// Rule is a constraint of a table. What nobody told is "" or nil.
type Rule struct {
	// Code is SQLite's extended result code of a broken constraint of this kind
	// (https://www.sqlite.org/rescode.html).
	Code int
	// Table is the one whose Columns those are. Of a foreign key, Columns are
	// those that refer, and Table is the one at the other end of the row that
	// was written: what they refer to or, under SQLITE_CONSTRAINT_TRIGGER (as of
	// SQLite's own RESTRICT), what refers to the row that was to go.
	Table   string
	Columns []string
	// Name is the constraint's; of a unique index on expressions, the index's.
	Name string
}
