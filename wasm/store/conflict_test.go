package store_test

import (
	"slices"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// met makes one client whose update of item 1 met another's.
func met(t *testing.T, o mutation.Outcome, theirs string) (*client, wire.ConflictInfo) {
	t.Helper()
	c := newClient(t)
	c.follow(itemsID)
	c.frame().put(itemsID, 1, "base", 1, nil, nil).apply()
	o.Mid = c.write("UPDATE items SET name = 'mine' WHERE id = 1")
	c.frame().put(itemsID, 1, theirs, 1, nil, nil).apply()
	a := c.frame().outcome(o).apply()
	if len(a.NewConflicts) != 1 {
		t.Fatalf("new conflicts = %+v, want one", a.NewConflicts)
	}
	list, err := c.db.Conflicts()
	if err != nil || len(list) != 1 || list[0].ID != a.NewConflicts[0].ID {
		t.Fatalf("Conflicts = %+v, %v", list, err)
	}
	return c, list[0]
}

func image(r *wire.NamedRow) string {
	if r == nil {
		return "none"
	}
	return show(r.Values[:3])
}

func TestConflictImages(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]struct {
		o          mutation.Outcome
		open, told bool
		visible    string
	}{
		"parked":     {mutation.Outcome{Status: mutation.Parked}, true, true, "1|theirs"},
		"superseded": {mutation.Outcome{Status: mutation.Superseded}, false, true, "1|theirs"},
		"merged":     {mutation.Outcome{Status: mutation.Merged}, false, false, "1|theirs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, x := met(t, k.o, "theirs")
			if x.Table != "items" || show(x.Key.Values) != "1" || image(x.Base) != "1|base|1" || image(x.Mine) != "1|mine|1" || image(x.Theirs) != "1|theirs|1" {
				t.Errorf("conflict = %+v: base %s, mine %s, theirs %s", x, image(x.Base), image(x.Mine), image(x.Theirs))
			}
			if x.Open != k.open || x.Notify != k.told {
				t.Errorf("open %v, notify %v; want %v, %v", x.Open, x.Notify, k.open, k.told)
			}
			c.want("SELECT id, name FROM items", k.visible)
		})
	}
}

func TestResolveParked(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]struct {
		resolve wire.Resolve
		visible string
		queued  bool
	}{
		"mine":   {wire.Resolve{Choice: wire.ChooseMine}, "1|mine|1", true},
		"theirs": {wire.Resolve{Choice: wire.ChooseTheirs}, "1|theirs|1", false},
		"edited": {wire.Resolve{Choice: wire.ChooseEdited, Edited: &wire.NamedRow{Columns: []string{"name"}, Values: row("both")}}, "1|both|1", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, x := met(t, mutation.Outcome{Status: mutation.Parked}, "theirs")
			k.resolve.ID = x.ID
			done, err := c.db.Resolve(&k.resolve)
			if err != nil {
				t.Fatal(err)
			}
			c.want("SELECT id, name, qty FROM items", k.visible)
			if !slices.Equal(done.Closed, []uint64{x.ID}) || done.Ended != x.Mid {
				t.Errorf("closed %v, ended %d; want conflict %d and transaction %d", done.Closed, done.Ended, x.ID, x.Mid)
			}
			if (done.Mid != 0) != k.queued {
				t.Errorf("committed %+v, queued should be %v", done, k.queued)
			}
			if k.queued {
				txs := c.decoded()
				if len(txs) != 1 || txs[0].Resolves != x.Mid || txs[0].Seen != c.db.Meta().Cursor {
					t.Errorf("outbox = %+v, want one that resolves %d and has seen the cursor", txs, x.Mid)
				}
			}
			if list, err := c.db.Conflicts(); err != nil || len(list) != 0 {
				t.Errorf("Conflicts = %+v, %v; want none", list, err)
			}
			if _, err := c.db.Resolve(&k.resolve); fault.KindOf(err) != fault.NotFound {
				t.Errorf("resolve again: %v, want not_found", err)
			}
			c.want("SELECT count(*) FROM _rockpool_rejected", "0")
		})
	}
}

