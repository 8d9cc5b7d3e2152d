package source

import (
	"rockpool.dev/changelog"
	"rockpool.dev/mutation"
)

// ReplyKind is what became of one Apply.
type ReplyKind uint8

// The kinds of reply.
const (
	// Accepted: committed; the outcome comes with the log.
	Accepted ReplyKind = 1
	// Logged: committed, and Record is its place in the log: the store holds it.
	Logged ReplyKind = 2
	// Duplicate: the mid was settled before; Outcome is set when still known.
	Duplicate ReplyKind = 3
	// Gap: an earlier mid is missing; FromMid is the next that is expected.
	Gap ReplyKind = 4
	// Unknown: no such client, another user's, or another incarnation of it.
	Unknown ReplyKind = 5
)

// Reply answers Apply.
type Reply struct {
	Kind    ReplyKind
	Outcome *mutation.Outcome
	FromMid uint64
	Record  *changelog.Tx
}
