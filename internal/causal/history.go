package causal

import "fmt"

// Status is what is known of a transaction.
type Status string

// The statuses.
const (
	// OK was committed, and told so.
	OK Status = "ok"
	// Failed did nothing: it was rolled back.
	Failed Status = "failed"
	// Unknown may have been committed, or may be later.
	Unknown Status = "unknown"
)

// Absent is the value of every register before the first write.
const Absent = -1

// State is the value of each register, by key.
type State []int64

// Txn is one transaction on registers.
type Txn struct {
	Client string `json:"client"`
	// At is when it began, in milliseconds of the run; for people.
	At     int64  `json:"at"`
	Status Status `json:"status"`
	// Read is what it read before it wrote; nil unless Status is OK.
	Read State `json:"read,omitempty"`
	// Writes is what it left: what it tried to, unless Status is OK.
	Writes map[int]int64 `json:"writes,omitempty"`
	// Passing is what it wrote first and overwrote itself.
	Passing map[int]int64 `json:"passing,omitempty"`
}

// History is what the clients of one run did. The transactions of one client
// are in its own order.
type History struct {
	Keys int   `json:"keys"`
	Txns []Txn `json:"txns"`
	// Final is the state of each client, and of Postgres, at the end.
	Final map[string]State `json:"final"`
}

// Violation is one thing that must not be.
type Violation struct {
	// Kind is one of the constants below.
	Kind string `json:"kind"`
	// Client is who saw it.
	Client string `json:"client"`
	Detail string `json:"detail"`
}

func (v Violation) String() string { return v.Kind + ": " + v.Client + ": " + v.Detail }

// The kinds of violation.
const (
	AbortedRead      = "aborted read"
	IntermediateRead = "intermediate read"
	InventedRead     = "invented read"
	FracturedRead    = "fractured read"
	ReadYourWrites   = "read your writes"
	MonotonicReads   = "monotonic reads"
	Causal           = "causal consistency"
	LostWrite        = "lost write"
	Divergence       = "divergence"
	WrongTotal       = "wrong total"
	WrongBalance     = "wrong balance"
)

// violations collects at most violationsMax of each kind: one broken promise
// shows in every later read.
type violations struct {
	list  []Violation
	count map[string]int
}

// violationsMax is how many of a kind are told in full.
const violationsMax = 5

func (v *violations) add(kind, client, format string, args ...any) {
	if v.count == nil {
		v.count = map[string]int{}
	}
	v.count[kind]++
	if v.count[kind] <= violationsMax {
		v.list = append(v.list, Violation{kind, client, fmt.Sprintf(format, args...)})
	}
}
