// Package relaytest is a small client of the relay for tests: it keeps rows in
// maps, follows the protocol to the letter, and tells where the relay does not.
package relaytest

import (
	"fmt"
	"strconv"

	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/value"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

// Client is one database. Its fields may be read and set between frames. For
// one goroutine.
type Client struct {
	ID     string
	Token  string
	Schema *schema.Schema
	Cursor version.Pos
	// Rows are the rows of each subscription by encoded key.
	Rows map[uint32]map[string]value.Row
	// Outcomes are those that came, by mid; more than one is an error.
	Outcomes map[uint64]mutation.Outcome
	Acked    uint64
	// Lost are this client's committed values that others replaced.
	Lost     []mutation.Conflict
	Welcome  *wire.Welcome
	Bye      *wire.Bye
	join     wire.FrameJoiner
	Denied   map[uint32]*wire.Deny
	Ready    map[uint32]bool
	Received uint64
	Retry    *wire.Retry
	Pings    []*wire.Ping
	// Snaps are the answers that named chunks; Fetch gets one.
	Snaps map[uint32]*wire.Snap
	Fetch func(url string) ([]byte, error)
	// HoldAcks keeps the client from giving credit.
	HoldAcks bool
	// Frames counts what came, by type.
	Frames map[wire.RelayFrame]int
	// MaxFrame is the longest frame that came.
	MaxFrame int

	inc     int
	term    uint64
	held    map[uint32]bool // whose rows stood at the end of the last connection
	subs    map[uint32]wire.Sub
	buckets map[uint32]uint32 // bucket → subscription
	Stamps  map[uint32]uint64 // of the rows it holds, by subscription
	parts   *wire.Tx
	mid     uint64
	outbox  []*mutation.Tx
}

// New returns a client that has seen nothing.
func New(id string, s *schema.Schema, fetch func(string) ([]byte, error)) *Client {
	return &Client{ID: id, Schema: s, Fetch: fetch, Rows: map[uint32]map[string]value.Row{}, Outcomes: map[uint64]mutation.Outcome{}, subs: map[uint32]wire.Sub{}, Stamps: map[uint32]uint64{}}
}

// Frame encodes a message.
func Frame(t wire.RelayFrame, m interface{ AppendTo([]byte) []byte }) []byte {
	return m.AppendTo([]byte{byte(t), 0})
}

// Follow adds a subscription; before Hello it goes with it.
func (c *Client) Follow(id uint32, name string, args ...wire.ShapeArg) []byte {
	s := wire.Sub{ID: id, Shape: name, Args: args}
	c.subs[id] = s
	return Frame(wire.FrameSub, &s)
}

// Hello begins a new connection.
func (c *Client) Hello() []byte {
	if c.Welcome != nil || c.held == nil { // a connection that was turned away took nothing
		c.held = c.Ready
	}
	c.Welcome, c.Bye, c.parts, c.Retry = nil, nil, nil, nil
	c.Denied, c.Snaps = map[uint32]*wire.Deny{}, map[uint32]*wire.Snap{}
	c.Ready, c.buckets, c.Frames = map[uint32]bool{}, map[uint32]uint32{}, map[wire.RelayFrame]int{}
	h := &wire.Hello{
		Version: wire.Version, Token: c.Token, ClientID: c.ID, IncarnationOld: strconv.Itoa(c.inc), IncarnationNew: strconv.Itoa(c.inc + 1),
		Cursor: c.Cursor, Term: c.term, AckedMid: c.Acked, LastMid: c.mid, SchemaVersion: c.Schema.Version, Build: "test",
	}
	for id, s := range c.subs {
		s.Have, s.Stamp = c.held[id], c.Stamps[id]
		h.Subs = append(h.Subs, s)
	}
	return Frame(wire.FrameHello, h)
}

// Mutation makes a transaction of ops and returns its frame.
func (c *Client) Mutation(ops ...mutation.Op) []byte {
	c.mid++
	m := &mutation.Tx{Mid: c.mid, Seen: c.Cursor, HLC: version.At(1_800_000_000_000 + int64(c.mid)), Schema: c.Schema.Version, Ops: ops}
	m.Seal()
	m.Identify()
	c.outbox = append(c.outbox, m)
	return Frame(wire.FrameMut, m)
}

// Outbox returns the frames of what is not settled.
func (c *Client) Outbox() (frames [][]byte) {
	for _, m := range c.outbox {
		if m.Mid > c.Acked {
			frames = append(frames, Frame(wire.FrameMut, m))
		}
	}
	return frames
}

// Again returns the frame of a transaction that was made before.
func (c *Client) Again(mid uint64) []byte { return Frame(wire.FrameMut, c.outbox[mid-1]) }

// Pending is how many transactions are not settled.
func (c *Client) Pending() int { return len(c.Outbox()) }

// Take takes a frame of the relay and returns the frames to answer with.
func (c *Client) Take(frame []byte) (answers [][]byte, err error) {
	if len(frame) < 2 || frame[1]&^wire.FlagMore != 0 {
		return nil, fmt.Errorf("frame % x: bad header", frame[:min(len(frame), 16)])
	}
	t := wire.RelayFrame(frame[0])
	c.Frames[t]++
	c.MaxFrame = max(c.MaxFrame, len(frame))
	if len(frame) > wire.FrameBytesMax {
		return nil, fmt.Errorf("a frame of %d bytes, want at most %d", len(frame), wire.FrameBytesMax)
	}
	if frame, err = c.join.Add(frame, 64<<20); err != nil || frame == nil {
		return nil, err
	}
	body := frame[2:]
	if c.Welcome == nil && t != wire.FrameWelcome && t != wire.FrameBye {
		return nil, fmt.Errorf("frame type %d before the welcome", t)
	}
	switch t {
	case wire.FrameWelcome:
		return nil, c.welcome(body)
	case wire.FrameSnap:
		return nil, c.snap(body)
	case wire.FrameReady:
		var m wire.Ready
		if err := m.Decode(body); err != nil {
			return nil, err
		}
		if m.Pos != c.Cursor {
			return nil, fmt.Errorf("ready at %v, but the cursor is %v", m.Pos, c.Cursor)
		}
		c.Ready[m.ID], c.buckets[m.Bucket] = true, m.ID
	case wire.FrameDeny:
		m := &wire.Deny{}
		if err := m.Decode(body); err != nil {
			return nil, err
		}
		c.Denied[m.ID] = m
		delete(c.Ready, m.ID)
	case wire.FrameReceived:
		var m wire.Received
		if err := m.Decode(body); err != nil {
			return nil, err
		}
		c.Received = max(c.Received, m.Mid)
	case wire.FrameRetry:
		c.Retry = &wire.Retry{}
		return nil, c.Retry.Decode(body)
	case wire.FrameTx:
		return c.tx(body)
	case wire.FramePing:
		m := &wire.Ping{}
		if err := m.Decode(body); err != nil {
			return nil, err
		}
		c.Pings = append(c.Pings, m)
		return [][]byte{Frame(wire.FramePong, &wire.Pong{T: m.T})}, nil
	case wire.FrameBye:
		c.Bye = &wire.Bye{}
		return nil, c.Bye.Decode(body)
	default:
		return nil, fmt.Errorf("frame type %d is not known", t)
	}
	return nil, nil
}

func (c *Client) welcome(body []byte) error {
	c.Welcome = &wire.Welcome{}
	if err := c.Welcome.Decode(body); err != nil {
		return err
	}
	c.inc++
	if c.Welcome.Rewound {
		return nil
	}
	c.term = c.Welcome.Term
	if !c.Welcome.Resume {
		c.Cursor, c.Ready, c.Rows = c.Welcome.Head, map[uint32]bool{}, map[uint32]map[string]value.Row{}
	}
	if c.Welcome.Schema != nil {
		c.Schema = c.Welcome.Schema
	}
	return c.settle(c.Welcome.Outcomes)
}

func (c *Client) settle(outcomes []mutation.Outcome) error {
	for _, o := range outcomes {
		if o.Mid <= c.Acked {
			continue
		}
		if o.Mid != c.Acked+1 {
			return fmt.Errorf("outcome of mid %d after %d", o.Mid, c.Acked)
		}
		c.Acked, c.Outcomes[o.Mid] = o.Mid, o
	}
	return nil
}

func (c *Client) snap(body []byte) error {
	m := &wire.Snap{}
	if err := m.Decode(body); err != nil {
		return err
	}
	rows := map[string]value.Row{}
	t := c.Schema.ByID(m.Table)
	for _, url := range m.URLs {
		chunk, err := c.Fetch(url)
		if err != nil {
			return fmt.Errorf("fetch %s: %w", url, err)
		}
		h, data, err := wire.DecodeChunk(chunk)
		if err != nil {
			return err
		}
		if h.Table != m.Table || h.Bucket != m.Bucket || int(h.Columns) != len(t.Columns) {
			return fmt.Errorf("chunk header %+v does not fit %+v", h, m)
		}
		for range h.Rows {
			row, rest, ok := value.DecodeRow(data, int(h.Columns))
			if !ok {
				return fmt.Errorf("chunk: a row is not whole")
			}
			rows[string(t.KeyOf(row).Append(nil))] = row
			data = rest
		}
	}
	if uint64(len(rows)) != m.Rows {
		return fmt.Errorf("snapshot has %d rows, %d announced", len(rows), m.Rows)
	}
	c.Stamps[m.ID] = m.Stamp
	c.Snaps[m.ID], c.Rows[m.ID], c.Ready[m.ID], c.buckets[m.Bucket] = m, rows, true, m.ID
	return nil
}

func (c *Client) tx(body []byte) ([][]byte, error) {
	t := &wire.Tx{}
	if err := t.Decode(body); err != nil {
		return nil, err
	}
	if t.Part > 0 {
		p := c.parts
		if p == nil || p.From != t.From || p.To != t.To || p.Part+1 != t.Part {
			return nil, fmt.Errorf("part %d does not follow", t.Part)
		}
		t.Blocks, t.Acks, t.Lost = append(p.Blocks, t.Blocks...), append(p.Acks, t.Acks...), append(p.Lost, t.Lost...)
	}
	if c.parts = t; !t.Last {
		return nil, nil
	}
	c.parts = nil
	if t.From != c.Cursor || t.To.Less(t.From) {
		return nil, fmt.Errorf("transaction %v → %v, but the cursor is %v", t.From, t.To, c.Cursor)
	}
	for _, b := range t.Blocks {
		id, ok := c.buckets[b.Bucket]
		if !ok {
			return nil, fmt.Errorf("a block of bucket %d, which was not announced", b.Bucket)
		}
		if s := c.Snaps[id]; s != nil && !s.Pos.Less(t.To) {
			return nil, fmt.Errorf("a block at %v of a snapshot at %v", t.To, s.Pos)
		}
		if err := c.block(c.Rows[id], &b); err != nil {
			return nil, err
		}
	}
	if err := c.settle(t.Acks); err != nil {
		return nil, err
	}
	c.Lost = append(c.Lost, t.Lost...)
	moved := c.Cursor != t.To
	c.Cursor = t.To
	if c.HoldAcks || !moved {
		return nil, nil
	}
	return [][]byte{Frame(wire.FrameAck, &wire.Ack{Pos: c.Cursor})}, nil
}

func (c *Client) block(rows map[string]value.Row, b *wire.Block) error {
	t := c.Schema.ByID(b.Table)
	for data := b.Data; len(data) > 0; {
		op := data[0]
		n := len(t.Columns)
		if op == wire.BlockOut {
			n = len(t.Key)
		}
		row, rest, ok := value.DecodeRow(data[1:], n)
		if !ok {
			return fmt.Errorf("block: a row is not whole")
		}
		data = rest
		switch op {
		case wire.BlockPut:
			rows[string(t.KeyOf(row).Append(nil))] = row
		case wire.BlockOut:
			delete(rows, string(row.Append(nil)))
		default:
			return fmt.Errorf("block: operation %d", op)
		}
	}
	return nil
}

// Digest is the digest of a subscription's rows.
func (c *Client) Digest(id uint32) uint64 {
	var d value.Digest
	for _, r := range c.Rows[id] {
		d.Add(r)
	}
	return d.Sum64()
}
