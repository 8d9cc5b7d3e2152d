package host_test

import (
	"fmt"
	"slices"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/internal/enginehost"
	"rockpool.dev/wire"
)

// A flush that fails is told to those who wait for it, and tried again after a
// while: the Worker does not spin meanwhile, and nothing is lost.
func TestFlushFails(t *testing.T) {
	unflushed := 0
	for n := range 20 {
		w := newWorld(t)
		w.h.PortOpen(1)
		w.hello(1, wire.PageVersion, 1)
		w.done(w.send(1, wire.PageOpen, &wire.OpenDatabase{Name: fmt.Sprint("flush", n), Schema: testSchema()}), &wire.Opened{})
		w.exec(1, "INSERT INTO products(id, name) VALUES (1, 'one')")

		w.log = nil
		enginehost.FailAfter(n, enginehost.IO)
		id := w.send(1, wire.PageQuery, &wire.Query{SQL: "INSERT INTO products(id, name) VALUES (2, 'two')"})
		w.run()
		isFailed := enginehost.Failed()
		enginehost.FailAfter(-1, enginehost.IO)
		if f := w.last(id); !isFailed || f.kind != wire.PageFail || fault.Kind(w.failed(id).Kind) != fault.OutcomeUnknown {
			continue // it was no flush that failed
		}
		unflushed++
		if w.failed(id).Hint == "" {
			t.Error("it is not said what to do")
		}
		if slices.Contains(w.log, "flush") || w.timer < 0 {
			t.Errorf("after the failure: %v and a timer at %d, want a pause and a timer that ends it", w.log, w.timer)
		}
		w.pass(200)
		w.run()
		if !slices.Contains(w.log, "flush") {
			t.Errorf("log %v, want the flush that was owed", w.log)
		}
		if rows := w.count(1, "SELECT count(*) AS n FROM products"); rows != 2 {
			t.Errorf("%d rows, want both", rows)
		}
	}
	if unflushed == 0 {
		t.Error("no flush has failed")
	}
}
