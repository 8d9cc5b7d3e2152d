package sim

import (
	"rockpool.dev/mutation"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// presented notes which token a connection goes by from now on.
func (h *relayHost) presented(conn uint32, text string) {
	if l := h.links[conn]; l != nil {
		l.token, _ = parseToken(text)
	}
}

// shown takes the token out of a frame; one that is renewed counts from when
// it is verified, which is at once where renewed says so.
func (h *relayHost) shown(conn uint32, frame []byte, renewed bool) {
	switch body := frame[2:]; wire.RelayFrame(frame[0]) {
	case wire.FrameHello:
		var m wire.Hello
		if m.Decode(body) == nil {
			h.presented(conn, m.Token)
		}
	case wire.FrameToken:
		var m wire.Token
		if renewed && m.Decode(body) == nil {
			if t, ok := parseToken(m.JWT); ok && t.until >= startWall+h.w.now {
				h.presented(conn, m.JWT)
			}
		}
	}
}

// checkLeak looks at a frame before it leaves: rows of posts must be of rooms
// that the connection's token opens, keys must be of rows that the client was
// given before, and nothing leaves for a token that has run out (I8).
func (h *relayHost) checkLeak(l *link, frame []byte) {
	if frame[1] != 0 || h.w.schema.ByID(postsID) == nil {
		return
	}
	switch body := frame[2:]; wire.RelayFrame(frame[0]) {
	case wire.FrameWelcome:
		var m wire.Welcome
		if m.Decode(body) == nil {
			h.checkOutcomes(l, m.Outcomes)
		}
	case wire.FrameTx:
		var m wire.Tx
		if m.Decode(body) != nil {
			return
		}
		if late := startWall + h.w.now - l.token.until - tokenGrace; late > 3*tickMillis {
			h.w.fail("I8: %s sends to %s, %d ms after its token and the grace have run out", h.name(), l.c.name, late)
		}
		h.checkOutcomes(l, m.Acks)
		h.checkConflicts(l, m.Lost)
		for i := range m.Blocks {
			if m.Blocks[i].Table == postsID {
				h.checkBlock(l, m.Blocks[i].Data)
			}
		}
	case wire.FrameSnap:
		var m wire.Snap
		if m.Decode(body) != nil || m.Table != postsID {
			return
		}
		for _, url := range m.URLs {
			_, chunk := h.node.Fetch(url)
			_, rows, err := wire.DecodeChunk(chunk)
			if err != nil {
				h.w.fail("%s: a chunk of posts: %v", h.name(), err)
			}
			h.checkRows(l, rows)
		}
	}
}

func (h *relayHost) checkRows(l *link, data []byte) {
	for len(data) > 0 {
		row, rest, ok := value.DecodeRow(data, postColumns)
		if !ok {
			h.w.fail("%s: a row of posts for %s is cut short", h.name(), l.c.name)
			return
		}
		h.checkRow(l, row)
		data = rest
	}
}

// checkRow takes a row that a client is given.
func (h *relayHost) checkRow(l *link, row value.Row) {
	if !l.token.opens(row[1].Str()) {
		h.w.fail("I8: %s tells %s of %s, its token is %s", h.name(), l.c.name, showRow(row), l.token.text())
		return
	}
	l.c.given[row[0].Str()] = true
}

func (h *relayHost) checkBlock(l *link, data []byte) {
	for len(data) > 0 {
		op := data[0]
		columns := 0
		switch op {
		case wire.BlockPut:
			columns = postColumns
		case wire.BlockOut:
			columns = 1
		}
		row, rest, ok := value.DecodeRow(data[1:], columns)
		if !ok {
			h.w.fail("%s: a block for %s is cut short", h.name(), l.c.name)
			return
		}
		data = rest
		if op == wire.BlockPut {
			h.checkRow(l, row)
		} else if op == wire.BlockOut && !l.c.given[row[0].Str()] {
			h.w.fail("I8: %s tells %s of the key %s, which it never had", h.name(), l.c.name, show(row[0]))
			return
		}
	}
}

func (h *relayHost) checkOutcomes(l *link, list []mutation.Outcome) {
	for i := range list {
		h.checkConflicts(l, list[i].Conflicts)
	}
}

func (h *relayHost) checkConflicts(l *link, list []mutation.Conflict) {
	for i := range list {
		x := &list[i]
		if x.Table != postsID {
			continue
		}
		for _, row := range []value.Row{x.Theirs, x.Chosen} {
			if len(row) > 0 && !l.token.opens(row[1].Str()) {
				h.w.fail("I8: an outcome tells %s of %s, its token is %s", l.c.name, showRow(row), l.token.text())
				return
			}
		}
	}
}

// postsShown reports whether a client shows the posts that its token opens.
func (c *client) postsShown() bool {
	t := c.w.schema.ByID(postsID)
	if t == nil {
		return true
	}
	have, err := c.visible(t)
	if err != nil {
		c.w.fail("%s: read %s: %v", c.name, t.Name, err)
		return false
	}
	want := c.opened(c.w.oracle.tables[postsID])
	if len(have) != len(want) {
		return false
	}
	for k, r := range want {
		if !sameRow(have[k], r) {
			return false
		}
	}
	return true
}

// opened is the part of posts that the client's token opens.
func (c *client) opened(posts map[string]value.Row) map[string]value.Row {
	out := map[string]value.Row{}
	for k, r := range posts {
		if c.token.opens(r[1].Str()) {
			out[k] = r
		}
	}
	return out
}
