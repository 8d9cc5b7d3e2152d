package sim

import (
	"fmt"
	"reflect"
	"strings"

	"rockpool.dev/mutation"
)

// Stats counts what runs did, to show that they did something: work by its did
// tag, faults by their fault tag. A fault that not every run can meet says on
// which relay it comes, or that it is of runs with backups.
type Stats struct {
	Events    int `did:"events"`
	Writes    int `did:"writes"`
	Records   int `did:"records"`
	Hellos    int `did:"hellos"`
	Snapshots int `did:"snapshots"`
	Checks    int `did:"checks"`
	Older     int `did:"checks of older rows"`
	Linear    int `did:"writes put in order"`
	Undecided int `did:"rows without an order in time"`
	Doubled   int `did:"writes sent by both twins"`
	Tokens    int `did:"tokens"`
	NoRoom    int `did:"writes without room"`
	Recalls   int `did:"writes taken back"`
	Joined    int `did:"pages merged"`

	Crashes      int `fault:"client crash"`
	Pauses       int `fault:"process paused"`
	Jumps        int `fault:"clock jumped"`
	HandOvers    int `fault:"another tab leads"`
	LostFrames   int `fault:"frame lost in a cut"`
	Fuses        int `fault:"death at a write or flush"`
	LostWrites   int `fault:"unflushed write lost"`
	TornWrites   int `fault:"unflushed write torn"`
	Checkpoints  int `fault:"checkpoint"`
	Full         int `fault:"full storage"`
	Expired      int `fault:"token too late" on:"embedded postgres"`
	RelayCrashes int `fault:"relay crash"`
	Cuts         int `fault:"cut"`
	HalfOpen     int `fault:"half-open connection"`
	Repeats      int `fault:"frame repeated"`
	LostReplies  int `fault:"commit's answer lost" on:"postgres"`
	Stalls       int `fault:"stream stalled" on:"postgres"`
	Rebuilds     int `fault:"slot lost" on:"postgres"`
	DDL          int `fault:"column added" on:"postgres"`
	Trims        int `fault:"log trimmed" on:"embedded postgres"`
	PutBacks     int `fault:"truth put back from a backup" on:"embedded"`
	Twins        int `fault:"profile copied" on:"backups"`

	Outcomes [7]int // by mutation.Status
}

// Count is one kind of thing and how often it happened.
type Count struct {
	Kind string
	N    int
	on   string
}

func (s Stats) counts(tag string) (out []Count) {
	v := reflect.ValueOf(s)
	for f, n := range v.Fields() {
		if kind, ok := f.Tag.Lookup(tag); ok {
			out = append(out, Count{kind, int(n.Int()), f.Tag.Get("on")})
		}
	}
	return out
}

// Faults lists every kind of fault that runs with these options can meet, those
// that none met among them.
func (s Stats) Faults(opt Options) (out []Count) {
	relays := string(opt.Relay)
	if opt.Relay == ByTurns {
		relays = string(Embedded) + " " + string(Postgres)
	}
	if opt.Backups {
		relays += " backups"
	}
	for _, c := range s.counts("fault") {
		if c.on == "" || anyOf(c.on, relays) {
			out = append(out, c)
		}
	}
	return out
}

// anyOf reports whether two lists have a word in common.
func anyOf(a, b string) bool {
	for word := range strings.FieldsSeq(a) {
		if strings.Contains(" "+b+" ", " "+word+" ") {
			return true
		}
	}
	return false
}

// Missing names the faults that no run met, of those that could be met.
func (s Stats) Missing(opt Options) (out []string) {
	for _, c := range s.Faults(opt) {
		if c.N == 0 {
			out = append(out, c.Kind)
		}
	}
	return out
}

func (s *Stats) add(o Stats) {
	to, from := reflect.ValueOf(s).Elem(), reflect.ValueOf(o)
	for i := range to.NumField() {
		if to.Field(i).Kind() == reflect.Int {
			to.Field(i).SetInt(to.Field(i).Int() + from.Field(i).Int())
		}
	}
	for i := range o.Outcomes {
		s.Outcomes[i] += o.Outcomes[i]
	}
}

// outcomes are the words for what became of a write.
var outcomes = [...]string{
	mutation.Applied: "applied", mutation.Merged: "merged", mutation.Superseded: "superseded",
	mutation.Parked: "parked", mutation.Rejected: "rejected", mutation.Blocked: "blocked",
}

// String is one line of figures.
func (s Stats) String() string {
	var b strings.Builder
	for _, c := range append(s.counts("did"), s.counts("fault")...) {
		fmt.Fprintf(&b, "%d %s, ", c.N, c.Kind)
	}
	b.WriteString("outcomes")
	for i, name := range outcomes {
		if name != "" {
			fmt.Fprintf(&b, " %s %d", name, s.Outcomes[i])
		}
	}
	return b.String()
}
