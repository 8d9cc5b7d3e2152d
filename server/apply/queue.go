// Package apply keeps one client's transactions in order on their way to the
// source: by mid, without a gap, and what waits together goes together (SYNC.md
// §6.2). It owns the
// queue, not the source's answers.
package apply

import (
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/server/source"
	"rockpool.dev/wire"
)

const (
	// waitingMax bounds a client's queue; a client sends at most
	// wire.MutationsInFlightMax beyond what is settled.
	waitingMax = 2 * wire.MutationsInFlightMax
	// bytesMax bounds the encoded bytes of a client's queue: what a client may
	// have in flight, or one transaction that is larger.
	bytesMax = wire.MutationBytesMax + wire.InFlightBytesMax
	// batchBytesMax bounds the encoded bytes of transactions that go to the
	// source together.
	batchBytesMax = 1 << 20
	// retryMillis is when a client may send again after "not now".
	retryMillis = 500
)

// Queue is one client's transactions. The zero Queue has no client.
type Queue struct {
	next    uint64 // the mid that is expected
	settled uint64 // newest mid that is known to be settled
	waiting []item
	bytes   int // of what waits
	busy    bool
	asked   bool // the client was told to send again from next
}

// item is one transaction and the length of its encoded form.
type item struct {
	tx    *mutation.Tx
	bytes int
}

// Begin empties the queue; lastMid is the newest that the source has settled.
func (q *Queue) Begin(lastMid uint64) { *q = Queue{next: lastMid + 1, settled: lastMid, busy: q.busy} }

// Push takes a transaction of so many encoded bytes. It returns a frame that
// asks for an earlier one when there is a gap. fault.Protocol for what no
// client sends, fault.LimitExceeded for more than the relay granted.
func (q *Queue) Push(m *mutation.Tx, bytes int) (*wire.Retry, error) {
	switch {
	case m.Mid == 0:
		return nil, fault.New(fault.Protocol, "take a mutation", "mids start at 1")
	case m.Digest != mutation.Digest(m.Ops):
		return nil, fault.New(fault.Protocol, "take a mutation", "its digest is not that of its operations")
	case m.Mid > q.next:
		if q.asked {
			return nil, nil
		}
		q.asked = true
		return &wire.Retry{FromMid: q.next}, nil
	case len(q.waiting) >= waitingMax || q.bytes+bytes > bytesMax:
		return nil, fault.New(fault.LimitExceeded, "take a mutation", "more are in flight than the relay granted")
	case m.Mid == q.next:
		q.next++
		q.asked = false
	default: // a repeat: the source's fence tells what it is
		for _, w := range q.waiting {
			if w.tx.Mid == m.Mid {
				return nil, nil
			}
		}
	}
	q.waiting = append(q.waiting, item{m, bytes})
	q.bytes += bytes
	return nil, nil
}

// Next takes the transactions that are due, at most so many, with consecutive
// mids and of batchBytesMax together or one alone; none while some are at the
// source. Done is to be called for each, or for those up to one that failed.
func (q *Queue) Next(most int) (due []*mutation.Tx) {
	if q.busy {
		return nil
	}
	bytes := 0
	for len(due) < most && len(due) < len(q.waiting) {
		w := q.waiting[len(due)]
		if bytes += w.bytes; len(due) > 0 && (bytes > batchBytesMax || w.tx.Mid != due[0].Mid+uint64(len(due))) {
			break
		}
		due = append(due, w.tx)
	}
	for i := range due {
		q.bytes -= q.waiting[i].bytes
		q.waiting[i] = item{} // what is at the source may be large
	}
	q.waiting = q.waiting[len(due):]
	q.busy = len(due) > 0
	return due
}

// Settled takes from the log that mids up to mid have ended. The client hears
// of it by the same record and goes on behind it, also where the source's own
// answer was lost and Back has asked for mid again.
func (q *Queue) Settled(mid uint64) {
	q.settled = max(q.settled, mid)
	if q.next <= mid {
		q.next, q.asked = mid+1, false
	}
}

// Back asks for everything from mid on again that is not settled, after a while.
func (q *Queue) Back(mid uint64, afterMillis uint32) *wire.Retry {
	mid = max(mid, q.settled+1)
	q.waiting, q.bytes = nil, 0
	q.next, q.asked = mid, true
	return &wire.Retry{FromMid: mid, AfterMillis: afterMillis}
}

// Done takes the source's answer to m. It returns a frame that asks for it again,
// or an error that ends the session; neither when m has arrived.
func (q *Queue) Done(m *mutation.Tx, r source.Reply, err error) (retry *wire.Retry, fatal error) {
	q.busy = false
	switch {
	case fault.KindOf(err) == fault.Duplicate:
		return nil, fault.In("take a mutation", err)
	case err != nil:
		return q.Back(m.Mid, retryMillis), nil
	}
	switch r.Kind {
	case source.Gap:
		return q.Back(r.FromMid, 0), nil
	case source.Unknown:
		return nil, fault.New(fault.ResyncNeeded, "take a mutation", "another connection has taken over this client")
	case source.Accepted, source.Logged, source.Duplicate:
		return nil, nil
	}
	return nil, fault.New(fault.Internal, "take a mutation", "the source gave no answer")
}

// Waiting is the length of the queue.
func (q *Queue) Waiting() int { return len(q.waiting) }

// First is the mid at the head of the queue; there must be one.
func (q *Queue) First() uint64 { return q.waiting[0].tx.Mid }
