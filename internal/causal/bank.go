package causal

import (
	"maps"
	"slices"
)

// Transfer is one transaction of the bank: what it read, and what it moved.
type Transfer struct {
	// ID is that of the row that tells of it.
	ID     string  `json:"id"`
	Client string  `json:"client"`
	At     int64   `json:"at"`
	Status Status  `json:"status"`
	Read   *Ledger `json:"read,omitempty"` // nil unless Status is OK
}

// Ledger is a state of the bank, read in one transaction.
type Ledger struct {
	// Balances are the accounts', in order.
	Balances []int64 `json:"balances"`
	// Moved is what the rows of transfers add up to, by account.
	Moved []int64 `json:"moved"`
	// Made counts the rows by the client that made them.
	Made map[string]int64 `json:"made"`
	// IDs are those of the rows; at the end only.
	IDs []string `json:"ids,omitempty"`
}

// Bank is what the clients of one run did.
type Bank struct {
	// Opening is what each account has at first.
	Opening   int64              `json:"opening"`
	Transfers []Transfer         `json:"transfers"`
	Final     map[string]*Ledger `json:"final"`
}

// CheckBank returns what is wrong with a history, nil for nothing.
func CheckBank(b *Bank) []Violation {
	var v violations
	type session struct {
		acked int64
		seen  map[string]int64
	}
	open := map[string]*session{}
	for i := range b.Transfers {
		t := &b.Transfers[i]
		s := open[t.Client]
		if s == nil {
			s = &session{seen: map[string]int64{}}
			open[t.Client] = s
		}
		if t.Read != nil {
			b.read(&v, t.Client, t.At, t.Read)
			if got := t.Read.Made[t.Client]; got < s.acked {
				v.add(ReadYourWrites, t.Client, "at %d ms it sees %d transfers of its own, and was told of %d", t.At, got, s.acked)
			}
			for of, n := range s.seen {
				if got := t.Read.Made[of]; got < n {
					v.add(MonotonicReads, t.Client, "at %d ms it sees %d transfers of %s, and had seen %d", t.At, got, of, n)
				}
			}
			s.seen = t.Read.Made
		}
		if t.Status == OK {
			s.acked++
		}
	}
	b.end(&v)
	return v.list
}

// read checks one state: the total, and each balance against the rows.
func (b *Bank) read(v *violations, client string, at int64, l *Ledger) {
	var total int64
	for i, n := range l.Balances {
		total += n
		if want := b.Opening + l.Moved[i]; n != want {
			v.add(WrongBalance, client, "at %d ms account %d has %d, and its transfers say %d", at, i, n, want)
		}
	}
	if want := b.Opening * int64(len(l.Balances)); total != want {
		v.add(WrongTotal, client, "at %d ms all accounts have %d, want %d", at, total, want)
	}
}

// end compares the final states, and what was told with what is there.
func (b *Bank) end(v *violations) {
	names := slices.Sorted(maps.Keys(b.Final))
	for _, name := range names {
		l := b.Final[name]
		b.read(v, name+" at the end", 0, l)
		if first := b.Final[names[0]]; !slices.Equal(l.Balances, first.Balances) || !slices.Equal(l.IDs, first.IDs) {
			v.add(Divergence, name, "balances %v and %d transfers, and %v and %d at %s", l.Balances, len(l.IDs), first.Balances, len(first.IDs), names[0])
		}
		there := map[string]bool{}
		for _, id := range l.IDs {
			there[id] = true
		}
		for i := range b.Transfers {
			t := &b.Transfers[i]
			switch {
			case t.Status == OK && !there[t.ID]:
				v.add(LostWrite, name, "transfer %s of %s at %d ms was acknowledged and is not there", t.ID, t.Client, t.At)
			case t.Status == Failed && there[t.ID]:
				v.add(AbortedRead, name, "transfer %s of %s at %d ms was rolled back and is there", t.ID, t.Client, t.At)
			}
			delete(there, t.ID)
		}
		for id := range there {
			v.add(InventedRead, name, "transfer %s is nobody's", id)
		}
	}
}