// TestResolveWaitsForEveryRow: a transaction that met two writers is written
// again once both rows have a choice.
func TestResolveWaitsForEveryRow(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID)
	c.frame().put(itemsID, 1, "a", 1, nil, nil).put(itemsID, 2, "b", 1, nil, nil).put(itemsID, 3, "c", 1, nil, nil).apply()
	mid := c.write("UPDATE items SET name = 'mine' || id")
	c.frame().put(itemsID, 1, "t1", 1, nil, nil).put(itemsID, 2, "t2", 1, nil, nil).apply()
	a := c.frame().outcome(mutation.Outcome{Mid: mid, Status: mutation.Parked, Conflicts: []mutation.Conflict{
		{Table: itemsID, Key: row(1), Cols: []uint32{1}, Rule: mutation.RuleManual},
		{Table: itemsID, Key: row(2), Cols: []uint32{1}, Rule: mutation.RuleManual},
	}}).apply()
	if len(a.NewConflicts) != 2 {
		t.Fatalf("conflicts = %+v, want 2", a.NewConflicts)
	}
	c.want("SELECT name FROM items ORDER BY id", "t1", "t2", "c")
	if done, err := c.db.Resolve(&wire.Resolve{ID: a.NewConflicts[0].ID, Choice: wire.ChooseTheirs}); err != nil || done.Mid != 0 || len(done.Closed) != 0 || done.Ended != 0 {
		t.Fatalf("first choice: %+v, %v", done, err)
	}
	c.reopen()
	if done, err := c.db.Resolve(&wire.Resolve{ID: a.NewConflicts[1].ID, Choice: wire.ChooseMine}); err != nil || done.Mid != 2 || len(done.Closed) != 2 || done.Ended != mid {
		t.Fatalf("second choice: %+v, %v", done, err)
	}
	c.want("SELECT name FROM items ORDER BY id", "t1", "mine2", "mine3")
	c.want("SELECT mid FROM _rockpool_tx", "2")
}

func TestOverrule(t *testing.T) {
	t.Parallel()
	c, x := met(t, mutation.Outcome{Status: mutation.Superseded, Conflicts: []mutation.Conflict{
		{Table: itemsID, Key: row(1), Cols: []uint32{1}, Rule: mutation.RuleLWWTheirs},
	}}, "theirs")
	c.frame().put(itemsID, 1, "theirs", 50, nil, nil).apply()
	done, err := c.db.Resolve(&wire.Resolve{ID: x.ID, Choice: wire.ChooseMine})
	if err != nil || done.Mid == 0 || !slices.Equal(done.Closed, []uint64{x.ID}) || done.Ended != 0 {
		t.Fatalf("Resolve = %+v, %v; want a new mutation and the conflict closed", done, err)
	}
	c.want("SELECT name, qty FROM items", "mine|50") // the other column has moved on and stays
	c.want("SELECT * FROM _rockpool_conflict")
}

func TestDismiss(t *testing.T) {
	t.Parallel()
	c, x := met(t, mutation.Outcome{Status: mutation.Superseded}, "theirs")
	if done, err := c.db.Resolve(&wire.Resolve{ID: x.ID, Choice: wire.ChooseDismiss}); err != nil || done.Mid != 0 || !slices.Equal(done.Closed, []uint64{x.ID}) {
		t.Fatalf("dismiss: %+v, %v", done, err)
	}
	c.want("SELECT * FROM _rockpool_conflict")
	c, x = met(t, mutation.Outcome{Status: mutation.Parked}, "theirs")
	if _, err := c.db.Resolve(&wire.Resolve{ID: x.ID, Choice: wire.ChooseDismiss}); fault.KindOf(err) != fault.InvalidArgument {
		t.Errorf("dismiss an open one: %v, want invalid_argument", err)
	}
	if _, err := c.db.Resolve(&wire.Resolve{ID: x.ID, Choice: wire.ChooseEdited}); fault.KindOf(err) != fault.InvalidArgument {
		t.Errorf("edited without a row: %v, want invalid_argument", err)
	}
	if _, err := c.db.Resolve(&wire.Resolve{
		ID: x.ID, Choice: wire.ChooseEdited,
		Edited: &wire.NamedRow{Columns: []string{"colour"}, Values: row("red")},
	}); fault.KindOf(err) != fault.UnknownColumn {
		t.Errorf("edited unknown column: %v, want unknown_column", err)
	}
}

