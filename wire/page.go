package wire

import (
	"rockpool.dev/mutation"
	"rockpool.dev/query"
	"rockpool.dev/schema"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// PageFrame is the type byte of a page ⇄ Worker frame. A frame is one
// ArrayBuffer: type u8, flags u8, u16 zero, call ID u32 little endian, then
// the message's fields. The body starts at byte 8, so a chunk's 8-byte cells
// can be viewed in place. A call ID is the page's, unique on its port; 0 is
// for events. Every call is answered by any number of PageHead/PageChunk
// frames and exactly one PageDone or PageFail.
type PageFrame uint8

// PageHeaderBytes is the length of a page frame's header.
const PageHeaderBytes = 8

// PageAlone is the flag of a call whose page waits for no answer but to this
// call and those that it sent just before: no further write of it can share
// their flush.
const PageAlone = 1

// Frames a page sends. The comment names the body and what PageDone carries.
const (
	PageHello       PageFrame = 1  // TabHello → TabWelcome
	PageOpen        PageFrame = 2  // OpenDatabase → Opened
	PageQuery       PageFrame = 3  // Query → head, chunks, QueryDone
	PageSelect      PageFrame = 4  // SelectCall → head, chunks, QueryDone
	PageOperations  PageFrame = 5  // Operations → OperationsDone
	PageBegin       PageFrame = 6  // BeginTx → TxStarted
	PageTxQuery     PageFrame = 7  // TxQuery → head, chunks, QueryDone; with operations, OperationsDone
	PageTxEnd       PageFrame = 8  // TxEnd → WriteDone
	PageLive        PageFrame = 9  // LiveCall: head, chunks, PageLiveEnd for each state; PageDone when it is stopped
	PageCancel      PageFrame = 10 // Cancel: no answer of its own
	PageSubscribe   PageFrame = 11 // Subscribe → Empty, when the rows are there
	PageUnsubscribe PageFrame = 12 // Unsubscribe → Empty
	PageSyncNow     PageFrame = 13 // Empty → SyncRound
	PageSyncPause   PageFrame = 14 // SyncPause → Empty
	PageConflicts   PageFrame = 15 // Empty → ConflictList
	PageResolve     PageFrame = 16 // Resolve → WriteDone
	PageStats       PageFrame = 17 // Empty → Stats
	PageToken       PageFrame = 18 // TokenGiven: no answer of its own
	PageExport      PageFrame = 19 // Empty → chunks of raw file bytes, Empty
	PageReset       PageFrame = 20 // Empty → Empty
	PageSignOut     PageFrame = 21 // SignOut → Empty
	PageOutbox      PageFrame = 23 // Empty → OutboxList
	PageOutboxAct   PageFrame = 24 // OutboxAct → Empty
	PageValidate    PageFrame = 25 // Validate → Validated
	PageSchema      PageFrame = 26 // Empty → SchemaInfo
	PageConnect     PageFrame = 27 // Connect: turn the relay connection on or off → Empty
	PageVisible     PageFrame = 28 // Visible: no answer of its own
	PageStatus      PageFrame = 29 // WriteStatus → Outcome known so far (by idempotency key or mid) → WriteDone
	PageBatch       PageFrame = 30 // Batch → QueryDone
	PageRest        PageFrame = 31 // RestCall → RestDone
)

// Frames a Worker sends.
const (
	PageDone    PageFrame = 64 // the call's result
	PageFail    PageFrame = 65 // Failure
	PageHead    PageFrame = 66 // Head: the columns of the chunks that follow
	PageChunk   PageFrame = 67 // raw: a chunk in the engine's layout (wasm/engine)
	PageLiveEnd PageFrame = 68 // LiveState: the end of a state, whose chunks came before
	PageEvent   PageFrame = 69 // Event, call ID 0
	PageWelcome PageFrame = 70 // TabWelcome

	// PagePack is several frames in one: after its header, for each, its length
	// as u32 little endian, u32 zero, and its bytes, padded with zeros to a
	// multiple of 8. Frames in it are whole and no packs themselves.
	PagePack PageFrame = 71
)

// Empty is a body without fields.
type Empty struct{}

// TabHello is a tab's first frame on a port.
type TabHello struct {
	Version uint32 `wire:"1"`
	// Build orders builds of the app: the higher number takes over.
	Build   uint64 `wire:"2"`
	Storage uint32 `wire:"3"`
	Tab     string `wire:"4"`
	Visible bool   `wire:"5"`
}

// TabWelcome answers TabHello. Reload is true for the older of two builds.
type TabWelcome struct {
	Version uint32 `wire:"1"`
	Build   uint64 `wire:"2"`
	Storage uint32 `wire:"3"`
	Reload  bool   `wire:"4"`
	Engine  string `wire:"5"` // SQLite's version
}

// OpenDatabase opens the database, or joins it when it is open already.
type OpenDatabase struct {
	Name string `wire:"1"`
	User string `wire:"2"`
	// Key encrypts the file; empty for none.
	Key    []byte         `wire:"3"`
	Schema *schema.Schema `wire:"4"`
	// RelayURL is ws:// or wss://, or "" for a database without a relay.
	RelayURL string `wire:"5"`
	// HasToken says that the page answers EventTokenWanted.
	HasToken bool   `wire:"6"`
	Build    string `wire:"7"`
	// Lazy does not connect to the relay until Connect or a subscription.
	Lazy bool `wire:"8"`
	// Memory keeps everything in memory, by name only.
	Memory bool `wire:"9"`
	// Readers is the number of snapshot readers, 0 for the default.
	Readers uint32 `wire:"10"`
	// SyncIntervalMillis forces a round (push, compare head) that often; 0 never.
	SyncIntervalMillis uint32 `wire:"11"`
}

// Opened answers OpenDatabase.
type Opened struct {
	ClientID string         `wire:"1"`
	Schema   *schema.Schema `wire:"2"`
	// Durable is false in private windows and in memory.
	Durable bool `wire:"3"`
}

// Lane is the queue a call waits in.
type Lane uint8

// The lanes, most urgent first.
const (
	LaneInteractive Lane = 0
	LaneLive        Lane = 1
	LaneBulk        Lane = 2
)

// Query runs SQL text: one statement, bound arguments.
type Query struct {
	SQL  string    `wire:"1"`
	Args value.Row `wire:"2"`
	Lane Lane      `wire:"3"`
	// DeadlineMillis ends the call that long after it arrived; 0 never.
	DeadlineMillis uint32 `wire:"4"`
	// IdempotencyKey makes a write that is sent twice apply once.
	IdempotencyKey string `wire:"5"`
	// Standing is a URL that the page revokes to end the call inside a long
	// step, when no frame is read; "" for none.
	Standing string `wire:"6"`
}

// Batch runs one writing statement once for each of Count sets of arguments,
// as one transaction.
type Batch struct {
	SQL   string `wire:"1"`
	Count uint64 `wire:"2"`
	// Sets is the sets one after the other, each value in the form of package
	// value, as SQLite's bindings take them.
	Sets []byte `wire:"3"`
	// DeadlineMillis and IdempotencyKey are as in Query.
	DeadlineMillis uint32 `wire:"4"`
	IdempotencyKey string `wire:"5"`
}

// SelectCall runs a built query.
type SelectCall struct {
	Select         *query.Select `wire:"1"`
	Lane           Lane          `wire:"2"`
	DeadlineMillis uint32        `wire:"3"`
	// Standing is as in Query.
	Standing string `wire:"4"`
}

// Head names the columns of the chunks that follow.
type Head struct {
	Columns []HeadColumn `wire:"1"`
}

// HeadColumn is one column of a result. Type is the schema's where the column
// comes from a synced table, so that the page can show booleans as booleans.
type HeadColumn struct {
	Name string      `wire:"1"`
	Decl string      `wire:"2"`
	Type schema.Type `wire:"3"`
	// Rows are the columns of the rows that this one holds, as a blob of their
	// values one after the other; One says that there is at most one row.
	Rows []HeadColumn `wire:"4"`
	One  bool         `wire:"5"`
}

// QueryDone ends a query.
type QueryDone struct {
	Rows    uint64 `wire:"1"`
	Changes int64  `wire:"2"`
	LastID  int64  `wire:"3,wide"`
	Micros  uint64 `wire:"4"`
	// Mid is the queued mutation of a write to a synced table, or 0.
	Mid uint64 `wire:"5"`
	SQL string `wire:"6"`
}

// Operations is the seed's executeTransaction.
type Operations struct {
	Ops            []Operation `wire:"1"`
	IdempotencyKey string      `wire:"2"`
	DeadlineMillis uint32      `wire:"3"`
}

// OperationType is what one operation does.
type OperationType uint8

// The operation types.
const (
	OpInsert    OperationType = 1
	OpUpdate    OperationType = 2
	OpDelete    OperationType = 3
	OpIncrement OperationType = 4
	OpUpsert    OperationType = 5
)

// Operation is the seed's {type, table, data}: the key's columns are in the data.
type Operation struct {
	Type    OperationType `wire:"1"`
	Table   string        `wire:"2"`
	Columns []string      `wire:"3"`
	Values  value.Row     `wire:"4"`
}

// OperationsDone has one element an operation: the row after it, or the key of
// a deleted one.
type OperationsDone struct {
	Results []NamedRow `wire:"1"`
	Mid     uint64     `wire:"2"`
	Repeat  bool       `wire:"3"` // the idempotency key had been used: nothing was applied again
}

// NamedRow is a row with its column names.
type NamedRow struct {
	Columns []string  `wire:"1"`
	Values  value.Row `wire:"2"`
}

// RestCall is a request of PostgREST's protocol (query/postgrest), as it came.
type RestCall struct {
	Method string `wire:"1"`
	// Target is the path behind /rest/v1/, with the query string.
	Target string `wire:"2"`
	// Headers has lower-case names; those that nobody sent are left out.
	Headers        []RestHeader `wire:"3"`
	Body           string       `wire:"4"`
	IdempotencyKey string       `wire:"5"`
	DeadlineMillis uint32       `wire:"6"`
}

// RestHeader is one header.
type RestHeader struct {
	Name  string `wire:"1"`
	Value string `wire:"2"`
}

// RestDone is the response. Elsewhere says that what was asked for is not in
// this database and may be at the server: the rest is then the answer when that
// cannot be asked.
type RestDone struct {
	Status    uint32       `wire:"1"`
	Headers   []RestHeader `wire:"2"`
	Body      []byte       `wire:"3"`
	Elsewhere bool         `wire:"4"`
}

// BeginTx starts an interactive transaction; it ends by TxEnd, by its timeout,
// or with its tab.
type BeginTx struct {
	TimeoutMillis  uint32 `wire:"1"`
	IdempotencyKey string `wire:"2"`
	ReadOnly       bool   `wire:"3"`
}

// TxStarted names it.
type TxStarted struct {
	Tx uint32 `wire:"1"`
}

// TxQuery runs SQL or a built query or operations inside it.
type TxQuery struct {
	Tx     uint32        `wire:"1"`
	SQL    string        `wire:"2"`
	Args   value.Row     `wire:"3"`
	Select *query.Select `wire:"4"`
	// Ops, when there are any, are answered by OperationsDone instead.
	Ops []Operation `wire:"5"`
}

// TxEnd commits or rolls back.
type TxEnd struct {
	Tx     uint32 `wire:"1"`
	Commit bool   `wire:"2"`
}

// WriteDone ends a write: Mid is the queued mutation or 0, Repeat as above.
// Outcome is set when the server has decided already.
type WriteDone struct {
	Mid     uint64            `wire:"1"`
	Repeat  bool              `wire:"2"`
	Outcome *mutation.Outcome `wire:"3"`
	Known   bool              `wire:"4"` // WriteStatus: this key or mid was applied here
}

// WriteStatus asks what became of a write.
type WriteStatus struct {
	IdempotencyKey string `wire:"1"`
	Mid            uint64 `wire:"2"`
}

// LiveCall subscribes to a query: SQL text or a built one.
type LiveCall struct {
	SQL    string        `wire:"1"`
	Args   value.Row     `wire:"2"`
	Select *query.Select `wire:"3"`
}

// LiveState ends one state of a live query. A state that is the same as the
// last one is not sent.
type LiveState struct {
	Rows   uint64 `wire:"1"`
	Micros uint64 `wire:"2"`
	// Kept is pairs that say which rows the state has, in order: a place in the
	// last state, counted from 1, and how many rows from there on; or 0 and how
	// many of the chunks' rows come next. None: the chunks are the whole state.
	Kept []uint32 `wire:"4"`
	// More says that a state of another query of this tab follows, and that both
	// are to be seen at once.
	More bool `wire:"5"`
}

// Cancel ends the call with that ID.
type Cancel struct {
	Call uint32 `wire:"1"`
}

// Subscribe follows a shape.
type Subscribe struct {
	Shape     string     `wire:"1"`
	Args      []ShapeArg `wire:"2"`
	TTLMillis uint64     `wire:"3"`
	Priority  int32      `wire:"4"`
}

// Unsubscribe names it again.
type Unsubscribe struct {
	Shape string     `wire:"1"`
	Args  []ShapeArg `wire:"2"`
}

// SyncPause stops and restarts push and tail.
type SyncPause struct {
	Paused bool `wire:"1"`
}

// Connect turns the relay connection on or off.
type Connect struct {
	On bool `wire:"1"`
}

// Visible says whether the tab is in front.
type Visible struct {
	Visible bool `wire:"1"`
}

// SyncRound answers SyncNow: what a round changed (DESIGN.md §7).
type SyncRound struct {
	Updated   uint64      `wire:"1"`
	Conflicts uint64      `wire:"2"`
	Pos       version.Pos `wire:"3"`
}

// ConflictList is every conflict that the app has not dismissed.
type ConflictList struct {
	Conflicts []ConflictInfo `wire:"1"`
}

// ConflictInfo is one row of _rockpool_conflict.
type ConflictInfo struct {
	ID     uint64          `wire:"1"`
	Table  string          `wire:"2"`
	Key    NamedRow        `wire:"3"`
	Base   *NamedRow       `wire:"4"`
	Mine   *NamedRow       `wire:"5" ts:"localData"`
	Theirs *NamedRow       `wire:"6" ts:"remoteData"`
	Chosen *NamedRow       `wire:"7"`
	Cols   []string        `wire:"8" ts:"columns"` // where two values met
	Rule   mutation.Rule   `wire:"9"`
	Status mutation.Status `wire:"10"`
	Open   bool            `wire:"11" ts:"isOpen"`
	Mid    uint64          `wire:"12"`
	Millis int64           `wire:"13" ts:"at"`
	// Notify is false for a merge of different columns: recorded and counted,
	// but nobody is called.
	Notify bool `wire:"14"`
	// Gone says that it is off the list, as somebody has dealt with it; an event
	// alone says so, and sets nothing else but ID.
	Gone bool `wire:"15"`
}

// Choice is how a person settles a conflict.
type Choice uint8

// The choices.
const (
	ChooseMine    Choice = 1
	ChooseTheirs  Choice = 2
	ChooseEdited  Choice = 3
	ChooseDismiss Choice = 4 // a settled one: take it off the list
)

// Resolve settles a conflict.
type Resolve struct {
	ID     uint64    `wire:"1"`
	Choice Choice    `wire:"2"`
	Edited *NamedRow `wire:"3"`
	// Seen is the row that the decision was made on, or Gone says that there was
	// none: when another stands by now the call fails with kind conflict. Neither:
	// it is not asked.
	Seen *NamedRow `wire:"4"`
	Gone bool      `wire:"5"`
}

// OutboxList is the mutations that have not ended.
type OutboxList struct {
	Entries []OutboxEntry `wire:"1"`
}

// TxState is where a local transaction stands.
type TxState uint8

// The states, MISSION's "transaction state tracking".
const (
	TxDraft      TxState = 1
	TxApplied    TxState = 2 // in the view, not flushed
	TxDurable    TxState = 3 // flushed: the promise has resolved
	TxSent       TxState = 4
	TxAccepted   TxState = 5
	TxConflicted TxState = 6 // parked
	TxRejected   TxState = 7
	TxRolledBack TxState = 8
	TxBlocked    TxState = 9
)

// OutboxEntry is one local transaction. An event has its operations only when
// it is new (TxDurable), OutboxList was asked for on some port, and they are
// at most OutboxEventBytesMax.
type OutboxEntry struct {
	Mid    uint64     `wire:"1"`
	State  TxState    `wire:"2"`
	Millis int64      `wire:"3" ts:"at"`
	Ops    []OutboxOp `wire:"4" ts:"operations"`
	Kind   uint16     `wire:"5"`
	Detail string     `wire:"6"`
	Bytes  uint64     `wire:"7"`
	Key    string     `wire:"8" ts:"idempotencyKey"` // idempotency key
	// CausedBy is the refused transaction that a blocked one builds on, or 0.
	CausedBy uint64 `wire:"9"`
	// History is the states that it has been in, oldest first, as far as is known.
	History []TxMoment `wire:"10"`
}

// TxMoment is when a transaction came into a state.
type TxMoment struct {
	State  TxState `wire:"1"`
	Millis int64   `wire:"2" ts:"at"`
}

// OutboxOp shows one operation.
type OutboxOp struct {
	Table string        `wire:"1"`
	Kind  mutation.Kind `wire:"2" ts:"type"`
	Key   NamedRow      `wire:"3"`
	Old   *NamedRow     `wire:"4" ts:"before"`
	New   *NamedRow     `wire:"5" ts:"after"`
	// Deltas lists the columns of an update whose New is an amount that was added.
	Deltas []string `wire:"6"`
}

// OutboxAct discards, retries or replaces a transaction that did not apply, or
// one that is queued and that no socket has taken.
type OutboxAct struct {
	Mid     uint64 `wire:"1"`
	Discard bool   `wire:"2"`
	// Ops, when there are any, are what is written in its place.
	Ops []Operation `wire:"3"`
}

// SignOut ends the user's session: Pending is 1 ask, 2 discard, 3 keep. With
// ask it fails with kind conflict when something is pending.
type SignOut struct {
	Pending uint8 `wire:"1"`
}

// TokenGiven answers EventTokenWanted; Error says why there is none.
type TokenGiven struct {
	JWT   string `wire:"1"`
	Error string `wire:"2"`
}

// Validate checks SQL or a query without running it.
type Validate struct {
	SQL    string        `wire:"1"`
	Select *query.Select `wire:"2"`
}

// Validated lists what is wrong; empty is fine.
type Validated struct {
	Problems []Problem `wire:"1"`
	SQL      string    `wire:"2"` // the SQL a built query will run
	Plan     []string  `wire:"3"`
	ReadOnly bool      `wire:"4" ts:"isReadOnly"`
	Params   uint32    `wire:"5"`
}

// Problem is one fault in a query. Offset is in bytes, or -1.
type Problem struct {
	Kind       uint16 `wire:"1"`
	Msg        string `wire:"2" ts:"message"`
	Hint       string `wire:"3"`
	Offset     int32  `wire:"4"`
	Suggestion string `wire:"5"`
}

// SchemaInfo is the schema in force.
type SchemaInfo struct {
	Schema *schema.Schema `wire:"1"`
}

// Failure is an error with its kind.
type Failure struct {
	Kind   uint16 `wire:"1"`
	Op     string `wire:"2"`
	Msg    string `wire:"3" ts:"message"`
	Hint   string `wire:"4"`
	Offset int32  `wire:"5"` // -1 for none
	// Code is SQLite's extended result code, or 0.
	Code int32 `wire:"6"`
	// Mid is the mutation it concerns, or 0.
	Mid uint64 `wire:"7"`
	// Table, Columns and Constraint are those of a broken constraint (fault.Rule).
	Table      string   `wire:"8"`
	Columns    []string `wire:"9"`
	Constraint string   `wire:"10"`
}

// EventType says which field of Event is set.
type EventType uint8

// The events.
const (
	EventHealth      EventType = 1
	EventOutcome     EventType = 2 // a mutation has ended
	EventConflict    EventType = 3 // new, changed, or off the list
	EventTokenWanted EventType = 4
	EventSync        EventType = 5 // status changed
	EventTables      EventType = 6 // these tables changed (any writer)
	EventSyncRound   EventType = 7
	EventReload      EventType = 8 // a newer build has taken over
	EventTxState     EventType = 9
	EventSchema      EventType = 10 // other tables or columns are in force: ask with PageSchema
)

// Event is pushed to every open port.
type Event struct {
	Type     EventType         `wire:"1"`
	Health   *Health           `wire:"2"`
	Outcome  *mutation.Outcome `wire:"3"`
	Conflict *ConflictInfo     `wire:"4"`
	Sync     *SyncStatus       `wire:"5"`
	Tables   []string          `wire:"6"`
	Round    *SyncRound        `wire:"7"`
	Entry    *OutboxEntry      `wire:"8"`
	// RolledBack lists the operations that left the view with a rejection, and
	// CausedBy is the refused transaction that they were built on, or 0.
	RolledBack []OutboxOp `wire:"9"`
	CausedBy   uint64     `wire:"10"`
}

// ConnState is the state of the database or of the socket.
type ConnState uint8

// The states.
const (
	ConnIdle       ConnState = 0 // not asked for
	ConnConnecting ConnState = 1
	ConnOpen       ConnState = 2
	ConnBackoff    ConnState = 3 // waiting to try again
	ConnClosed     ConnState = 4
	ConnRefused    ConnState = 5 // needs a person: token, version, origin
)

// Health is what the app can watch.
type Health struct {
	Database ConnState `wire:"1"`
	Socket   ConnState `wire:"2"`
	// RetryMillis is when the next attempt starts, from now.
	RetryMillis uint32   `wire:"3"`
	Attempts    uint32   `wire:"4"`
	RTTMicros   uint64   `wire:"5"`
	LastError   *Failure `wire:"6"`
	// SinceMillis is when the socket entered its state (client clock).
	SinceMillis int64 `wire:"7"`
}

// SyncStatus is where sync stands.
type SyncStatus struct {
	Pos     version.Pos   `wire:"1" ts:"position"`
	Head    version.Pos   `wire:"2"`
	Pending uint64        `wire:"3"` // mutations not settled
	Parked  uint64        `wire:"4"`
	Failed  uint64        `wire:"5"`
	Shapes  []ShapeStatus `wire:"6"`
	Paused  bool          `wire:"7" ts:"isPaused"`
	// LastMillis is when the last frame came, client clock.
	LastMillis int64 `wire:"8"`
}

// ShapeStatus is one subscription.
type ShapeStatus struct {
	Shape      string     `wire:"1"`
	Args       []ShapeArg `wire:"2"`
	Table      string     `wire:"3"`
	Ready      bool       `wire:"4" ts:"isReady"`
	RowsLoaded uint64     `wire:"5"`
	RowsTotal  uint64     `wire:"6"`
	Bytes      uint64     `wire:"7"`
	BytesTotal uint64     `wire:"8"`
	Error      *Failure   `wire:"9"`
}

// Stats is db.stats().
type Stats struct {
	Pool       PoolStats  `wire:"1"`
	Statements CacheStats `wire:"2"`
	Queries    uint64     `wire:"3"`
	Errors     uint64     `wire:"4"`
	Live       uint64     `wire:"5"`
	WALBytes   uint64     `wire:"6"`
	FileBytes  uint64     `wire:"7"`
	HeapBytes  uint64     `wire:"8"`
	HeapLimit  uint64     `wire:"9"`
	Flushes    uint64     `wire:"10"`
	OutboxRows uint64     `wire:"11"`
	OutboxMax  uint64     `wire:"12"`
	Reconnects uint64     `wire:"13"`
	// Slowest are the slowest statements since the start.
	Slowest []QueryStat `wire:"14"`
	// Texts are built queries and their SQL, Plans what is known of a text.
	Texts CacheStats `wire:"15"`
	Plans CacheStats `wire:"16"`
	Kept  LiveStats  `wire:"17"`
}

// LiveStats is what live queries have cost.
type LiveStats struct {
	// Kept is how many are kept up to date without a run, of Limit at most.
	Kept  uint32 `wire:"1"`
	Limit uint32 `wire:"2"`
	// Runs counts runs, Applied the commits that what is kept was brought up
	// to date by, Passed those that could not matter to a query.
	Runs    uint64 `wire:"3"`
	Applied uint64 `wire:"4"`
	Passed  uint64 `wire:"5"`
}

// QueryStat is one statement's figures.
type QueryStat struct {
	SQL    string `wire:"1"`
	Runs   uint64 `wire:"2"`
	Micros uint64 `wire:"3"`
	Max    uint64 `wire:"4"`
}

// PoolStats is the Worker's connections and lanes.
type PoolStats struct {
	Writers uint32      `wire:"1"`
	Readers uint32      `wire:"2"`
	Busy    uint32      `wire:"3"`
	Lanes   []LaneStats `wire:"4"`
}

// LaneStats is one lane: how many wait now, how many have run, were refused,
// and how long they waited.
type LaneStats struct {
	Lane       Lane   `wire:"1"`
	Waiting    uint32 `wire:"2"`
	Limit      uint32 `wire:"3"`
	Done       uint64 `wire:"4"`
	Refused    uint64 `wire:"5"`
	WaitMicros uint64 `wire:"6"`
	WaitMax    uint64 `wire:"7"`
}

// CacheStats is one cache.
type CacheStats struct {
	Entries   uint32 `wire:"1"`
	Limit     uint32 `wire:"2"`
	Hits      uint64 `wire:"3"`
	Misses    uint64 `wire:"4"`
	Evictions uint64 `wire:"5"`
	// Bytes are those of the entries, of BytesMax at most; 0 where they are not known.
	Bytes    uint64 `wire:"6"`
	BytesMax uint64 `wire:"7"`
}
