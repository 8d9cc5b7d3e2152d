package host_test

import (
	"testing"

	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// Every tab hears of a new transaction; what it does, once a tab has asked for
// the outbox. It says in which states it has been, and so does the list.
func TestOutboxEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	w.join(2)
	w.exec(1, insert, value.Int(1))
	if told := w.events(2, wire.EventTxState); len(told) != 1 || told[0].Entry.State != wire.TxDurable || len(told[0].Entry.Ops) != 0 {
		t.Fatalf("nobody has asked, and a tab was told %+v", told)
	}
	var list wire.OutboxList
	w.done(w.send(1, wire.PageOutbox, &wire.Empty{}), &list)
	w.frames = nil
	w.micros += 7000
	mid := w.exec(2, insert, value.Int(2)).Mid
	told := w.events(1, wire.EventTxState)
	if len(told) != 1 {
		t.Fatalf("told %+v", told)
	}
	e := told[0].Entry
	if e.Mid != mid || e.Bytes == 0 || len(e.Ops) != 1 || e.Ops[0].Table != "products" || e.Ops[0].Old != nil || !e.Ops[0].New.Values[0].Equal(value.Int(2)) {
		t.Errorf("told %+v, want the inserted row", e)
	}
	var states []wire.TxState
	for _, one := range e.History {
		states = append(states, one.State)
		if one.Millis < 1_700_000_000_000 || one.Millis > e.Millis {
			t.Errorf("%+v is no moment up to %d", one, e.Millis)
		}
	}
	if len(states) != 3 || states[0] != wire.TxDraft || states[1] != wire.TxApplied || states[2] != wire.TxDurable {
		t.Errorf("history %v", states)
	}
	w.done(w.send(1, wire.PageOutbox, &wire.Empty{}), &list)
	if n := len(list.Entries); n != 2 || len(list.Entries[1].History) != 3 {
		t.Errorf("listed %+v", list.Entries)
	}
	w.h.PortClose(1)
	w.frames = nil
	w.exec(2, insert, value.Int(3))
	if told := w.events(2, wire.EventTxState); len(told[0].Entry.Ops) != 0 {
		t.Error("the tab that had asked is gone, and operations are told on")
	}
}