// TestGone: my update lost to a delete; what I wrote is kept.
func TestGone(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID)
	c.frame().put(itemsID, 1, "base", 1, nil, nil).apply()
	mid := c.write("UPDATE items SET name = 'mine' WHERE id = 1")
	c.frame().out(itemsID, 1).apply()
	c.frame().outcome(mutation.Outcome{Mid: mid, Status: mutation.Superseded, Conflicts: []mutation.Conflict{
		{Table: itemsID, Key: row(1), Rule: mutation.RuleGone},
	}}).apply()
	c.want("SELECT * FROM items")
	list, err := c.db.Outbox()
	if err != nil || len(list) != 1 || list[0].State != wire.TxRejected || show(list[0].Ops[0].New.Values) != "mine" {
		t.Errorf("Outbox = %+v, %v; want what I wrote", list, err)
	}
	if txs := c.decoded(); len(txs) != 0 {
		t.Errorf("it is sent again: %+v", txs)
	}
}

func TestRewind(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID)
	for i := range 4 {
		c.write([]string{
			"INSERT INTO items(id, name) VALUES (1, 'a')", "INSERT INTO items(id, name) VALUES (2, 'b')",
			"UPDATE items SET name = 'c' WHERE id = 2", "INSERT INTO items(id, name) VALUES (4, 'd')",
		}[i])
	}
	c.reopen() // nothing of the outbox is in memory
	a, err := c.db.Rewind("other", 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if m := c.db.Meta(); m.ClientID != "other" || m.AckedMid != 0 || m.LastMid != 3 {
		t.Errorf("meta = %+v, want client other with mids 1 to 3", m)
	}
	if len(a.RolledBack) != 1 {
		t.Errorf("rolled back = %+v, want the doubtful one", a.RolledBack)
	}
	c.want("SELECT id, name FROM items ORDER BY id", "2|c", "4|d")
	txs := c.decoded()
	if len(txs) != 3 || txs[1].Mid != 2 || len(txs[1].Depends) != 1 || txs[1].Depends[0] != 1 {
		t.Errorf("outbox = %+v, want mids 1 to 3, the second depending on the first", txs)
	}
	list, err := c.db.Outbox()
	if err != nil || len(list) != 4 || list[3].State != wire.TxRejected || list[3].Kind != uint16(fault.Rewound) {
		t.Errorf("Outbox = %+v, %v; want the doubtful one last", list, err)
	}
	if mid := c.write("DELETE FROM items WHERE id = 4"); mid != 4 {
		t.Errorf("next mid = %d, want 4", mid)
	}
}

// TestGoneImages: the delete comes before the outcome, and the conflict still
// says what was written to; keeping mine makes the row anew.
func TestGoneImages(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]struct {
		o       mutation.Outcome
		restart bool
	}{
		"superseded":                 {mutation.Outcome{Status: mutation.Superseded, Conflicts: []mutation.Conflict{{Table: itemsID, Key: row(1), Rule: mutation.RuleGone}}}, false},
		"superseded after a restart": {mutation.Outcome{Status: mutation.Superseded, Conflicts: []mutation.Conflict{{Table: itemsID, Key: row(1), Rule: mutation.RuleGone}}}, true},
		"parked":                     {mutation.Outcome{Status: mutation.Parked, Conflicts: []mutation.Conflict{{Table: itemsID, Key: row(1), Rule: mutation.RuleManual}}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t)
			c.follow(itemsID)
			c.frame().put(itemsID, 1, "base", 7, nil, nil).apply()
			k.o.Mid = c.write("UPDATE items SET name = 'mine' WHERE id = 1")
			c.frame().out(itemsID, 1).apply()
			if k.restart {
				c.reopen()
				c.follow(itemsID)
			}
			a := c.frame().outcome(k.o).apply()
			if len(a.NewConflicts) != 1 {
				t.Fatalf("new conflicts = %+v, want one", a.NewConflicts)
			}
			x := a.NewConflicts[0]
			if image(x.Base) != "1|base|7" || image(x.Mine) != "1|mine|7" || x.Theirs != nil {
				t.Errorf("base %s, mine %s, theirs %s; want what stood there, what I wanted, none", image(x.Base), image(x.Mine), image(x.Theirs))
			}
			c.want("SELECT * FROM items")
			if _, err := c.db.Retry(k.o.Mid); fault.KindOf(err) != fault.NotFound {
				t.Errorf("retry an update of a row that is gone: %v, want not_found", err)
			}
			if list, err := c.db.Outbox(); err != nil || len(list) != 1 {
				t.Errorf("Outbox = %+v, %v; want that the data is still there", list, err)
			}
			if done, err := c.db.Resolve(&wire.Resolve{ID: x.ID, Choice: wire.ChooseMine}); err != nil || done.Mid == 0 || done.Ended != k.o.Mid {
				t.Errorf("keep mine: %+v, %v", done, err)
			}
			c.want("SELECT id, name, qty FROM items", "1|mine|7")
			if txs := c.decoded(); len(txs) != 1 || txs[0].Ops[0].Kind != mutation.Insert {
				t.Errorf("outbox = %+v, want one insert", txs)
			}
			c.want("SELECT mid FROM _rockpool_rejected")
		})
	}
}

