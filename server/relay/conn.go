package relay

import (
	"cmp"
	"slices"

	"rockpool.dev/server/apply"
	"rockpool.dev/server/auth"
	"rockpool.dev/server/fanout"
	"rockpool.dev/server/session"
	"rockpool.dev/server/shape"
	"rockpool.dev/server/source"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

type phase uint8

const (
	phaseHello phase = iota // nothing read yet
	phaseAdmit              // asking who it is
	phaseLive
	phaseGone
)

// conn is one socket.
type conn struct {
	id     uint64
	remote Info
	phase  phase
	hello  *wire.Hello

	opened, heard, pinged int64
	ping                  uint64

	client   source.Client
	identity auth.Identity
	columns  session.Projection
	join     wire.FrameJoiner
	queue    apply.Queue
	rate     session.Rate
	window   session.Window

	// sent is the To of the last transaction; the next begins there.
	sent version.Pos
	// scanned is how far the log was looked through while lagging; else the
	// session has been handed everything up to the core's head.
	scanned  version.Pos
	lagging  bool
	advanced int64

	subs map[uint32]*sub
}

// sub is one subscription.
type sub struct {
	id     uint32
	shape  string
	args   []wire.ShapeArg
	spec   *shape.Spec
	bucket *fanout.Bucket
	// from is the position of the rows that the client has or fetches: changes
	// up to it are in them. ready says that it is known.
	from  version.Pos
	ready bool
	// again counts how often its rows were read again.
	again int
}

// list returns the subscriptions by ID.
func (c *conn) list() []*sub {
	out := make([]*sub, 0, len(c.subs))
	for _, s := range c.subs {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *sub) int { return cmp.Compare(a.id, b.id) })
	return out
}

func byeOf(err error, retryMillis uint32) []byte { return session.ByeOf(err, retryMillis) }
