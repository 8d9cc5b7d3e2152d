package provider_test

import (
	"fmt"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/wasm/provider"
	"rockpool.dev/wasm/store"
	"rockpool.dev/wire"
)

// desk is a Worker's storage: requests wait until the test answers them.
type desk struct {
	now  int64
	asks []string
	p    *provider.Provider
	// states is every state that was told, in order.
	states []wire.ConnState
	warned []error
}

func (d *desk) Open(id uint32, name string) {
	d.asks = append(d.asks, fmt.Sprint("open ", id, " ", name))
}
func (d *desk) Close(name string) { d.asks = append(d.asks, "close "+name) }
func (d *desk) Delete(id uint32, name string) {
	d.asks = append(d.asks, fmt.Sprint("delete ", id, " ", name))
}

func newDesk() *desk {
	d := &desk{now: 1000}
	d.p = provider.New(provider.Env{
		Files: d, Millis: func() int64 { return d.now }, Random: func(n int64) int64 { return n - 1 },
		Changed: func() { s, _ := d.p.State(); d.states = append(d.states, s) },
		Warn:    func(err error) { d.warned = append(d.warned, err) },
	})
	return d
}

func options(memory bool) provider.Options {
	return provider.Options{
		Name: "shop", Memory: memory,
		Schema: &schema.Schema{Version: 1, Tables: []schema.Table{{
			ID: 1, Name: "notes", Key: []uint32{0}, Unique: []schema.Unique{{Name: "notes_n", Columns: []uint32{1}}},
			Columns: []schema.Column{{Name: "id", Type: schema.TypeInt, NotNull: true}, {Name: "n", Type: schema.TypeInt}},
		}}},
		Store: store.Options{NewID: func() string { return "id" }, NowMillis: func() int64 { return 1 }},
	}
}

// results collects what openers were told.
type results []error

func (r *results) add(err error) { *r = append(*r, err) }

// Files that a dying Worker still holds are asked for again, with growing
// pauses, and given up after RetryMax; every opener hears the end once.
func TestLockedFiles(t *testing.T) {
	t.Parallel()
	d := newDesk()
	var told results
	d.p.Open(options(false), told.add)
	locked := fault.New(fault.StorageLocked, "open files", "another Worker holds them")
	last := int64(0)
	for n := 1; n <= provider.RetryMax; n++ {
		if n == 2 {
			d.p.Open(options(false), told.add) // joins what is under way
		}
		d.p.Answered(uint32(n), locked)
		state, err := d.p.State()
		wait := int64(d.p.RetryMillis())
		if state != wire.ConnBackoff || fault.KindOf(err) != fault.StorageLocked || wait < last || wait > provider.RetryMillisMax || d.p.Attempts() != uint32(n) {
			t.Fatalf("after attempt %d: state %d, %v, again in %d after %d", n, state, err, wait, last)
		}
		last = wait
		at, ok := d.p.Deadline()
		if !ok || at != d.now+wait {
			t.Fatalf("deadline %d, %v; want %d", at, ok, d.now+wait)
		}
		d.now += wait - 1
		if err := d.p.Tick(false); err != nil || len(d.asks) != n {
			t.Fatalf("%d requests before the time (%v), want %d", len(d.asks), err, n)
		}
		d.now++
		if err := d.p.Tick(false); err != nil || len(d.asks) != n+1 {
			t.Fatalf("%d requests, %v; want %d", len(d.asks), err, n+1)
		}
	}
	if last != provider.RetryMillisMax || len(told) != 0 {
		t.Errorf("the last pause is %d, told %v", last, told)
	}
	d.p.Answered(provider.RetryMax+1, locked)
	if state, _ := d.p.State(); state != wire.ConnClosed || len(told) != 2 || fault.KindOf(told[0]) != fault.StorageLocked {
		t.Errorf("in the end: state %d, told %v; want both refused", state, told)
	}
	if _, ok := d.p.Deadline(); ok {
		t.Error("there is still something to do")
	}
}

// Other errors of storage end the opening at once.
func TestStorageRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk()
	var told results
	d.p.Open(options(false), told.add)
	d.p.Answered(7, nil) // not the request that is out
	if len(told) != 0 {
		t.Fatal("an answer to no request was taken")
	}
	d.p.Answered(1, fault.New(fault.QuotaExceeded, "open files", "no room"))
	if state, err := d.p.State(); state != wire.ConnClosed || fault.KindOf(err) != fault.QuotaExceeded || len(told) != 1 {
		t.Errorf("state %d, %v, told %v", state, err, told)
	}
}

// Closing while files are on their way gives them back when they come, and
// tells who waits.
func TestCloseWhileOpening(t *testing.T) {
	t.Parallel()
	d := newDesk()
	var told results
	d.p.Open(options(false), told.add)
	if err := d.p.Close(); err != nil {
		t.Fatal(err)
	}
	if len(told) != 1 || fault.KindOf(told[0]) != fault.Closed {
		t.Fatalf("told %v, want closed", told)
	}
	d.p.Answered(1, nil)
	if got := fmt.Sprint(d.asks); got != "[open 1 shop close shop]" || d.p.IsOpen() {
		t.Errorf("asked %s, open %v; want the files given back", got, d.p.IsOpen())
	}
}