// TestUpdatedCountsWhatIsRevealed: a remote value that a pending one covered
// counts when the pending one leaves; my own value that comes back does not.
func TestUpdatedCountsWhatIsRevealed(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]struct {
		write   string
		remote  func(*frame) *frame
		status  mutation.Status
		tail    uint64 // counted when the remote change comes
		outcome uint64 // counted when the outcome comes
	}{
		"their value under mine, parked":     {"UPDATE items SET name = 'mine' WHERE id = 1", func(f *frame) *frame { return f.put(itemsID, 1, "theirs", 5, nil, nil) }, mutation.Parked, 0, 1},
		"their value under mine, superseded": {"UPDATE items SET name = 'mine' WHERE id = 1", func(f *frame) *frame { return f.put(itemsID, 1, "theirs", 5, nil, nil) }, mutation.Superseded, 0, 1},
		"nothing under mine, rejected":       {"UPDATE items SET name = 'mine' WHERE id = 1", nil, mutation.Rejected, 0, 0},
		"their column beside mine, rejected": {"UPDATE items SET name = 'mine' WHERE id = 1", func(f *frame) *frame { return f.put(itemsID, 1, "base", 9, nil, nil) }, mutation.Rejected, 1, 0},
		"their amount under mine, rejected":  {"UPDATE items SET qty = qty - 1 WHERE id = 1", func(f *frame) *frame { return f.put(itemsID, 1, "base", 9, nil, nil) }, mutation.Rejected, 1, 0},
		"their update under my delete":       {"DELETE FROM items WHERE id = 1", func(f *frame) *frame { return f.put(itemsID, 1, "theirs", 5, nil, nil) }, mutation.Superseded, 0, 1},
		"nothing under my delete":            {"DELETE FROM items WHERE id = 1", nil, mutation.Rejected, 0, 0},
		"my insert, rejected":                {"INSERT INTO items(id, name) VALUES (2, 'mine')", nil, mutation.Rejected, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t)
			c.follow(itemsID)
			c.frame().put(itemsID, 1, "base", 5, nil, nil).apply()
			mid := c.write(k.write)
			if k.remote != nil {
				if a := k.remote(c.frame()).apply(); a.Updated != k.tail {
					t.Errorf("the remote change: updated = %d, want %d", a.Updated, k.tail)
				}
			}
			if a := c.frame().ack(mid, k.status).apply(); a.Updated != k.outcome {
				t.Errorf("the outcome: updated = %d, want %d", a.Updated, k.outcome)
			}
		})
	}
}

