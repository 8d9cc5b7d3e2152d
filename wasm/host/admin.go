package host

import (
	"sort"
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// figures is what the host counts.
type figures struct {
	queries, errors, flushes uint64
	bySQL                    map[string]*wire.QueryStat
}

// took notes how long a statement took, in microseconds, and returns it.
func (h *Host) took(c *call, sql string) uint64 {
	f := &h.figures
	micros := uint64(max(0, h.env.Micros()-c.began))
	f.queries++
	if f.bySQL == nil {
		f.bySQL = map[string]*wire.QueryStat{}
	}
	s := f.bySQL[sql]
	if s == nil {
		if len(f.bySQL) >= statsMax {
			f.forget()
		}
		s = &wire.QueryStat{SQL: sql}
		f.bySQL[sql] = s
	}
	s.Runs++
	s.Micros += micros
	s.Max = max(s.Max, micros)
	return micros
}

// forget keeps the slowest half.
func (f *figures) forget() {
	for _, s := range f.slowest(statsMax)[statsMax/2:] {
		delete(f.bySQL, s.SQL)
	}
}

func (f *figures) slowest(n int) []wire.QueryStat {
	list := make([]wire.QueryStat, 0, len(f.bySQL))
	for _, s := range f.bySQL {
		list = append(list, *s)
	}
	sort.Slice(list, func(a, b int) bool {
		if list[a].Max != list[b].Max {
			return list[a].Max > list[b].Max
		}
		return list[a].SQL < list[b].SQL
	})
	return list[:min(n, len(list))]
}

// stats are db.stats().
func (h *Host) stats() *wire.Stats {
	w, r := h.prov.Writer.CacheStats(), h.prov.Pool.CacheStats()
	out := &wire.Stats{
		Pool: wire.PoolStats{Writers: 1, Readers: uint32(h.prov.Pool.Size()), Busy: uint32(h.prov.Pool.Busy()), Lanes: h.lanes.Stats()},
		Statements: wire.CacheStats{
			Entries: uint32(w.Statements + r.Statements), Limit: uint32((1 + h.prov.Pool.Size()) * sqlite.CachedStatementsMax),
			Hits: uint64(w.Hits + r.Hits), Misses: uint64(w.Misses + r.Misses), Evictions: uint64(w.Evictions + r.Evictions),
		},
		Queries: h.figures.queries, Errors: h.figures.errors, Live: uint64(h.live.Len()), Flushes: h.figures.flushes,
		WALBytes: uint64(h.prov.Writer.WALBytes()), OutboxRows: h.prov.DB.Pending(), OutboxMax: wire.OutboxBytesMax,
		Slowest: h.figures.slowest(SlowestMax),
	}
	out.Texts, out.Plans = h.builder.Stats()
	out.Kept = h.live.Stats()
	if h.env.Heap != nil {
		out.HeapBytes, out.HeapLimit = h.env.Heap()
	}
	if h.sync != nil {
		out.Reconnects = uint64(h.sync.Health().Attempts)
	}
	if rows, err := h.rowsOf("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"); err == nil && len(rows) == 1 {
		out.FileBytes = uint64(rows[0][0].Int())
	}
	return out
}

// rowsOf runs a small read of our own where nothing else runs.
func (h *Host) rowsOf(sql string, args ...value.Value) ([]value.Row, error) {
	conn := h.prov.Writer
	if r := h.prov.Pool.Take(wire.LaneInteractive); r != nil {
		defer h.prov.Pool.Give(r)
		conn = r.Conn
	}
	s, err := conn.Cached(sql)
	if err != nil {
		return nil, err
	}
	rows, err := s.Query(args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []value.Row
	for rows.Next() {
		out = append(out, rows.Row())
	}
	return out, rows.Err()
}

// validate says what is wrong with a query, without running it.
func (h *Host) validate(c *call, m *wire.Validate) {
	conn := h.prov.Writer
	if r := h.prov.Pool.Take(wire.LaneInteractive); r != nil {
		defer h.prov.Pool.Give(r)
		conn = r.Conn
	}
	out, err := h.builder.Validate(conn, m)
	if err != nil {
		h.fail(c, err)
		return
	}
	h.done(c, out.AppendTo)
}

// reset throws the local data away and opens an empty database again.
func (h *Host) reset(c *call) {
	open, opt := h.open, h.prov.Options()
	var ports []*port
	for _, p := range h.ports {
		if p.opened {
			ports = append(ports, p)
		}
	}
	c.held = true // the drain lets it live
	h.drain(fault.New(fault.Closed, "use database", "it was reset"))
	h.prov.Delete(func(err error) {
		if err != nil {
			h.fail(c, err)
			return
		}
		h.open = open
		h.prov.Open(opt, func(err error) {
			if err == nil {
				err = h.opened()
			}
			if err != nil {
				h.fail(c, err)
				return
			}
			for _, p := range ports {
				p.opened = true
				h.greet(p.id)
			}
			h.done(c, (&wire.Empty{}).AppendTo)
		})
	})
}

// The answers to "what about pending writes" of a sign-out.
const (
	pendingAsk     = 1
	pendingDiscard = 2
	pendingKeep    = 3
)

// signOut ends the user's session: the database closes for every tab.
func (h *Host) signOut(c *call, m *wire.SignOut) {
	if m.Pending < pendingAsk || m.Pending > pendingKeep {
		h.fail(c, fault.New(fault.InvalidArgument, "sign out", "pending is none of ask, discard and keep"))
		return
	}
	if n := h.prov.DB.Pending(); m.Pending == pendingAsk && n > 0 {
		h.fail(c, fault.New(fault.Conflict, "sign out", strconv.FormatUint(n, 10)+" writes have not reached the server").
			WithHint("go online first, or sign out with pending: 'discard' or 'keep'"))
		return
	}
	c.held = true
	h.drain(fault.New(fault.Closed, "use database", "the user has signed out"))
	if m.Pending == pendingKeep {
		h.answer(c, (&wire.Empty{}).AppendTo, h.prov.Close())
		return
	}
	h.prov.Delete(func(err error) { h.answer(c, (&wire.Empty{}).AppendTo, err) })
}
