package host

import (
	"rockpool.dev/fault"
	"rockpool.dev/wasm/builder"
	"rockpool.dev/wasm/provider"
	"rockpool.dev/wire"
)

// exportPages is how many pages of the file go in one frame.
const exportPages = 64

// export sends the database as a file, page by page out of one snapshot.
type export struct {
	h      *Host
	c      *call
	task   *provider.Task
	reader *provider.Reader
	next   int
}

func (h *Host) export(c *call) {
	if len(h.open.Key) > 0 {
		h.fail(c, fault.New(fault.Forbidden, "export database", "the file would hold in the clear what the key hides").
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
	pages, n, err := x.reader.Conn.Pages(x.next, exportPages)
	if err != nil {
		x.h.fail(x.c, fault.In("export database", err))
		return true
	}
	if n > 0 {
		x.h.postFramed(x.c.port, wire.PageChunk, x.c.id, append(make([]byte, builder.HeadBytes, builder.HeadBytes+len(pages)), pages...))
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
