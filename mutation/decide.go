package mutation

import (
	"slices"

	"rockpool.dev/schema"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// Meeting is who met on a row.
type Meeting struct {
	// Conflict says that somebody else wrote the row since the writer's cursor.
	Conflict bool
	// The clocks and clients of the two writers. They matter to
	// last-writer-wins only.
	MineHLC, TheirsHLC       version.HLC
	MineClient, TheirsClient string
	// TheirsMid is the transaction of the client that wrote the row last, or 0.
	TheirsMid uint64
}

// mineIsLater compares the writers' clocks; the client's name breaks a tie.
func (m Meeting) mineIsLater() bool {
	if m.MineHLC != m.TheirsHLC {
		return m.MineHLC > m.TheirsHLC
	}
	return m.MineClient > m.TheirsClient
}

// Decision is what becomes of one operation.
type Decision struct {
	// Write is the whole row that shall stand, or nil. Delete removes it.
	// Neither: the row stays as it is.
	Write    value.Row
	Delete   bool
	Status   Status
	Conflict *Conflict
}

// Decide applies the strategies of SYNC.md §7 to one operation that meets cur,
// the row as it stands; nil when there is none. It changes neither. An
// operation that does not fit the table (Tx.Check says why), and an amount
// whose sum leaves 64 bits, is Rejected.
func Decide(t *schema.Table, op Op, cur value.Row, m Meeting) Decision {
	if !op.fits(t) || cur != nil && len(cur) != len(t.Columns) {
		return Decision{Status: Rejected}
	}
	for _, n := range op.Deltas {
		if cur != nil && overflows(cur[op.Cols[n]], op.New[n]) {
			return Decision{Status: Rejected}
		}
	}
	d := decision{t: t, op: &op, cur: cur, m: m}
	switch op.Kind {
	case Insert:
		if cur == nil {
			return d.write(Fold(t, nil, []Op{op}), Applied)
		}
		return d.insertOver()
	case Delete:
		switch {
		case cur == nil:
			return Decision{Status: Applied}
		case !m.Conflict:
			return Decision{Delete: true, Status: Applied}
		}
		return d.deleteOver()
	default:
		switch {
		case cur == nil:
			return d.updateGone()
		case !m.Conflict:
			return d.write(Fold(t, cur, []Op{op}), Applied)
		}
		return d.updateOver()
	}
}

// StatusOf is the status of a transaction from those of its operations.
func StatusOf(statuses []Status) Status {
	counts := map[Status]int{}
	for _, s := range statuses {
		counts[s]++
	}
	for _, s := range []Status{Rejected, Blocked, Parked} {
		if counts[s] > 0 {
			return s
		}
	}
	switch {
	case counts[Applied] == len(statuses):
		return Applied
	case counts[Superseded] == len(statuses):
		return Superseded
	default:
		return Merged
	}
}

type decision struct {
	t   *schema.Table
	op  *Op
	cur value.Row
	m   Meeting
}

func (d *decision) write(row value.Row, s Status) Decision { return Decision{Write: row, Status: s} }

// conflict describes the meeting: cols are where two values met.
func (d *decision) conflict(rule Rule, cols []uint32, chosen value.Row) *Conflict {
	c := &Conflict{Table: d.op.Table, Key: d.op.Key, Cols: cols, Theirs: d.cur, Chosen: chosen, Rule: rule, Writer: d.m.TheirsClient, WriterMid: d.m.TheirsMid}
	switch {
	case d.op.Kind == Delete:
		c.Base = d.op.Old
	case d.cur != nil:
		c.Mine = Fold(d.t, d.cur, []Op{{Kind: Update, Cols: d.op.Cols, New: d.op.New, Deltas: d.op.Deltas}})
		if d.op.Kind == Update {
			c.Base = slices.Clone(d.cur)
			for n, col := range d.op.Cols {
				if !d.op.isDelta(n) {
					c.Base[col] = d.op.Old[n]
				}
			}
		}
	case d.op.Kind == Insert:
		c.Mine = Fold(d.t, nil, []Op{*d.op})
	}
	return c
}

func (d *decision) parked(cols []uint32) Decision {
	return Decision{Status: Parked, Conflict: d.conflict(RuleManual, cols, nil)}
}

// updateGone: an update never makes a deleted row again.
func (d *decision) updateGone() Decision {
	if d.t.RowStrategy() == schema.StrategyManual {
		return d.parked(nil)
	}
	return Decision{Status: Superseded, Conflict: d.conflict(RuleGone, nil, nil)}
}

// deleteOver: my delete met their update.
func (d *decision) deleteOver() Decision {
	switch d.t.RowStrategy() {
	case schema.StrategyManual:
		return d.parked(nil)
	case schema.StrategyLWW:
		if d.m.mineIsLater() {
			return Decision{Delete: true, Status: Merged, Conflict: d.conflict(RuleLWWMine, nil, nil)}
		}
		return Decision{Status: Superseded, Conflict: d.conflict(RuleLWWTheirs, nil, d.cur)}
	default:
		return Decision{Status: Superseded, Conflict: d.conflict(RuleSurvives, nil, d.cur)}
	}
}

// insertOver: my insert met a row with that key. Equal content is the same
// row; anything else is an update by one who had seen nothing.
func (d *decision) insertOver() Decision {
	var cols []uint32
	for n, col := range d.op.Cols {
		if !d.op.New[n].Equal(d.cur[col]) {
			cols = append(cols, col)
		}
	}
	if len(cols) == 0 {
		return Decision{Status: Applied}
	}
	switch d.t.RowStrategy() {
	case schema.StrategyManual:
		return d.parked(cols)
	case schema.StrategyLWW:
		return d.lastWriter(cols, RuleExists)
	default:
		return d.merge(cols, RuleExists)
	}
}

// updateOver: my update met their write.
func (d *decision) updateOver() Decision {
	var met []uint32 // columns where two values met
	plain := 0       // columns that are not amounts
	different := false
	for n, col := range d.op.Cols {
		if d.op.isDelta(n) {
			continue
		}
		plain++
		if !d.cur[col].Equal(d.op.New[n]) {
			different = true
			if !d.cur[col].Equal(d.op.Old[n]) {
				met = append(met, col)
			}
		}
	}
	mine := Fold(d.t, d.cur, []Op{*d.op})
	switch {
	case plain == 0 || !different: // amounts never conflict; equal values are no conflict
		return d.write(mine, Applied)
	case d.t.RowStrategy() == schema.StrategyManual:
		return d.parked(met)
	case d.t.RowStrategy() == schema.StrategyLWW && (len(met) > 0 || !d.m.mineIsLater()):
		return d.lastWriter(met, 0)
	case len(met) == 0:
		return Decision{Write: mine, Status: Merged, Conflict: d.conflict(RuleMerged, nil, mine)}
	default:
		return d.merge(met, 0)
	}
}

// lastWriter lets the later clock have the whole operation.
func (d *decision) lastWriter(met []uint32, rule Rule) Decision {
	if !d.m.mineIsLater() {
		return Decision{Status: Superseded, Conflict: d.conflict(cmpRule(rule, RuleLWWTheirs), met, d.cur)}
	}
	row := Fold(d.t, d.cur, []Op{{Kind: Update, Cols: d.op.Cols, New: d.op.New, Deltas: d.op.Deltas}})
	return Decision{Write: row, Status: Merged, Conflict: d.conflict(cmpRule(rule, RuleLWWMine), met, row)}
}

// cmpRule keeps a rule that says more than the default.
func cmpRule(rule, otherwise Rule) Rule {
	if rule != 0 {
		return rule
	}
	return otherwise
}

// merge settles each met column by its own rule; the other columns of the
// operation are written.
func (d *decision) merge(met []uint32, rule Rule) Decision {
	row := Fold(d.t, d.cur, []Op{{Kind: Update, Cols: d.op.Cols, New: d.op.New, Deltas: d.op.Deltas}})
	wrote := len(d.op.Cols) > len(met)
	for _, col := range met {
		theirs, mine := d.cur[col], row[col]
		strategy := d.t.StrategyOf(int(col))
		if d.t.Columns[col].Strategy == schema.StrategyInherit {
			strategy = schema.StrategyLWW
		}
		won, by := settle(&d.t.Columns[col], strategy, d.op.was(col), mine, theirs, d.m)
		if by == RuleManual {
			return d.parked(met)
		}
		row[col] = won
		if rule.joins() && !by.joins() { // one value was lost
			rule = by
		}
		rule = cmpRule(rule, by)
		wrote = wrote || !won.Equal(theirs)
	}
	status := Merged
	if !wrote {
		return Decision{Status: Superseded, Conflict: d.conflict(rule, met, d.cur)}
	}
	return Decision{Write: row, Status: status, Conflict: d.conflict(rule, met, row)}
}

// was is the value of a column that the operation's writer started from; NULL
// for an insert.
func (op *Op) was(col uint32) value.Value {
	if n := slices.Index(op.Cols, col); n >= 0 && n < len(op.Old) {
		return op.Old[n]
	}
	return value.Null
}

// settle is the rule of one column on which two values met, that came from was.
func settle(c *schema.Column, s schema.Strategy, was, mine, theirs value.Value, m Meeting) (value.Value, Rule) {
	switch s {
	case schema.StrategyText, schema.StrategyJSON, schema.StrategySet:
		if v, ok := threeWay(c, s, was, mine, theirs); ok {
			return v, RuleText + Rule(s-schema.StrategyText)
		}
		return theirs, RuleManual
	case schema.StrategyManual:
		return theirs, RuleManual
	case schema.StrategyMax, schema.StrategyMin:
		rule, wantLess := RuleMax, false
		if s == schema.StrategyMin {
			rule, wantLess = RuleMin, true
		}
		if less := compare(c, mine, theirs) < 0; less == wantLess {
			return mine, rule
		}
		return theirs, rule
	case schema.StrategyUnion:
		if v, ok := union(theirs, mine); ok {
			return v, RuleUnion
		}
	}
	if m.mineIsLater() {
		return mine, RuleLWWMine
	}
	return theirs, RuleLWWTheirs
}
