package relay

import (
	"rockpool.dev/changelog"
	"rockpool.dev/mutation"
)

// lost turns a conflict of another client's transaction into what is told to
// the client whose committed value it replaced (SYNC.md §7), seen from its
// side; false when it replaced none of that client's, or left a row that the
// client may not read.
func (r *Core) lost(c *conn, o *changelog.Origin, n int) (mutation.Conflict, bool) {
	x := &o.Outcome.Conflicts[n]
	if x.Writer != c.client.ID || o.Client == c.client.ID || o.Outcome.Status != mutation.Merged || !x.Overwrote() {
		return mutation.Conflict{}, false
	}
	mine := mutation.Conflict{Table: x.Table, Key: x.Key, Cols: x.Cols, Theirs: x.Mine, Chosen: x.Chosen, Rule: x.Rule}
	if x.Rule == mutation.RuleLWWMine {
		mine.Rule = mutation.RuleLWWTheirs
	}
	told := r.toldOne(c, mutation.Outcome{Conflicts: []mutation.Conflict{mine}}).Conflicts[0]
	if len(x.Mine) > 0 && len(told.Theirs) == 0 || len(x.Chosen) > 0 && len(told.Chosen) == 0 {
		return mutation.Conflict{}, false
	}
	own := r.toldOne(c, mutation.Outcome{Conflicts: []mutation.Conflict{{Table: x.Table, Theirs: x.Theirs}}}).Conflicts[0]
	told.Mine, told.WriterMid = own.Theirs, x.WriterMid
	return told, true
}
