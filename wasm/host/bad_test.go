package host_test

import (
	"encoding/binary"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/query"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// Bad SQL is a typed error that names cause and remedy; the connection works on.
func TestBadSQL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	w.exec(1, insert, value.Int(1))
	for name, c := range map[string]struct {
		sql  string
		args value.Row
		kind fault.Kind
	}{
		"malformed":               {"SELEC * FROM products", nil, fault.InvalidSQL},
		"nothing":                 {"  -- only a comment", nil, fault.InvalidSQL},
		"two statements":          {"SELECT 1; DELETE FROM products", nil, fault.InvalidSQL},
		"unknown table":           {"SELECT * FROM produkts", nil, fault.UnknownTable},
		"unknown column":          {"SELECT nam FROM products", nil, fault.UnknownColumn},
		"too few values":          {"SELECT * FROM products WHERE id = ? AND name = ?", value.Row{value.Int(1)}, fault.WrongParameters},
		"too many values":         {"SELECT 1", value.Row{value.Int(1)}, fault.WrongParameters},
		"attach":                  {"ATTACH 'x.db' AS x", nil, fault.Forbidden},
		"journal mode":            {"PRAGMA journal_mode = DELETE", nil, fault.Forbidden},
		"key":                     {"PRAGMA rekey = 'x'", nil, fault.Forbidden},
		"bookkeeping":             {"DELETE FROM _rockpool_meta", nil, fault.Forbidden},
		"bookkeeping in any case": {"DELETE FROM _ROCKPOOL_META", nil, fault.Forbidden},
		"alter a synced table":    {"ALTER TABLE products ADD COLUMN x", nil, fault.SchemaDDL},
		"drop a synced table":     {"DROP TABLE products", nil, fault.SchemaDDL},
		"trigger on it":           {"CREATE TRIGGER t AFTER INSERT ON products BEGIN SELECT 1; END", nil, fault.SchemaDDL},
		"or fail":                 {"INSERT OR FAIL INTO products(id, name) VALUES (1, 'x')", nil, fault.Forbidden},
		"duplicate key":           {"INSERT INTO products(id, name) VALUES (1, 'x')", nil, fault.Constraint},
		"a file of its own":       {"VACUUM INTO 'x.db'", nil, fault.Forbidden},
	} {
		f := w.failed(w.send(1, wire.PageQuery, &wire.Query{SQL: c.sql, Args: c.args}))
		if fault.Kind(f.Kind) != c.kind || f.Op == "" || f.Msg == "" || f.Hint == "" {
			t.Errorf("%s: kind %v, %+v, want %v with op, message and hint", name, fault.Kind(f.Kind), f, c.kind)
		}
	}
	if n := w.count(1, "SELECT count(*) FROM products"); n != 1 {
		t.Errorf("count = %d, want 1", n)
	}
	f := w.failed(w.send(1, wire.PageQuery, &wire.Query{SQL: "SELECT * FRM products"}))
	if f.Offset < 0 {
		t.Errorf("a syntax error has no place: %+v", f)
	}
	// What is allowed beside the synced tables.
	for _, sql := range []string{
		"CREATE TABLE notes(a)", "CREATE INDEX by_name ON products(name)", "CREATE VIEW v AS SELECT * FROM products",
		"PRAGMA table_info(products)", "DROP TABLE notes", "EXPLAIN QUERY PLAN SELECT * FROM v",
	} {
		w.exec(1, sql)
	}
}