// Delete answers when the files are gone, and a database in memory has none.
func TestDelete(t *testing.T) {
	t.Parallel()
	d := newDesk()
	var opened, deleted results
	d.p.Open(options(true), opened.add)
	if len(opened) != 1 || opened[0] != nil || !d.p.IsOpen() {
		t.Fatalf("opened %v", opened)
	}
	d.p.Delete(deleted.add)
	if len(deleted) != 1 || deleted[0] != nil || len(d.asks) != 0 || d.p.IsOpen() {
		t.Errorf("in memory: told %v, asked %v", deleted, d.asks)
	}
	d = newDesk()
	d.p.Open(options(false), opened.add)
	deleted = nil
	d.p.Delete(deleted.add)
	if len(deleted) != 0 || fmt.Sprint(d.asks) != "[open 1 shop delete 2 shop]" {
		t.Fatalf("told %v, asked %v", deleted, d.asks)
	}
	d.p.Answered(2, nil)
	if len(deleted) != 1 || deleted[0] != nil {
		t.Errorf("told %v", deleted)
	}
	d.p.Answered(1, nil) // the opening that it ended
	if d.p.IsOpen() {
		t.Error("a deleted database is open")
	}
}

// An open database has its writer, its readers and their guard; a second Open
// changes nothing.
func TestOpenAndClose(t *testing.T) {
	t.Parallel()
	d := newDesk()
	var told results
	o := options(true)
	o.Readers = 100
	d.p.Open(o, told.add)
	d.p.Open(options(true), told.add)
	if len(told) != 2 || told[0] != nil || told[1] != nil || d.p.Pool.Size() != provider.ReadersMax {
		t.Fatalf("told %v with %d readers, want %d", told, d.p.Pool.Size(), provider.ReadersMax)
	}
	if fmt.Sprint(d.states) != fmt.Sprint([]wire.ConnState{wire.ConnConnecting, wire.ConnOpen}) {
		t.Errorf("states %v", d.states)
	}
	r := d.p.Pool.Take(wire.LaneInteractive)
	for sql, kind := range map[string]fault.Kind{
		"SELECT * FROM notes":              fault.Unknown,
		"INSERT INTO notes(id) VALUES (1)": fault.ReadOnly,
		"BEGIN":                            fault.Forbidden,
	} {
		if err := r.Conn.Exec(sql); fault.KindOf(err) != kind || kind == fault.Unknown && err != nil {
			t.Errorf("a reader runs %s: %v, want kind %v", sql, err, kind)
		}
	}
	d.p.Pool.Give(r)
	d.p.Wrote()
	if at, ok := d.p.Deadline(); !ok || at != d.now+provider.IdleMillis {
		t.Errorf("deadline after a write: %d, %v", at, ok)
	}
	d.now += provider.IdleMillis
	if err := d.p.Tick(true); err != nil {
		t.Error(err)
	}
	if _, ok := d.p.Deadline(); !ok {
		t.Error("a busy writer's checkpoint is forgotten")
	}
	if err := d.p.Tick(false); err != nil {
		t.Error(err)
	}
	if _, ok := d.p.Deadline(); ok {
		t.Error("there is still something to do in idle time")
	}
	if err := d.p.Close(); err != nil || d.p.IsOpen() || d.p.Writer != nil || d.p.Pool != nil {
		t.Errorf("Close = %v, left %+v", err, d.p)
	}
}

// Bulk and live calls leave one reader to the interactive ones.
func TestPoolKeepsAReader(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ readers, bulk, interactive int }{{1, 1, 0}, {2, 1, 1}, {4, 3, 1}} {
		d := newDesk()
		o := options(true)
		o.Readers = test.readers
		d.p.Open(o, func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		})
		var taken []*provider.Reader
		take := func(lane wire.Lane) (n int) {
			for r := d.p.Pool.Take(lane); r != nil; r = d.p.Pool.Take(lane) {
				taken = append(taken, r)
				n++
			}
			return n
		}
		if got := take(wire.LaneBulk); got != test.bulk {
			t.Errorf("bulk calls take %d of %d readers, want %d", got, test.readers, test.bulk)
		}
		if got := take(wire.LaneInteractive); got != test.interactive || d.p.Pool.Busy() != test.readers {
			t.Errorf("interactive calls take %d more, want %d; %d are busy", got, test.interactive, d.p.Pool.Busy())
		}
		for _, r := range taken {
			d.p.Pool.Give(r)
			d.p.Pool.Give(r) // again is harmless
		}
		if d.p.Pool.Busy() != 0 {
			t.Errorf("%d readers are busy after all were given back", d.p.Pool.Busy())
		}
		if err := d.p.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A reader that is opened later has the guard of those before it. Not parallel:
// the test has a working folder of its own.
func TestPoolOpensReadersLater(t *testing.T) {
	t.Chdir(t.TempDir())
	d := newDesk()
	var told results
	o := options(false)
	o.Readers = 3
	d.p.Open(o, told.add)
	d.p.Answered(1, nil)
	if len(told) != 1 || told[0] != nil {
		t.Fatalf("told %v", told)
	}
	first, second := d.p.Pool.Take(wire.LaneInteractive), d.p.Pool.Take(wire.LaneInteractive)
	if first == nil || second == nil {
		t.Fatal("two of three readers are not lent")
	}
	if err := second.Conn.Exec("BEGIN"); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("the second reader runs BEGIN: %v, want kind forbidden", err)
	}
	d.p.Pool.Give(first)
	if d.p.Pool.Take(wire.LaneInteractive) != first {
		t.Error("a reader that was given back is not lent again")
	}
	if err := d.p.Close(); err != nil {
		t.Error(err)
	}
}
