package syncer

import (
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

// Effect is something that the driver shall carry out.
type Effect interface{ effect() }

// Effects on the transport. They have no answer of their own; what comes of
// them arrives as events.
type (
	// OpenSocket dials the relay; SocketOpened or SocketClosed follows.
	OpenSocket struct{ ID SocketID }
	// Send writes one frame. When the socket cannot take it, SocketClosed follows.
	Send struct {
		ID   SocketID
		Data []byte
	}
	// CloseSocket ends it; its events are no longer wanted.
	CloseSocket struct {
		ID   SocketID
		Code int
	}
	// StartFetch gets a chunk; URL is relative to the relay's.
	StartFetch struct {
		ID  FetchID
		URL string
	}
	// CancelFetch ends it; its events are no longer wanted.
	CancelFetch struct{ ID FetchID }
	// Wake arms the one timer for a moment of Now.Mono; 0 disarms it.
	Wake struct{ At int64 }
	// WantToken asks the app for a token; TokenGiven answers.
	WantToken struct{}
)

// Effects on the store. Exactly one is out at a time and Stored answers it.
type (
	// Rotate makes the pair of incarnations for a hello, durably.
	Rotate struct{}
	// Confirm says that the relay knows the newer incarnation, and in which term
	// of its log the cursor stands.
	Confirm struct{ Term uint64 }
	// Compare looks for outcomes that are a twin's: fault.Rewound.
	Compare struct{ Outcomes []mutation.Outcome }
	// Rewind takes a new client ID. Mutations up to LastMid may have been applied
	// under the old one, as far as Outcomes does not say what became of them;
	// those that were not are numbered from 1.
	Rewind struct {
		LastMid  uint64
		Outcomes []mutation.Outcome
	}
	// SetSchema puts a schema in force.
	SetSchema struct{ Schema *schema.Schema }
	// Resync moves the cursor where the log does not lead; shapes go stale, and
	// what ended before there is settled.
	Resync struct {
		Pos      version.Pos
		Outcomes []mutation.Outcome
	}
	// Settle applies outcomes that no log record will carry.
	Settle struct{ Outcomes []mutation.Outcome }
	// Apply moves the store from Tx.From to Tx.To.
	Apply struct{ Tx *wire.Tx }
	// Flush makes everything so far durable.
	Flush struct{}
	// ReadOutbox reads flushed mutations from From on.
	ReadOutbox struct {
		From uint64
		Max  int
	}
	// BindShape says that a shape's rows are continued from the cursor.
	BindShape struct{ Ready *wire.Ready }
	// StageShape starts to gather a shape's rows.
	StageShape struct{ Snap *wire.Snap }
	// StageChunk adds a chunk to them.
	StageChunk struct {
		ID    uint32
		Chunk []byte
	}
	// AdoptShapes shows those of several in one transaction, if the cursor has
	// come so far for each (Stored.Adopted).
	AdoptShapes struct{ IDs []uint32 }
	// DropShape ends a shape and takes its rows out.
	DropShape struct{ ID uint32 }
)

// Effects that tell the app.
type (
	// HealthChanged is sent on every change of the socket's state.
	HealthChanged struct{ Health wire.Health }
	// StatusChanged is sent when where sync stands has changed.
	StatusChanged struct{ Status wire.SyncStatus }
	// RoundDone ends the rounds that SyncNow and the interval started. Err
	// is nil, or why the round did not reach its end.
	RoundDone struct {
		Round wire.SyncRound
		Asked int // how many SyncNow it answers; 0 for the interval's own
		Err   error
	}
	// ShapeSettled says that a shape's rows are there, or (Err) why not yet.
	// Final is true when the engine will not ask again by itself.
	ShapeSettled struct {
		ID    uint32
		Err   error
		Final bool
	}
	// ClockOffset is what to add to the client's clock to get the relay's.
	ClockOffset struct{ Millis int64 }
	// Sent says that the mutations from First to Last were handed to the socket.
	Sent struct{ First, Last uint64 }
	// Stuck says that a mutation cannot be sent, and so none behind it.
	Stuck struct {
		Mid uint64
		Err error
	}
)

func (OpenSocket) effect()    {}
func (Send) effect()          {}
func (CloseSocket) effect()   {}
func (StartFetch) effect()    {}
func (CancelFetch) effect()   {}
func (Wake) effect()          {}
func (WantToken) effect()     {}
func (Rotate) effect()        {}
func (Confirm) effect()       {}
func (Compare) effect()       {}
func (Rewind) effect()        {}
func (SetSchema) effect()     {}
func (Resync) effect()        {}
func (Settle) effect()        {}
func (Apply) effect()         {}
func (Flush) effect()         {}
func (ReadOutbox) effect()    {}
func (BindShape) effect()     {}
func (StageShape) effect()    {}
func (StageChunk) effect()    {}
func (AdoptShapes) effect()   {}
func (DropShape) effect()     {}
func (HealthChanged) effect() {}
func (StatusChanged) effect() {}
func (RoundDone) effect()     {}
func (ShapeSettled) effect()  {}
func (ClockOffset) effect()   {}
func (Sent) effect()          {}
func (Stuck) effect()         {}
