package syncer

import (
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

// Now is the time of an event. Mono is milliseconds that never go back; Wall
// is the client's own clock, milliseconds since 1970.
type Now struct{ Mono, Wall int64 }

// SocketID names one attempt's socket; FetchID one fetch. They start at 1.
type (
	SocketID uint32
	FetchID  uint32
)

// Local is what the store says about itself. Every event that follows a
// change of the store carries it.
type Local struct {
	ClientID          string
	Cursor            version.Pos
	Term              uint64 // wire.Welcome.Term of the cursor
	AckedMid, LastMid uint64
	// DurableMid is the newest flushed mid: nothing beyond it is sent.
	DurableMid    uint64
	SchemaVersion uint32
	// Pending, Parked and Failed count transactions of the outbox.
	Pending, Parked, Failed uint64
}

// Shape is one followed shape as the store knows it.
type Shape struct {
	ID    uint32
	Name  string
	Args  []wire.ShapeArg
	Table uint32
	// Ready says that its rows stand at the cursor; Stamp of which bucket they
	// are (wire.Snap.Stamp).
	Ready bool
	Stamp uint64
	// Stale says that it shows rows that are older than the cursor.
	Stale bool
	// Priority orders who is asked for and loaded first: the higher.
	Priority int32
}

// Event is something that happened to the engine.
type Event interface{ event() }

// Events of the app and its host.
type (
	// Start is the first event.
	Start struct {
		Local  Local
		Shapes []Shape
	}
	// Connect asks for a connection now, also after a refusal or in a back-off.
	Connect struct{}
	// Disconnect ends it until Connect.
	Disconnect struct{}
	// Pause stops push and tail, or starts them again.
	Pause struct{ On bool }
	// Nudge says that the network or the tab came back: dial now, or probe.
	Nudge struct{}
	// TokenGiven answers WantToken, or renews the token of an open socket.
	// Err, if not nil, says why there is none.
	TokenGiven struct {
		JWT string
		Err error
	}
	// Wrote says that local writes have been committed or flushed.
	Wrote struct{ Local Local }
	// Recalled says that a queued mutation was taken back: what could not be sent
	// may be sent now.
	Recalled struct{ Local Local }
	// Subscribed says that the store follows a shape.
	Subscribed struct{ Shape Shape }
	// Unsubscribed ends it; the engine has the store drop it.
	Unsubscribed struct{ ID uint32 }
	// SyncNow asks for a forced round; it ends with one RoundDone.
	SyncNow struct{}
	// Tick says that the time of the last Wake has come.
	Tick struct{}
)

// Events of the transport.
type (
	// SocketOpened says that a socket may send.
	SocketOpened struct{ ID SocketID }
	// SocketFrame is one binary frame; the engine owns Data from here on.
	SocketFrame struct {
		ID   SocketID
		Data []byte
	}
	// SocketClosed is the last event of a socket, whoever closed it.
	SocketClosed struct {
		ID     SocketID
		Code   int
		Reason string
	}
	// Fetched is a whole body; the engine owns it.
	Fetched struct {
		ID   FetchID
		Body []byte
	}
	// FetchFailed ends a fetch; Status is HTTP's, or 0 when none came.
	FetchFailed struct {
		ID     FetchID
		Status int
		Msg    string
	}
)

// Stored ends the one store effect that is out.
type Stored struct {
	Local Local
	Err   error
	// Updated and Conflicts count what the effect changed: rows whose visible
	// image a remote change altered, and mutations that ended merged,
	// superseded or parked.
	Updated, Conflicts uint64
	// Old, New and Ready are Rotate's: the pair of incarnations, and the shapes
	// whose rows stand at the cursor, with their stamps.
	Old, New string
	Ready    map[uint32]uint64
	// Out is ReadOutbox's.
	Out []Outgoing
	// Rows is StageChunk's; AdoptShapes sets Adopted when it had rows to adopt.
	Rows    int
	Adopted bool
}

// Outgoing is one transaction of the outbox, encoded.
type Outgoing struct {
	Mid  uint64
	Body []byte
}

func (Start) event()        {}
func (Connect) event()      {}
func (Disconnect) event()   {}
func (Pause) event()        {}
func (Nudge) event()        {}
func (TokenGiven) event()   {}
func (Wrote) event()        {}
func (Recalled) event()     {}
func (Subscribed) event()   {}
func (Unsubscribed) event() {}
func (SyncNow) event()      {}
func (Tick) event()         {}
func (SocketOpened) event() {}
func (SocketFrame) event()  {}
func (SocketClosed) event() {}
func (Fetched) event()      {}
func (FetchFailed) event()  {}
func (Stored) event()       {}