// TestOverwritten: a value that was applied and that another's later write
// replaced is on the list, and can be written again.
func TestOverwritten(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID)
	c.frame().put(itemsID, 1, "base", 1, nil, nil).apply()
	mid := c.write("UPDATE items SET name = 'mine' WHERE id = 1")
	c.frame().put(itemsID, 1, "mine", 1, nil, nil).ack(mid, mutation.Applied).apply()
	f := c.frame().put(itemsID, 1, "theirs", 1, nil, nil)
	f.t.Lost = []mutation.Conflict{{
		Table: itemsID, Key: row(1), Cols: []uint32{1}, Rule: mutation.RuleLWWTheirs, WriterMid: mid,
		Mine: row(1, "mine", 1, nil, nil), Theirs: row(1, "theirs", 1, nil, nil), Chosen: row(1, "theirs", 1, nil, nil),
	}}
	a := f.apply()
	if len(a.NewConflicts) != 1 || len(a.Outcomes) != 0 {
		t.Fatalf("applied = %+v, want one conflict and no outcome", a)
	}
	x := a.NewConflicts[0]
	if x.Mid != mid || x.Status != mutation.Superseded || x.Open || !x.Notify || image(x.Mine) != "1|mine|1" || image(x.Theirs) != "1|theirs|1" {
		t.Errorf("conflict = %+v: mine %s, theirs %s", x, image(x.Mine), image(x.Theirs))
	}
	c.reopen()
	if list, err := c.db.Conflicts(); err != nil || len(list) != 1 {
		t.Errorf("Conflicts = %+v, %v; want it kept", list, err)
	}
	if done, err := c.db.Resolve(&wire.Resolve{ID: x.ID, Choice: wire.ChooseMine}); err != nil || done.Mid == 0 {
		t.Fatalf("keep mine: %+v, %v", done, err)
	}
	c.want("SELECT name FROM items", "mine")
}

// An edited row changes the columns that were named: the others may have moved
// since the conflict was met.
func TestEditedKeepsWhatMoved(t *testing.T) {
	t.Parallel()
	c, x := met(t, mutation.Outcome{Status: mutation.Parked}, "theirs")
	c.frame().put(itemsID, 1, "theirs", 7, value.Text("2.00"), nil).apply()
	if _, err := c.db.Resolve(&wire.Resolve{ID: x.ID, Choice: wire.ChooseEdited, Edited: &wire.NamedRow{Columns: []string{"id", "name"}, Values: row(1, "both")}}); err != nil {
		t.Fatal(err)
	}
	c.want("SELECT name, qty, price FROM items", "both|7|2.00")
	if txs := c.decoded(); len(txs) != 1 || len(txs[0].Ops) != 1 || len(txs[0].Ops[0].Cols) != 1 {
		t.Errorf("queued %+v, want the one column", txs)
	}
}

// A decision about a row that has moved since is refused, and can be made anew.
func TestDecidedOnWhatWasSeen(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]bool{"the row moved": false, "the row is gone": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, x := met(t, mutation.Outcome{Status: mutation.Parked, Conflicts: []mutation.Conflict{
				{Table: itemsID, Key: row(1), Cols: []uint32{1}, Rule: mutation.RuleManual},
			}}, "theirs")
			seen := &wire.NamedRow{Columns: []string{"name", "price"}, Values: row("theirs", nil)}
			f := c.frame()
			if gone {
				f.out(itemsID, 1).apply()
			} else {
				f.put(itemsID, 1, "moved", 1, nil, nil).apply()
			}
			mine := &wire.Resolve{ID: x.ID, Choice: wire.ChooseMine, Seen: seen}
			for _, choice := range []wire.Choice{wire.ChooseMine, wire.ChooseTheirs} {
				mine.Choice = choice
				if _, err := c.db.Resolve(mine); fault.KindOf(err) != fault.Conflict || fault.HintOf(err) == "" {
					t.Errorf("choice %d: %v, want conflict and a remedy", choice, err)
				}
			}
			if list, err := c.db.Conflicts(); err != nil || len(list) != 1 || !list[0].Open {
				t.Fatalf("Conflicts = %+v, %v; want it open still", list, err)
			}
			again := &wire.Resolve{ID: x.ID, Choice: wire.ChooseMine, Gone: gone}
			if !gone {
				again.Seen = &wire.NamedRow{Columns: []string{"name", "price"}, Values: row("moved", nil)}
			}
			if done, err := c.db.Resolve(again); err != nil || done.Mid == 0 {
				t.Fatalf("decided anew: %+v, %v", done, err)
			}
			c.want("SELECT name FROM items", "mine")
			if gone {
				return
			}
			if _, err := c.db.Resolve(&wire.Resolve{ID: x.ID, Choice: wire.ChooseMine, Gone: true}); fault.KindOf(err) != fault.NotFound {
				t.Errorf("a third time: %v, want not_found", err)
			}
		})
	}
}
