package apply

import (
	"slices"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/server/source"
)

func tx(mid uint64) *mutation.Tx {
	m := &mutation.Tx{Mid: mid}
	m.Seal()
	return m
}

func push(t *testing.T, q *Queue, mids ...uint64) {
	t.Helper()
	for _, mid := range mids {
		if retry, err := q.Push(tx(mid), 1); retry != nil || err != nil {
			t.Fatalf("Push(%d) = %+v, %v", mid, retry, err)
		}
	}
}

// One is at the source at a time, in order; a gap asks once for what is missing.
func TestQueueKeepsOrder(t *testing.T) {
	var q Queue
	q.Begin(4)
	push(t, &q, 5, 6)
	if retry, err := q.Push(tx(9), 1); err != nil || retry == nil || retry.FromMid != 7 {
		t.Fatalf("Push after a gap = %+v, %v, want a retry from 7", retry, err)
	}
	if retry, err := q.Push(tx(10), 1); retry != nil || err != nil {
		t.Fatalf("Push after a gap that was told = %+v, %v, want nothing", retry, err)
	}
	push(t, &q, 7, 6) // what was asked for, and a repeat of what waits
	for _, want := range []uint64{5, 6, 7} {
		due := q.Next(1)
		if len(due) != 1 || due[0].Mid != want {
			t.Fatalf("Next = %+v, want mid %d", due, want)
		}
		if again := q.Next(1); again != nil {
			t.Fatalf("mid %d is at the source, and %d is handed out", want, again[0].Mid)
		}
		if retry, err := q.Done(due[0], source.Reply{Kind: source.Accepted}, nil); retry != nil || err != nil {
			t.Fatalf("Done(%d) = %+v, %v", want, retry, err)
		}
	}
	if due := q.Next(1); due != nil {
		t.Fatalf("Next = mid %d, want none", due[0].Mid)
	}
}

// What goes to the source together has consecutive mids, and bounded bytes.
func TestQueueGathers(t *testing.T) {
	var q Queue
	q.Begin(4)
	add := func(bytes int, mids ...uint64) {
		t.Helper()
		for _, mid := range mids {
			if retry, err := q.Push(tx(mid), bytes); retry != nil || err != nil {
				t.Fatalf("Push(%d) = %+v, %v", mid, retry, err)
			}
		}
	}
	add(1, 5, 6, 7, 3, 8) // a repeat of 3 among them
	add(batchBytesMax, 9)
	add(1, 10)
	for _, want := range [][]uint64{{5, 6}, {7}, {3}, {8}, {9}, {10}, nil} {
		var got []uint64
		for _, m := range q.Next(2) {
			got = append(got, m.Mid)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("Next(2) = %v, want %v", got, want)
		}
		if len(got) == 0 {
			break
		}
		if q.Next(2) != nil {
			t.Fatalf("%v are at the source, and more are handed out", want)
		}
		for _, mid := range got {
			if retry, err := q.Done(tx(mid), source.Reply{Kind: source.Accepted}, nil); retry != nil || err != nil {
				t.Fatalf("Done(%d) = %+v, %v", mid, retry, err)
			}
		}
	}
	if q.bytes != 0 {
		t.Errorf("an empty queue counts %d bytes", q.bytes)
	}
}

// What the source says decides what the client hears.
func TestQueueAnswers(t *testing.T) {
	for _, c := range []struct {
		name  string
		reply source.Reply
		err   error
		from  uint64
		after bool
		fatal fault.Kind
	}{
		{"not now", source.Reply{}, fault.New(fault.SourceUnavailable, "apply", "no server"), 1, true, fault.Unknown},
		{"used for something else", source.Reply{}, fault.New(fault.Duplicate, "apply", "other content"), 0, false, fault.Duplicate},
		{"an earlier one is missing", source.Reply{Kind: source.Gap, FromMid: 1}, nil, 1, false, fault.Unknown},
		{"another connection", source.Reply{Kind: source.Unknown}, nil, 0, false, fault.ResyncNeeded},
		{"settled before", source.Reply{Kind: source.Duplicate}, nil, 0, false, fault.Unknown},
		{"no answer", source.Reply{}, nil, 0, false, fault.Internal},
	} {
		var q Queue
		q.Begin(0)
		push(t, &q, 1, 2)
		retry, err := q.Done(q.Next(1)[0], c.reply, c.err)
		if fault.KindOf(err) != c.fatal {
			t.Errorf("%s: fatal %v, want %v", c.name, err, c.fatal)
		}
		if (retry != nil) != (c.from != 0) || retry != nil && (retry.FromMid != c.from || (retry.AfterMillis > 0) != c.after) {
			t.Errorf("%s: retry %+v, want from %d", c.name, retry, c.from)
		}
		if retry != nil && q.Waiting() != 0 {
			t.Errorf("%s: %d still wait that will come again", c.name, q.Waiting())
		}
	}
}

func TestQueueRefuses(t *testing.T) {
	var q Queue
	q.Begin(0)
	if _, err := q.Push(tx(0), 1); fault.KindOf(err) != fault.Protocol {
		t.Errorf("mid 0: %v, want protocol", err)
	}
	spoiled := tx(1)
	spoiled.Digest++
	if _, err := q.Push(spoiled, 1); fault.KindOf(err) != fault.Protocol {
		t.Errorf("another digest: %v, want protocol", err)
	}
	for mid := uint64(1); mid <= waitingMax; mid++ {
		push(t, &q, mid)
	}
	if _, err := q.Push(tx(waitingMax+1), 1); fault.KindOf(err) != fault.LimitExceeded {
		t.Errorf("one beyond the limit: %v, want limit_exceeded", err)
	}
	q.Begin(0)
	push(t, &q, 1)
	if _, err := q.Push(tx(2), bytesMax); fault.KindOf(err) != fault.LimitExceeded {
		t.Errorf("bytes beyond the limit: %v, want limit_exceeded", err)
	}
}

// The answer to a commit was lost, and the log tells that it stood: before the
// client is asked again, or after. The client goes on behind it and must not
// be taken for one that has left a gap.
func TestQueueLearnsFromTheLog(t *testing.T) {
	lost := fault.New(fault.SourceUnavailable, "apply", "the connection was lost")
	for _, first := range []string{"the log", "the error"} {
		var q Queue
		q.Begin(4)
		push(t, &q, 5)
		m := q.Next(1)[0]
		if first == "the log" {
			q.Settled(5)
		}
		retry, err := q.Done(m, source.Reply{}, lost)
		if err != nil || retry == nil {
			t.Fatalf("%s first: Done = %+v, %v, want a retry", first, retry, err)
		}
		q.Settled(5)
		q.Settled(3) // an older one changes nothing
		if retry, err := q.Push(tx(6), 1); err != nil || retry != nil {
			t.Fatalf("%s first: Push(6) = %+v, %v, want it taken", first, retry, err)
		}
		if due := q.Next(1); len(due) != 1 || due[0].Mid != 6 {
			t.Errorf("%s first: Next = %+v, want mid 6", first, due)
		}
	}
}
