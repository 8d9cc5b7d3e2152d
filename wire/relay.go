package wire

import (
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// RelayFrame is the type byte of a client ⇄ relay frame. A frame is this byte,
// a flags byte, and the message's fields; the socket gives the length.
type RelayFrame uint8

// Frames a client sends.
const (
	FrameHello RelayFrame = 1
	FrameSub   RelayFrame = 2
	FrameUnsub RelayFrame = 3
	FrameMut   RelayFrame = 4 // body: mutation.Tx
	FrameAck   RelayFrame = 5
	FrameToken RelayFrame = 6
	FramePong  RelayFrame = 7
)

// Frames a relay sends.
const (
	FrameWelcome  RelayFrame = 65
	FrameSnap     RelayFrame = 66
	FrameReady    RelayFrame = 67
	FrameDeny     RelayFrame = 68
	FrameReceived RelayFrame = 69
	FrameRetry    RelayFrame = 70
	FrameTx       RelayFrame = 71
	FramePing     RelayFrame = 72
	FrameSchema   RelayFrame = 73
	FrameBye      RelayFrame = 74
)

// FlagDeflate says that the body is deflate-raw.
const FlagDeflate uint8 = 1

// Hello is a client's first frame, sent before anything else.
type Hello struct {
	// Version is the newest that the client speaks.
	Version uint32 `wire:"1"`
	// Token is the JWT, or "" where the relay allows that (rockpool dev).
	Token string `wire:"2"`
	// ClientID names this profile and database; a UUID the client made.
	ClientID string `wire:"3"`
	// IncarnationOld and IncarnationNew: SYNC.md §6.4.
	IncarnationOld string `wire:"4"`
	IncarnationNew string `wire:"5"`
	// Cursor is the position of the client's rows.
	Cursor version.Pos `wire:"6"`
	// AckedMid is the newest mid whose outcome the client has applied.
	AckedMid uint64 `wire:"7"`
	// LastMid is the newest mid the client has made.
	LastMid uint64 `wire:"8"`
	// SchemaVersion is what the client holds, 0 for nothing.
	SchemaVersion uint32 `wire:"9"`
	// Declared is what the app's build declares, or nil for "all of it". The
	// relay checks that it is a subset and projects rows to its columns.
	Declared *schema.Schema `wire:"10"`
	// Build is the app's build, for messages.
	Build string `wire:"11"`
	// Subs are the shapes that the client follows. They are answered right
	// after Welcome, before any FrameTx: a shape that the client holds at
	// Cursor would otherwise miss what the tail passes before its FrameSub.
	Subs []Sub `wire:"12"`
	// Term is Welcome.Term of the relay that Cursor was reached with, or 0.
	Term uint64 `wire:"13,big"`
}

// Welcome answers Hello.
type Welcome struct {
	// Version is that of the session: the older of Hello.Version and the relay's
	// own. The relay refuses what is older than its VersionMin, and the client
	// what is older than its own.
	Version uint32 `wire:"1"`
	// ServerMillis is the relay's clock, milliseconds since 1970.
	ServerMillis int64 `wire:"2"`
	// LastMid is the newest mid of this client that the source has settled.
	LastMid uint64 `wire:"3"`
	// Resume is true when the client's cursor can be continued; else it keeps
	// its outbox, and every subscription is answered with a snapshot.
	Resume bool `wire:"4"`
	// Head is the relay's position.
	Head version.Pos `wire:"5"`
	// Schema is what the client shall hold, with the columns it declared; nil
	// when the version it named is right.
	Schema *schema.Schema `wire:"6"`
	// Outcomes settle mids in (AckedMid, LastMid] that a resumed log will not
	// carry again.
	Outcomes []mutation.Outcome `wire:"7"`
	// User is the subject of the token.
	User   string `wire:"8"`
	Limits Limits `wire:"9"`
	// Rewound is true when neither incarnation is known (SYNC.md §6.4): the
	// client takes another client ID and re-issues what was never applied.
	Rewound bool `wire:"10"`
	// Coming are outcomes of the same mids that are not among Outcomes, as the
	// log brings them with their rows: they settle nothing, and say by their IDs
	// whether the mids are this client's own or a twin's.
	Coming []mutation.Outcome `wire:"11"`
	// Term names the stretch of the log that this relay process writes, where it
	// is the truth itself; else 0. The client keeps it with its cursor: a relay
	// whose store was put back from a backup knows by it that the client followed
	// a log that is gone, also when its own has passed the cursor meanwhile.
	Term uint64 `wire:"12,big"`
}

// Limits are what this relay grants this client.
type Limits struct {
	FrameBytes        uint32 `wire:"1"`
	MutationsInFlight uint32 `wire:"2"`
	PingMillis        uint32 `wire:"3"`
}

// Sub asks for a shape. ID is the client's, unique on this socket.
type Sub struct {
	ID uint32 `wire:"1"`
	// Shape is a name from rockpool.yaml, or the name of a table for all of
	// it that the caller may read.
	Shape string     `wire:"2"`
	Args  []ShapeArg `wire:"3"`
	// Have says that the client holds this shape at Hello.Cursor, and Stamp of
	// which bucket its rows are (Snap.Stamp).
	Have  bool   `wire:"4"`
	Stamp uint64 `wire:"5,big"`
}

// ShapeArg binds one parameter of a shape.
type ShapeArg struct {
	Name  string      `wire:"1"`
	Value value.Value `wire:"2"`
}

// Unsub ends a subscription.
type Unsub struct {
	ID uint32 `wire:"1"`
}

// Snap answers Sub with rows to fetch. From here on FrameTx carries the
// shape's changes after Pos; the client adopts the rows once it holds every
// chunk and its cursor has reached Pos. A Pos before the client's cursor says
// that the rows are older than it: the next FrameTx moves nowhere and brings
// what they lack, and they are not adopted before it.
type Snap struct {
	ID  uint32      `wire:"1"`
	Pos version.Pos `wire:"2"`
	// Bucket is what Block.Bucket says for this shape's rows.
	Bucket uint32 `wire:"3"`
	Table  uint32 `wire:"4"`
	// URLs are the chunks, relative to the relay's URL, unguessable.
	URLs []string `wire:"5"`
	// Rows and Bytes are totals, for progress.
	Rows  uint64 `wire:"6"`
	Bytes uint64 `wire:"7"`
	// Stamp tells the bucket from others at every relay process: claims that
	// change turn a shape into another bucket, and a client must not go on with
	// the rows of the one before. Never 0.
	Stamp uint64 `wire:"8,big"`
}

// Ready answers Sub when the client's rows can be continued from its cursor.
type Ready struct {
	ID     uint32      `wire:"1"`
	Pos    version.Pos `wire:"2"`
	Bucket uint32      `wire:"3"`
	Table  uint32      `wire:"4"`
}

// Deny refuses or ends a subscription.
type Deny struct {
	ID   uint32 `wire:"1"`
	Kind uint16 `wire:"2"`
	Msg  string `wire:"3"`
	Hint string `wire:"4"`
}

// Received says that mids up to Mid have arrived. A hint: it changes no data.
type Received struct {
	Mid uint64 `wire:"1"`
}

// Retry asks the client to send its mutations again from FromMid.
type Retry struct {
	FromMid     uint64 `wire:"1"`
	AfterMillis uint32 `wire:"2"`
}

// Tx moves a client from one position to another: From is its cursor, or the
// frame is refused. A transaction larger than a frame comes in parts with the
// same From and To; the client acts when Last is true.
type Tx struct {
	From version.Pos        `wire:"1"`
	To   version.Pos        `wire:"2"`
	Acks []mutation.Outcome `wire:"3"`
	// Blocks hold the changes; those of one bucket are encoded once and shared.
	Blocks []Block `wire:"4"`
	Part   uint32  `wire:"5"`
	Last   bool    `wire:"6"`
	// Schema is the version that the blocks belong to.
	Schema uint32 `wire:"7"`
	// CommitMicros is when the source committed To, for latency figures.
	CommitMicros int64 `wire:"8"`
	// Lost lists rows on which another client's write replaced a value that
	// this client had committed, as this client sees it: Mine is what it had
	// written, Theirs what the other wanted.
	Lost []mutation.Conflict `wire:"9"`
}

// Block is the changes of one bucket and table in one transaction. Data is a
// sequence of: op u8 (BlockPut: a whole row of tagged values; BlockOut: the
// key's tagged values; BlockClear: nothing, every row of the bucket is gone).
type Block struct {
	Bucket uint32 `wire:"1"`
	Table  uint32 `wire:"2"`
	Data   []byte `wire:"3"`
}

// Operations inside a Block.
const (
	BlockPut   uint8 = 1
	BlockOut   uint8 = 2
	BlockClear uint8 = 3
)

// Ack tells the relay how far the client has stored; it is also credit.
type Ack struct {
	Pos version.Pos `wire:"1"`
	// Probe, if not 0, asks for a Ping at once whose Echo is this number: it
	// tells the head for a forced round, measures the round trip, and proves
	// the socket alive.
	Probe uint64 `wire:"2"`
}

// Token renews the caller's JWT on an open socket.
type Token struct {
	JWT string `wire:"1"`
}

// Ping keeps the socket alive and carries the relay's clock and head.
type Ping struct {
	T            uint64      `wire:"1"`
	ServerMillis int64       `wire:"2"`
	Head         version.Pos `wire:"3"`
	// Echo is the Probe that this answers, or 0.
	Echo uint64 `wire:"4"`
}

// Pong answers Ping with its T.
type Pong struct {
	T uint64 `wire:"1"`
}

// SchemaChange tells a new schema at its place in the stream.
type SchemaChange struct {
	Schema *schema.Schema `wire:"1"`
}

// Bye is the relay's last frame on a socket.
type Bye struct {
	Kind        uint16 `wire:"1"`
	Msg         string `wire:"2"`
	Hint        string `wire:"3"`
	RetryMillis uint32 `wire:"4"`
}
