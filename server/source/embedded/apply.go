package embedded

import (
	"context"
	"errors"
	"strconv"

	"rockpool.dev/changelog"
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/server/source"
	"rockpool.dev/server/store"
	"rockpool.dev/version"
)

// Apply runs one client transaction to its end, exactly once. Both ways of
// ending, applied or not, move the client's last mid by one and write one log
// record.
func (s *Source) Apply(_ context.Context, who source.Client, m *mutation.Tx) (source.Reply, error) {
	a := &attempt{Source: s, who: &who, m: m, now: s.NowMicros()}
	reply, refused, err := a.run()
	if err != nil {
		if o, poisoned := s.failures.Failed(&who, m, err); poisoned {
			refused, err = &o, nil
		}
	}
	if err == nil && refused != nil {
		reply, err = a.settle(refused)
	}
	if err == nil {
		s.failures.Ended(&who, m)
		if s.Crash != nil {
			s.Crash()
		}
	}
	return reply, err
}

// attempt is the work on one client transaction.
type attempt struct {
	*Source
	who *source.Client
	m   *mutation.Tx
	now int64
	hlc version.HLC
}

// run writes the transaction. refused is set, and nothing written, when it may
// not be.
func (a *attempt) run() (reply source.Reply, refused *mutation.Outcome, err error) {
	w, err := a.Store.Begin()
	if err != nil {
		return reply, nil, err
	}
	defer w.Rollback()
	if reply, err = a.fence(w); err != nil || reply.Kind != 0 {
		return reply, nil, err
	}
	var skewed bool
	a.hlc, skewed = version.Clamp(a.m.HLC, a.now/1000)
	if refused, err = a.early(w); err != nil || refused != nil {
		return reply, refused, err
	}
	out, clean, err := a.write(w)
	if err == nil && (out.Status == mutation.Parked || out.Status == mutation.Rejected) {
		return reply, out, nil
	}
	if err == nil {
		out.Skewed = skewed
		reply.Record, err = a.commit(w, out, clean)
		reply.Kind = source.Logged
	}
	if o, ok := refusal(a.m, err); ok {
		return reply, &o, nil
	}
	return reply, nil, err
}

func (a *attempt) commit(w *store.Write, out *mutation.Outcome, clean bool) (*changelog.Tx, error) {
	out.ID = a.m.ID
	return w.Commit([]changelog.Origin{{Client: a.who.ID, HLC: a.hlc, Outcome: *out, Clean: clean}}, a.m.Digest, a.now)
}

// settle records that the transaction was not applied, and why.
func (a *attempt) settle(out *mutation.Outcome) (source.Reply, error) {
	w, err := a.Store.Begin()
	if err != nil {
		return source.Reply{}, err
	}
	defer w.Rollback()
	reply, err := a.fence(w)
	if err != nil || reply.Kind != 0 {
		return reply, err
	}
	reply.Record, err = a.commit(w, out, false)
	reply.Kind = source.Logged
	return reply, err
}

// fence takes the client's next mid, or answers a mid that is not the next.
func (a *attempt) fence(w *store.Write) (source.Reply, error) {
	ok, known, err := w.Fence(a.who, a.m.Mid, a.now)
	switch {
	case err != nil || ok:
		return source.Reply{}, err
	case !known.Client:
		return source.Reply{Kind: source.Unknown}, nil
	case a.m.Mid > known.LastMid:
		return source.Reply{Kind: source.Gap, FromMid: known.LastMid + 1}, nil
	case known.Outcome != nil && !known.Outcome.Answers(a.m, known.Digest):
		return source.Reply{}, fault.New(fault.Duplicate, "apply a mutation", "mid was used before for another transaction").
			WithHint("the client's database was restored from a copy: it must take a new client ID")
	}
	return source.Reply{Kind: source.Duplicate, Outcome: known.Outcome}, nil
}

// early refuses what need not be tried.
func (a *attempt) early(w *store.Write) (*mutation.Outcome, error) {
	refuse := func(o mutation.Outcome) (*mutation.Outcome, error) { return &o, nil }
	if a.m.Schema != a.Schema().Version {
		return refuse(rejection(a.m, fault.SchemaMismatch, "", "the transaction was made for another version of the schema"))
	}
	if a.m.HLC.Millis() < a.now/1000-maxOfflineMillis {
		return refuse(rejection(a.m, fault.Rejected, "too_old", "the transaction is older than 30 days"))
	}
	if err := a.m.Fits(a.Schema()); err != nil {
		return refuse(rejection(a.m, fault.KindOf(err), "", err.Error()))
	}
	for _, mid := range a.m.Depends {
		status, err := w.StatusOf(a.who.ID, mid)
		if err != nil {
			return nil, err
		}
		if status == mutation.Parked || status == mutation.Rejected || status == mutation.Blocked {
			return refuse(mutation.Outcome{
				Mid: a.m.Mid, Status: mutation.Blocked, Kind: uint16(fault.Blocked),
				Detail: "transaction " + strconv.FormatUint(mid, 10) + ", which it builds on, was not applied",
			})
		}
	}
	return nil, nil
}

// rejection is the outcome of a transaction that is refused.
func rejection(m *mutation.Tx, kind fault.Kind, code, detail string) mutation.Outcome {
	return mutation.Outcome{Mid: m.Mid, Status: mutation.Rejected, Kind: uint16(kind), Code: code, Detail: detail}
}

// refusal turns an error that would come again into an outcome.
func refusal(m *mutation.Tx, err error) (mutation.Outcome, bool) {
	if err == nil {
		return mutation.Outcome{}, false
	}
	var f *fault.Error
	switch kind := fault.KindOf(err); kind {
	case fault.Constraint:
		return rejection(m, kind, sqlState(err), err.Error()), true
	case fault.TypeMismatch, fault.Forbidden, fault.NoPolicy, fault.UnknownTable, fault.UnknownColumn, fault.TooLarge:
		if errors.As(err, &f) {
			return rejection(m, kind, "", err.Error()), true
		}
	}
	return mutation.Outcome{}, false
}
