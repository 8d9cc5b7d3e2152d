package relay_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/query/sqlfn"
	"rockpool.dev/server/relay/relaytest"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// putBack is an embedded store of which a backup was made when its log stood at
// 1, and which was put back when it stood at 3.
type putBack struct {
	path string
	term uint64
	w    *relaytest.World
}

// start opens the file as another process.
func (p *putBack) start(t *testing.T) *relaytest.World {
	t.Helper()
	p.term++
	p.w = relaytest.NewWorld(t, relaytest.Options{Seed: stock(5), Path: p.path, Term: p.term})
	return p.w
}

// backUp copies the file while the relay goes on.
func (p *putBack) backUp(t *testing.T) (to string) {
	t.Helper()
	to = p.path + ".backup"
	c, err := sqlite.Open(sqlite.Options{Name: p.path})
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlfn.Register(c); err != nil {
		t.Fatal(err)
	}
	if err := c.Exec("VACUUM INTO '" + to + "'"); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return to
}

// end ends the process; the file is as it was, or another takes its place.
func (p *putBack) end(t *testing.T, from string) {
	t.Helper()
	if err := p.w.Store.Close(); err != nil {
		t.Fatal(err)
	}
	if from == "" {
		return
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		_ = os.Remove(p.path + suffix)
	}
	if err := os.Rename(from, p.path); err != nil {
		t.Fatal(err)
	}
}

// A client that followed the log that is gone starts over, also where the new
// log has passed its cursor; what it wrote offline meets what it cannot have
// seen; and those who had come on with the new log start over with it.
func TestStorePutBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		writes int  // of others on the new log, before the client comes
		sameAs bool // the process that the backup was made of went on
	}{
		"behind the cursor": {1, false}, "at the cursor": {2, false}, "beyond the cursor": {5, false},
		"beyond the cursor, one process": {5, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &putBack{path: filepath.Join(t.TempDir(), "r.db")}
			w := p.start(t)
			a := w.NewClient("a")
			a.Follow(1, "products")
			others := w.NewClient("b")
			others.Follow(1, "products")
			add := func(w *relaytest.World, link uint64) {
				t.Helper()
				others.Fetch = w.Cache.Chunk
				l := w.Connect(t, link, others)
				l.Send(t, others.Mutation(relaytest.AddStock(others.Schema, 1, 1)))
				l.Drop(t)
			}
			add(w, 1)
			backup := p.backUp(t)
			if !c.sameAs {
				p.end(t, "")
				w = p.start(t)
			}
			add(w, 1)
			a.Fetch = w.Cache.Chunk
			w.Connect(t, 2, a).Drop(t)
			add(w, 1)
			w.Connect(t, 2, a).Drop(t)
			if a.Cursor.Seq != 3 {
				t.Fatalf("the client stands at %v, want 3", a.Cursor)
			}
			offline := a.Mutation(rename(a, "mine"))

			p.end(t, backup)
			w = p.start(t)
			fresh := w.NewClient("c")
			fresh.Follow(1, "products")
			l := w.Connect(t, 1, fresh)
			for n := range c.writes {
				l.Send(t, fresh.Mutation(rename(fresh, "theirs "+strconv.Itoa(n))))
			}
			epoch := w.Store.Head().Epoch
			a.Fetch = w.Cache.Chunk
			la := w.Connect(t, 2, a)
			if a.Welcome == nil || a.Welcome.Resume || a.Welcome.Head.Epoch <= epoch {
				t.Fatalf("welcome %+v, want a new start in an epoch after %d", a.Welcome, epoch)
			}
			same(t, w, a, 1, "products")
			if fresh.Bye == nil || fault.Kind(fresh.Bye.Kind) != fault.ResyncNeeded {
				t.Errorf("who follows the new log was told %+v, want to come again", fresh.Bye)
			}
			la.Send(t, offline)
			if o := a.Outcomes[1]; len(o.Conflicts) != 1 || o.Status == mutation.Applied {
				t.Errorf("what it wrote offline ended %+v, want it to meet the other's name", o)
			}
			w.Connect(t, 3, fresh)
			same(t, w, fresh, 1, "products")
			same(t, w, a, 1, "products")

			// The next process finds nothing amiss.
			p.end(t, "")
			w = p.start(t)
			for link, x := range map[uint64]*relaytest.Client{1: a, 2: fresh} {
				x.Fetch = w.Cache.Chunk
				if w.Connect(t, link, x); x.Welcome == nil || !x.Welcome.Resume {
					t.Errorf("%s after another start: %+v, want it to go on", x.ID, x.Welcome)
				}
			}
		})
	}
}

// A client that makes up where it has been starts over alone.
func TestMadeUpCursor(t *testing.T) {
	t.Parallel()
	p := &putBack{path: filepath.Join(t.TempDir(), "r.db")}
	w := p.start(t)
	a := w.NewClient("a")
	a.Follow(1, "products")
	w.Connect(t, 1, a)
	before := w.Store.Head().Epoch
	b := w.NewClient("b")
	w.Connect(t, 2, b).Drop(t)
	b.Cursor.Seq += 100 // in the term of this process
	if w.Connect(t, 3, b); b.Welcome == nil || b.Welcome.Resume || w.Store.Head().Epoch != before || a.Bye != nil {
		t.Errorf("welcome %+v at %v, bye %+v; want a new start for it alone", b.Welcome, w.Store.Head(), a.Bye)
	}
}

func rename(c *relaytest.Client, name string) mutation.Op {
	return relaytest.Set(c.Schema.Table("products"), stock(2)[1], "name", value.Text(name))
}
