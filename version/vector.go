package version

import (
	"sort"

	"rockpool.dev/codec"
)

// ActorSource is the actor of writes that came from the source itself; their
// counter is the log's sequence. Every other actor is a client's ID, with the
// mutation ID as its counter.
const ActorSource = "S"

// Dot names one write: who made it and which of his it was.
type Dot struct {
	Actor   string `wire:"1"`
	Counter uint64 `wire:"2"`
}

// Vector is what somebody has seen: for each actor the newest counter, and
// with it all earlier ones. A client's is {S: cursor, me: mid-1}.
type Vector map[string]uint64

// Has reports whether d has been seen.
func (v Vector) Has(d Dot) bool { return d.Counter <= v[d.Actor] }

// See adds d and all before it.
func (v Vector) See(d Dot) { v[d.Actor] = max(v[d.Actor], d.Counter) }

// Merge adds all that o has seen.
func (v Vector) Merge(o Vector) {
	for actor, counter := range o {
		v.See(Dot{actor, counter})
	}
}

// Covers reports whether v has seen all that o has.
func (v Vector) Covers(o Vector) bool {
	for actor, counter := range o {
		if counter > v[actor] {
			return false
		}
	}
	return true
}

// Concurrent reports whether each has seen something that the other has not.
func (v Vector) Concurrent(o Vector) bool { return !v.Covers(o) && !o.Covers(v) }

// AppendTo encodes v after dst as a message of Dots (field 1), by actor.
func (v Vector) AppendTo(dst []byte) []byte {
	actors := make([]string, 0, len(v))
	for actor := range v {
		actors = append(actors, actor)
	}
	sort.Strings(actors)
	for _, actor := range actors {
		d := Dot{actor, v[actor]}
		var at int
		dst, at = codec.Begin(dst, 1)
		dst = codec.End(d.AppendTo(dst), at)
	}
	return dst
}

// Decode reads all of src into v, which keeps nothing of what it held. An
// actor that comes twice has its larger counter. fault.Protocol when src is no
// vector.
func (v *Vector) Decode(src []byte) error {
	*v = Vector{}
	r := codec.NewReader(src)
	for r.Next() {
		if r.Field() != 1 {
			r.Skip()
			continue
		}
		var d Dot
		if err := d.Decode(r.Bytes()); err != nil {
			return err
		}
		v.See(d)
	}
	return r.Err()
}
