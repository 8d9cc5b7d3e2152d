package host_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// openFile opens the database on files, in a folder of the test's own.
func (w *world) openFile(port uint32) uint32 {
	w.h.PortOpen(port)
	w.hello(port, wire.PageVersion, 1)
	return w.send(port, wire.PageOpen, &wire.OpenDatabase{Name: "shop", Schema: testSchema()})
}

// Close drains: what was answered, and what was only run, is there afterwards.
// Not parallel: the test has a working folder of its own.
func TestCloseAndReopen(t *testing.T) {
	t.Chdir(t.TempDir())
	w := newWorld(t)
	var o wire.Opened
	w.done(w.openFile(1), &o)
	if !o.Durable {
		t.Error("a file is not durable")
	}
	w.exec(1, insert, value.Int(1))
	write := w.send(1, wire.PageQuery, &wire.Query{SQL: insert, Args: value.Row{value.Int(2)}})
	if !w.h.Freeze() {
		t.Error("freeze did not close")
	}
	var d wire.QueryDone
	w.done(write, &d)
	if f := w.failed(w.send(1, wire.PageQuery, &wire.Query{SQL: "SELECT 1"})); fault.Kind(f.Kind) != fault.Closed {
		t.Errorf("a query after close = %+v", f)
	}
	v := newWorld(t)
	v.done(v.openFile(1), &o)
	if n := v.count(1, "SELECT count(*) FROM products"); n != 2 {
		t.Errorf("count after reopen = %d, want 2", n)
	}
	// Sign-out with pending writes asks first.
	if f := v.failed(v.send(1, wire.PageSignOut, &wire.SignOut{Pending: 1})); fault.Kind(f.Kind) != fault.Conflict {
		t.Errorf("sign out = %+v", f)
	}
	for range 2 { // the second time there is nothing left to close
		if !v.h.Freeze() {
			t.Error("freeze did not close")
		}
	}
	if last := v.log[len(v.log)-1]; last != "close shop" {
		t.Errorf("the files were not given back: %v", v.log)
	}
}

// Locked files are asked for again with growing pauses, told, and given up in the end.
func TestLockedFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, c := range map[string]struct {
		locked int // answers that say so
		kind   fault.Kind
	}{
		"let go after a while": {4, 0},
		"never let go":         {1000, fault.StorageLocked},
	} {
		w := newWorld(t)
		asked := 0
		w.answer = func(id uint32, _ string) {
			if asked++; asked <= c.locked {
				w.h.Files(id, uint16(fault.StorageLocked), "held by a dying Worker")
			} else {
				w.h.Files(id, 0, "")
			}
		}
		id := w.openFile(1)
		for range 1000 {
			w.pass(100)
		}
		if c.kind == 0 {
			var o wire.Opened
			w.done(id, &o)
			if asked != c.locked+1 {
				t.Errorf("%s: asked %d times", name, asked)
			}
			w.h.Freeze()
		} else if f := w.failed(id); fault.Kind(f.Kind) != c.kind || f.Hint == "" || asked > 50 {
			t.Errorf("%s: %+v after %d times", name, f, asked)
		}
		told := false
		for _, e := range w.events(1, wire.EventHealth) {
			told = told || e.Health.Database == wire.ConnBackoff && e.Health.LastError != nil
		}
		if !told {
			t.Errorf("%s: nobody was told of the backoff", name)
		}
	}
}

// A reset leaves an empty database that works, for every tab.
func TestReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	w.join(2)
	w.exec(1, insert, value.Int(1))
	id := w.send(2, wire.PageLive, &wire.LiveCall{SQL: "SELECT * FROM products"})
	var e wire.Empty
	w.done(w.send(1, wire.PageReset, &e), &e)
	if f := w.failed(id); fault.Kind(f.Kind) != fault.Closed {
		t.Errorf("a watched query over a reset = %+v", f)
	}
	if n := w.count(2, "SELECT count(*) FROM products"); n != 0 {
		t.Errorf("count after reset = %d", n)
	}
}

// The file that export gives is a database, whole and of one moment.
func TestExport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	w.exec(1, "INSERT INTO products(id, name) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 20000) SELECT i, 'product ' || i FROM n")
	id := w.send(1, wire.PageExport, &wire.Empty{})
	w.h.Run()
	w.exec(1, "DELETE FROM products")
	w.run()
	var file []byte
	for _, f := range w.of(id, wire.PageChunk) {
		file = append(file, f.body...)
	}
	if len(file) < 200_000 || string(file[:15]) != "SQLite format 3" {
		t.Fatalf("the file has %d bytes: %s", len(file), text(w.last(id)))
	}
	if size, pages := binary.BigEndian.Uint16(file[16:]), binary.BigEndian.Uint32(file[28:]); int(size)*int(pages) != len(file) {
		t.Errorf("the header tells %d pages of %d bytes, the file has %d", pages, size, len(file))
	}
	if !bytes.Contains(file, []byte("product 20000")) {
		t.Error("a row of that moment is missing")
	}
}

// A hand-over answers what is durable and leaves the rest to the next leader:
// a live query that failed here would stand still in its tab.
func TestFreezeLeavesCallsOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	w.join(2)
	live := w.send(2, wire.PageLive, &wire.LiveCall{SQL: "SELECT count(*) FROM products"})
	w.run()
	tx := w.begin(1, wire.BeginTx{})
	w.inTx(1, tx, insert, value.Int(1))
	waits := w.send(2, wire.PageQuery, &wire.Query{SQL: insert, Args: value.Row{value.Int(2)}})
	w.run()
	if !w.h.Freeze() {
		t.Fatal("freeze did not close")
	}
	for name, id := range map[string]uint32{"the live query": live, "the write that waits": waits} {
		for _, kind := range []wire.PageFrame{wire.PageFail, wire.PageDone} {
			if got := w.of(id, kind); len(got) != 0 {
				t.Errorf("%s was answered: %s", name, text(&got[0]))
			}
		}
	}
}
