// Package mutation is what a client asks the source to do: operations on rows,
// made from captured changes, and how they meet what others wrote meanwhile
// (SYNC.md §6.1, §7). Both ends run this code; it touches no database.
package mutation

import (
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// Kind is what an operation does to its row.
type Kind uint8

// The kinds of operation. Delta columns travel inside an update.
const (
	Insert Kind = 1
	Update Kind = 2
	Delete Kind = 3
)

// Op is one operation on one row. Tables and columns go by the indexes of the
// schema version that the transaction names.
type Op struct {
	Table uint32 `wire:"1"`
	Kind  Kind   `wire:"2"`
	// Key is the primary key of the row as it was before the operation.
	Key value.Row `wire:"3"`
	// Cols lists the indexes of the columns that are written, ascending.
	// A delete has none.
	Cols []uint32 `wire:"4"`
	// Old holds the values before, one for each of Cols (update), the whole
	// row (delete), or nothing (insert).
	Old value.Row `wire:"5"`
	// New holds the values written, one for each of Cols (insert, update).
	New value.Row `wire:"6"`
	// Deltas lists the positions in Cols whose New is an amount to add.
	Deltas []uint32 `wire:"7"`
}

// Tx is one client transaction: all of it applies, or none.
type Tx struct {
	// Mid numbers the client's transactions from 1 without a gap.
	Mid uint64 `wire:"1"`
	// Seen is the client's cursor when it wrote: with Mid-1 it is the version
	// vector of all the writer had seen.
	Seen version.Pos `wire:"2"`
	HLC  version.HLC `wire:"3,big"`
	// Schema is the version that table IDs and column indexes belong to.
	Schema uint32 `wire:"4"`
	// Depends lists earlier mids whose rejection blocks this one.
	Depends []uint64 `wire:"5"`
	// Digest is the FNV-1a 64 of the encoded Ops: it tells a repeat from a reuse.
	Digest uint64 `wire:"6,big"`
	Ops    []Op   `wire:"7"`
	// Resolves names the parked mid that this transaction settles, or 0.
	Resolves uint64 `wire:"8"`
	// IdempotencyKey is the app's own key, or "".
	IdempotencyKey string `wire:"9"`
	// ID tells the transaction from any other that a copy of the database may
	// have made under the same mid. It is given once (Identify), and stays when
	// the operations are brought to another schema. 0 before protocol 4.
	ID uint64 `wire:"10,big"`
}

// Saw is the version vector of what the writer, a client of that ID, had seen:
// the source's log up to its cursor, where that is of this epoch, and all its own
// transactions before.
func (m *Tx) Saw(client string, epoch uint32) version.Vector {
	v := version.Vector{client: m.Mid - 1}
	if m.Seen.Epoch == epoch {
		v[version.ActorSource] = m.Seen.Seq
	}
	return v
}

// Status is how a transaction ended.
type Status uint8

// The statuses of SYNC.md §6.2.
const (
	Applied    Status = 1
	Merged     Status = 2
	Superseded Status = 3 // last-writer-wins lost, or the row is gone: nothing written
	Parked     Status = 4 // manual: a person decides
	Rejected   Status = 5 // constraint, policy, schema, too old
	Blocked    Status = 6 // something it depends on did not apply
)

// Outcome tells a client how one of its transactions ended. It travels inside
// the log record that carries the transaction's own effect.
type Outcome struct {
	Mid    uint64 `wire:"1"`
	Status Status `wire:"2"`
	// Kind is the fault.Kind of a rejection, or 0.
	Kind uint16 `wire:"3"`
	// Code is the source's own code (SQLSTATE), or "".
	Code   string `wire:"4"`
	Detail string `wire:"5"`
	// Conflicts lists the rows on which two writers met.
	Conflicts []Conflict `wire:"6"`
	// Skewed tells that the client's clock was clamped.
	Skewed bool `wire:"7"`
	// ID is that of the transaction that ended so, or 0 where it had none: under
	// one mid two copies of a database may have made different ones.
	ID uint64 `wire:"8,big"`
}

// Of reports whether o may be the outcome of a transaction of that ID: where
// one of the two is not known, it may.
func (o *Outcome) Of(id uint64) bool { return o.ID == 0 || id == 0 || o.ID == id }

// Answers reports whether o is the outcome of m, where digest is of what it is
// the outcome of. IDs decide where both are known: an outbox that was brought to
// another schema has other operations.
func (o *Outcome) Answers(m *Tx, digest uint64) bool {
	if o.ID != 0 && m.ID != 0 {
		return o.ID == m.ID
	}
	return digest == m.Digest
}

// Conflict is one row on which a transaction met another writer's change.
type Conflict struct {
	Table uint32    `wire:"1"`
	Key   value.Row `wire:"2"`
	// Cols lists the columns on which two different values met; empty when a
	// delete met an update or an insert met an insert.
	Cols []uint32 `wire:"3"`
	// Base, Mine and Theirs are whole rows where known, or empty: what the
	// writer started from, what it wanted, what stood there.
	Base   value.Row `wire:"4"`
	Mine   value.Row `wire:"5"`
	Theirs value.Row `wire:"6"`
	// Chosen is the row that stands now, or empty when it is gone or open.
	Chosen value.Row `wire:"7"`
	Rule   Rule      `wire:"8"`
	// Writer is the client whose committed write stood there, and WriterMid its
	// transaction; "" for the source's own. Relays keep them to themselves: who
	// was overwritten is told.
	Writer    string `wire:"9"`
	WriterMid uint64 `wire:"10"`
}

// Overwrote reports whether a transaction that was written with this conflict
// replaced a value that had been committed. What holds both values has not.
func (c *Conflict) Overwrote() bool {
	if len(c.Theirs) == 0 || c.Rule.joins() {
		return false
	}
	if len(c.Chosen) == 0 {
		return c.Rule == RuleLWWMine // a delete that won
	}
	for _, col := range c.Cols {
		if int(col) < len(c.Theirs) && int(col) < len(c.Chosen) && !c.Chosen[col].Equal(c.Theirs[col]) {
			return true
		}
	}
	return false
}

// Rule is which rule settled a conflict.
type Rule uint8

// The rules a Conflict may name.
const (
	RuleMerged    Rule = 1 // different columns: both kept
	RuleLWWMine   Rule = 2 // the later clock was mine
	RuleLWWTheirs Rule = 3 // the later clock was theirs
	RuleMax       Rule = 4
	RuleMin       Rule = 5
	RuleUnion     Rule = 6
	RuleGone      Rule = 7  // the row had been deleted
	RuleSurvives  Rule = 8  // my delete met an update: the row stays
	RuleManual    Rule = 9  // open: a person decides
	RuleExists    Rule = 10 // my insert met a row with that key
	RuleText      Rule = 11 // both texts, by lines and words
	RuleJSON      Rule = 12 // both values, by key
	RuleSet       Rule = 13 // both sets
)

// joins reports whether the value that stands holds what both wrote.
func (r Rule) joins() bool { return r == RuleText || r == RuleJSON || r == RuleSet }
