package store_test

import (
	"fmt"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/wasm/store"
	"rockpool.dev/wire"
)

// TestKeysAfterARewind shows that the key of a write that was settled under
// the former client ID does not name the write that takes its mid, nor does its
// conflict, and that every number is one that JavaScript holds.
func TestKeysAfterARewind(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID)
	key := func(key, sql string) uint64 {
		t.Helper()
		done, err := c.tryInfo(store.CommitInfo{IdempotencyKey: key}, sql)
		if err != nil {
			t.Fatal(err)
		}
		return done.Mid
	}
	settled := key("settled", "INSERT INTO items(id, name) VALUES (1, 'a')")
	c.frame().ack(settled, mutation.Superseded).apply()
	doubtful := key("doubtful", "INSERT INTO items(id, name) VALUES (2, 'b')")
	key("kept", "INSERT INTO items(id, name) VALUES (3, 'c')")
	for round := range 2 {
		if _, err := c.db.Rewind("other", doubtful, nil); err != nil {
			t.Fatal(err)
		}
		c.reopen()
		doubtful = 0 // what is kept is not in doubt the next time
		seen := map[uint64]string{}
		for key, want := range map[string]mutation.Status{"settled": mutation.Superseded, "doubtful": mutation.Rejected, "kept": 0} {
			once, found, err := c.db.Known(key)
			if err != nil || !found || once.Mid >= 1<<53 || seen[once.Mid] != "" {
				t.Fatalf("round %d: key %s names %+v (%v, %v), with %v; want a number of its own below 2^53", round, key, once, found, err, seen)
			}
			seen[once.Mid] = key
			o, err := c.db.Settled(once.Mid)
			if err != nil || (o == nil) != (want == 0) || o != nil && o.Status != want {
				t.Errorf("round %d: key %s ended %+v, %v; want %v", round, key, o, err, want)
			}
		}
	}
}

// TestTwin shows what a copy does with each of its writes when the relay tells
// what it has settled under their mids: its own is settled as it ended, one that
// a twin has used the mid of is queued again, and one of which nobody knows waits
// for a person.
func TestTwin(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID)
	for _, sql := range []string{
		"INSERT INTO items(id, name, qty) VALUES (1, 'own', 1)", "INSERT INTO items(id, name) VALUES (2, 'refused')",
		"UPDATE items SET qty = qty + 1 WHERE id = 1", "INSERT INTO items(id, name) VALUES (4, 'unknown')",
		"UPDATE items SET name = 'on a refused one' WHERE id = 2", "INSERT INTO items(id, name) VALUES (6, 'never sent')",
	} {
		c.write(sql)
	}
	sent := c.decoded()
	own := func(mid uint64, status mutation.Status) mutation.Outcome {
		return mutation.Outcome{Mid: mid, Status: status, ID: sent[mid-1].ID}
	}
	known := []mutation.Outcome{own(1, mutation.Applied), own(2, mutation.Rejected), {Mid: 3, Status: mutation.Applied, ID: sent[2].ID + 1}}
	before := c.rows("SELECT * FROM items ORDER BY id")
	if err := c.db.Compare(known[:2]); err != nil {
		t.Fatalf("Compare with its own outcomes = %v", err)
	}
	for name, call := range map[string]func() error{
		"compare":                        func() error { return c.db.Compare(known) },
		"settle":                         func() error { _, err := c.db.Settle(known); return err },
		"apply":                          func() error { f := c.frame().outcome(known[2]); _, err := c.db.ApplyTx(&f.t); return err },
		"a mid that was never made here": func() error { return c.db.Compare([]mutation.Outcome{{Mid: 7, Status: mutation.Applied}}) },
	} {
		if err := call(); fault.KindOf(err) != fault.Rewound {
			t.Errorf("%s with a twin's outcome = %v, want rewound", name, err)
		}
	}
	if got := c.rows("SELECT * FROM items ORDER BY id"); fmt.Sprint(got) != fmt.Sprint(before) || c.db.Meta().AckedMid != 0 {
		t.Fatalf("a twin's outcome changed rows to %v, from %v", got, before)
	}
	a, err := c.db.Rewind("other", 4, known)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Outcomes) != 2 {
		t.Errorf("outcomes %+v, want those of mids 1 and 2", a.Outcomes)
	}
	c.reopen()
	txs := c.decoded()
	if len(txs) != 2 || txs[0].ID != sent[2].ID || txs[0].Mid != 1 || txs[1].ID != sent[5].ID || txs[1].Mid != 2 {
		t.Errorf("queued are %+v, want what was mids 3 and 6", txs)
	}
	list, err := c.db.Outbox()
	if err != nil || len(list) != 5 {
		t.Fatalf("Outbox = %+v, %v; want five entries", list, err)
	}
	for i, want := range []struct {
		state wire.TxState
		kind  fault.Kind
	}{{wire.TxRejected, 0}, {wire.TxRejected, fault.Rewound}, {wire.TxBlocked, fault.Blocked}} {
		if e := list[i+2]; e.State != want.state || fault.Kind(e.Kind) != want.kind || len(e.Ops) == 0 {
			t.Errorf("failed %d is %+v, want state %v of kind %v with its data", i, e, want.state, want.kind)
		}
	}
}

// An outbox that is brought to another schema keeps the IDs of its writes: what
// the relay says of them is still theirs.
func TestIDsOutliveASchema(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID)
	mid := c.write("INSERT INTO items(id, name) VALUES (1, 'a')")
	before := c.decoded()[0]
	s := testSchema()
	s.Version = 2
	s.Tables[0].Columns = append([]schema.Column{{Name: "extra", Type: schema.TypeText}}, s.Tables[0].Columns...)
	s.Tables[0].Key = []uint32{1}
	if err := c.db.SetSchema(s); err != nil {
		t.Fatal(err)
	}
	after := c.decoded()[0]
	if after.Digest == before.Digest || after.ID != before.ID || after.ID == 0 {
		t.Fatalf("digest %x and ID %x became %x and %x, want another digest and the same ID", before.Digest, before.ID, after.Digest, after.ID)
	}
	if err := c.db.Compare([]mutation.Outcome{{Mid: mid, Status: mutation.Applied, ID: before.ID}}); err != nil {
		t.Errorf("Compare = %v", err)
	}
}
