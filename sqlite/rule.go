package sqlite

import (
	"strings"

	"rockpool.dev/fault"
)

// ruleOf reads which constraint SQLite's message is about, which it tells in
// text alone: "UNIQUE constraint failed: t.a, t.b", "… failed: index 'name'",
// "NOT NULL constraint failed: t.a", "CHECK constraint failed: name".
func ruleOf(code int, msg string) fault.Rule {
	r := fault.Rule{Code: code}
	_, about, ok := strings.Cut(msg, " constraint failed: ")
	if !ok {
		return r
	}
	if code == ConstraintCheck {
		r.Name = about
		return r
	}
	if name, ok := strings.CutPrefix(about, "index '"); ok {
		r.Name = strings.TrimSuffix(name, "'")
		return r
	}
	for _, one := range strings.Split(about, ", ") {
		table, column, _ := strings.Cut(one, ".")
		r.Table, r.Columns = table, append(r.Columns, column)
	}
	return r
}
