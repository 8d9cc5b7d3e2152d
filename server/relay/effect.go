package relay

import (
	"rockpool.dev/mutation"
	"rockpool.dev/server/auth"
	"rockpool.dev/server/fanout"
	"rockpool.dev/server/snapshot"
	"rockpool.dev/server/source"
	"rockpool.dev/wire"
)

// Effect is what the core wants done.
type Effect interface{ isEffect() }

type (
	// Send writes a frame to a socket. The frame is shared: nobody changes it.
	Send struct {
		ID    uint64
		Frame []byte
	}
	// CloseSession closes a socket after what was sent. The core has forgotten
	// it; Closed need not be called.
	CloseSession struct {
		ID     uint64
		Code   int
		Reason string
	}
	// Admit asks who a hello is from: see Core.Admit, answered by Admitted.
	Admit struct {
		ID    uint64
		Hello *wire.Hello
	}
	// Verify checks a renewed token, answered by Verified.
	Verify struct {
		ID    uint64
		Token string
	}
	// Apply hands a client's transactions, one or several in order, to the source
	// (source.ApplyAll), answered by Applied.
	Apply struct {
		ID     uint64
		Client source.Client
		Txs    []*mutation.Tx
	}
	// Snap makes a bucket's snapshot (package snapshot), answered by Snapped.
	Snap struct {
		ID     uint64
		Sub    uint32
		Bucket *fanout.Bucket
	}
	// Durably is called when everything before it is durable. It does not wait.
	Durably struct{ Then func() }
)

func (Send) isEffect()         {}
func (CloseSession) isEffect() {}
func (Admit) isEffect()        {}
func (Verify) isEffect()       {}
func (Apply) isEffect()        {}
func (Snap) isEffect()         {}
func (Durably) isEffect()      {}

// WebSocket close codes. A browser may not send others than 1000 and 3000–4999,
// but receives any.
const (
	CodeNormal   = 1000
	CodeProtocol = 1002
	CodePolicy   = 1008
	CodeTooBig   = 1009
	CodeTryLater = 1013
)

// Admission is who a hello is from.
type Admission struct {
	Identity auth.Identity
	LastMid  uint64
	Outcomes []mutation.Outcome
	Err      error
}

// Snapped is a snapshot that was made.
type Snapped struct {
	ID  uint64
	Sub uint32
	Set *snapshot.Set
	Err error
}
