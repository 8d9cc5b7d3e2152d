package host

import (
	"rockpool.dev/fault"
	"rockpool.dev/value"
	"rockpool.dev/wasm/builder"
	"rockpool.dev/wasm/provider"
	"rockpool.dev/wire"
)

// exportPages is how many pages of the file go in one frame.
const exportPages = 64

// export sends the database file, page by page out of one snapshot.
type export struct {
	h      *Host
	c      *call
	task   *provider.Task
	reader *provider.Reader
	next   int64
}

func (h *Host) export(c *call) {
	if len(h.open.Key) > 0 {
		h.fail(c, fault.New(fault.Forbidden, "export database", "an encrypted database has no file to give away").
			WithHint("read its tables with queries"))
		return
	}
	x := &export{h: h, c: c, next: 1}
	x.task = &provider.Task{Lane: wire.LaneBulk, Begin: x.begin, Step: x.step}
	c.stop = x.release
	if err := h.lanes.Add(x.task); err != nil {
		h.fail(c, err)
	}
}

func (x *export) begin() bool {
	x.reader = x.h.prov.Pool.Take(wire.LaneBulk)
	if x.reader == nil {
		return false
	}
	if err := x.h.unguarded(x.reader.Conn, "BEGIN"); err != nil {
		x.h.fail(x.c, err)
	}
	return true
}

func (x *export) step() bool {
	if x.c.over {
		return true
	}
	s, err := x.reader.Conn.Cached("SELECT data FROM sqlite_dbpage WHERE pgno >= ? AND pgno < ? ORDER BY pgno")
	if fault.KindOf(err) == fault.UnknownTable {
		err = fault.New(fault.InvalidArgument, "export database", "this engine is built without sqlite_dbpage")
	}
	if err != nil {
		x.h.fail(x.c, fault.In("export database", err))
		return true
	}
	rows, err := s.Query(value.Int(x.next), value.Int(x.next+exportPages))
	if err != nil {
		x.h.fail(x.c, fault.In("export database", err))
		return true
	}
	defer rows.Close()
	framed := make([]byte, builder.HeadBytes)
	n := 0
	for ; rows.Next(); n++ {
		framed = append(framed, rows.Value(0).Str()...)
	}
	if err := rows.Err(); err != nil {
		x.h.fail(x.c, fault.In("export database", err))
		return true
	}
	if n > 0 {
		x.h.postFramed(x.c.port, wire.PageChunk, x.c.id, framed)
	}
	x.next += exportPages
	if n < exportPages {
		x.h.done(x.c, (&wire.Empty{}).AppendTo)
		return true
	}
	return false
}

func (x *export) release() {
	if x.reader != nil && x.h.prov.Pool != nil {
		if x.reader.Conn.InTransaction() {
			x.h.log(LogWarn, x.h.unguarded(x.reader.Conn, "ROLLBACK"))
		}
		x.h.prov.Pool.Give(x.reader)
		x.reader = nil
	}
	x.h.lanes.Remove(x.task)
}