// Frames that are none, calls out of order, and built queries that are wrong.
func TestBadFrames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.h.Frame(1, []byte{1, 2, 3}) // an unknown port: nobody to answer
	w.h.PortOpen(1)
	w.h.Frame(1, nil)
	w.h.Frame(1, []byte{byte(wire.PageQuery)})
	if f := w.failed(w.send(1, wire.PageQuery, &wire.Query{SQL: "SELECT 1"})); fault.Kind(f.Kind) != fault.Protocol {
		t.Errorf("a call before the hello = %+v", f)
	}
	w.hello(1, wire.PageVersion, 1)
	if f := w.failed(w.send(1, wire.PageQuery, &wire.Query{SQL: "SELECT 1"})); fault.Kind(f.Kind) != fault.Closed || f.Hint == "" {
		t.Errorf("a call before the open = %+v", f)
	}
	for _, name := range []string{"", "../x", "a/b", "a\\b", ".hidden", string(make([]byte, 300))} {
		if f := w.failed(w.send(1, wire.PageOpen, &wire.OpenDatabase{Name: name, Memory: true})); fault.Kind(f.Kind) != fault.InvalidArgument {
			t.Errorf("open %q = %+v", name, f)
		}
	}
	w.join(2)
	if f := w.failed(w.send(1, wire.PageOpen, &wire.OpenDatabase{Name: "other", Memory: true})); fault.Kind(f.Kind) != fault.InvalidArgument {
		t.Errorf("open another database = %+v", f)
	}
	for kind := range 256 {
		if wire.PageFrame(kind) == wire.PageHello || wire.PageFrame(kind) == wire.PageCancel || wire.PageFrame(kind) == wire.PageToken || wire.PageFrame(kind) == wire.PageVisible {
			continue
		}
		w.next++
		w.raw(2, wire.PageFrame(kind), w.next, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
		if f := w.failed(w.next); fault.Kind(f.Kind) != fault.Protocol {
			t.Errorf("garbage in frame %d = %+v, want protocol", kind, f)
		}
	}
	if f := w.failed(w.send(2, wire.PageSelect, &wire.SelectCall{})); fault.Kind(f.Kind) != fault.InvalidArgument {
		t.Errorf("no query = %+v", f)
	}
	raw := &query.Select{From: query.TableRef{Name: "products"}, Where: &query.Expr{Kind: query.ExprRaw, Name: "1); DELETE FROM products; --"}}
	if f := w.failed(w.send(2, wire.PageSelect, &wire.SelectCall{Select: raw})); fault.Kind(f.Kind) != fault.InvalidSQL {
		t.Errorf("raw text that breaks out = %+v", f)
	}
	if f := w.failed(w.send(2, wire.PageQuery, &wire.Query{SQL: "SELECT 1", Lane: 9})); fault.Kind(f.Kind) != fault.InvalidArgument {
		t.Errorf("an unknown lane = %+v", f)
	}
	if f := w.failed(w.send(2, wire.PageSyncNow, &wire.Empty{})); fault.Kind(f.Kind) != fault.InvalidArgument || f.Hint == "" {
		t.Errorf("sync without a relay = %+v", f)
	}
	// Two calls of one number: the second is refused, the first goes on.
	w.raw(2, wire.PageLive, 7777, (&wire.LiveCall{SQL: "SELECT 1"}).AppendTo(nil))
	w.raw(2, wire.PageLive, 7777, (&wire.LiveCall{SQL: "SELECT 1"}).AppendTo(nil))
	if f := w.failed(7777); fault.Kind(f.Kind) != fault.Protocol {
		t.Errorf("a number in use = %+v", f)
	}
}

// No bytes make the host panic or leave it unable to answer.
func FuzzFrames(f *testing.F) {
	add := func(kind wire.PageFrame, m interface{ AppendTo([]byte) []byte }) {
		f.Add(m.AppendTo([]byte{byte(kind), 0, 0, 0, 9, 0, 0, 0}))
	}
	add(wire.PageQuery, &wire.Query{SQL: "SELECT * FROM products WHERE id = ?", Args: value.Row{value.Int(1)}})
	add(wire.PageOperations, &wire.Operations{Ops: []wire.Operation{{Type: wire.OpInsert, Table: "products", Columns: []string{"id"}, Values: value.Row{value.Int(1)}}}})
	add(wire.PageBegin, &wire.BeginTx{})
	add(wire.PageTxQuery, &wire.TxQuery{Tx: 1, SQL: "SELECT 1"})
	add(wire.PageLive, &wire.LiveCall{SQL: "SELECT * FROM products"})
	add(wire.PageSelect, &wire.SelectCall{Select: &query.Select{From: query.TableRef{Name: "products"}}})
	add(wire.PageResolve, &wire.Resolve{ID: 1, Choice: wire.ChooseMine})
	add(wire.PageReset, &wire.Empty{})
	f.Fuzz(func(t *testing.T, frame []byte) {
		w := newWorld(t)
		w.tick = 100
		w.join(1)
		w.h.Frame(1, frame)
		for range 100 {
			if !w.h.Run() {
				break
			}
		}
		w.pass(70_000) // every timeout
		for range 100 {
			if !w.h.Run() {
				break
			}
		}
		if len(frame) >= 8 {
			switch k := wire.PageFrame(frame[0]); k {
			case wire.PageHello, wire.PageCancel, wire.PageToken, wire.PageVisible, wire.PageLive, wire.PageQuery, wire.PageSelect, wire.PageExport:
				return // no answer of its own, or not yet
			}
			if id := binary.LittleEndian.Uint32(frame[4:]); w.last(id) == nil {
				t.Errorf("frame %x has no answer", frame)
			}
		}
	})
}
