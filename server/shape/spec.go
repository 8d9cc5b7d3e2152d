package shape

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/policy"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// Spec is what a bucket holds: rows of Table whose columns Cols equal Vals and
// for which Rest holds, each brought down to Columns.
type Spec struct {
	Table *schema.Table
	// Columns are the indexes that a client gets, ascending; nil for all.
	Columns []uint32
	// Cols and Vals are the equality tuple, by which changes are routed.
	Cols []uint32
	Vals value.Row
	// Rest is the residual predicate.
	Rest *policy.Bound
	// Empty says that no row can be in it.
	Empty bool
	// Key is equal for equal specs.
	Key string
}

// Resolve finds the shape or table of a name and puts the arguments and claims
// in. columns is what the client's build declares of a table, nil for all.
// Kinds: unknown_table, no_policy, invalid_argument.
func (c *Catalog) Resolve(name string, args []wire.ShapeArg, claims map[string]any, columns func(table uint32) []uint32) (*Spec, error) {
	sh, ok := c.shapes[name]
	if !ok {
		sh = Shape{Table: name, Where: policy.Always(true)}
	}
	t := c.schema.Table(sh.Table)
	if t == nil || t.LocalOnly {
		return nil, fault.New(fault.UnknownTable, "subscribe", "there is no shape and no table "+name)
	}
	read, err := c.Readable(t, claims)
	if err != nil {
		return nil, err
	}
	given := map[string]value.Value{}
	for _, a := range args {
		given[a.Name] = a.Value
	}
	for _, p := range sh.Where.Params() {
		if _, ok := given[p]; !ok {
			return nil, fault.New(fault.InvalidArgument, "subscribe to "+name, "argument "+p+" is missing")
		}
	}
	if len(given) != len(sh.Where.Params()) {
		return nil, fault.New(fault.InvalidArgument, "subscribe to "+name, "it takes "+strconv.Itoa(len(sh.Where.Params()))+" arguments")
	}
	where, err := sh.Where.Bind(t, policy.Env{Claims: claims, Args: given})
	if err != nil {
		return nil, err
	}
	return newSpec(t, policy.And(read, where), columns(t.ID)), nil
}

func newSpec(t *schema.Table, b *policy.Bound, columns []uint32) *Spec {
	s := &Spec{Table: t, Columns: columns, Empty: b.Never()}
	s.Cols, s.Vals, s.Rest = b.Split()
	for _, v := range s.Vals {
		s.Empty = s.Empty || v.IsNull()
	}
	s.Empty = s.Empty || s.Rest.Never()
	var key strings.Builder
	key.WriteString(strconv.FormatUint(uint64(t.ID), 10) + "|")
	for _, c := range columns {
		key.WriteString(strconv.FormatUint(uint64(c), 10) + ",")
	}
	key.WriteString("|" + b.Key())
	s.Key = key.String()
	return s
}

// Has says whether a whole row is in the bucket.
func (s *Spec) Has(row value.Row) bool {
	if row == nil || s.Empty {
		return false
	}
	for i, c := range s.Cols {
		if !row[c].Equal(s.Vals[i]) {
			return false
		}
	}
	return s.Rest.Match(row)
}

// Project brings a row down to the bucket's columns.
func (s *Spec) Project(row value.Row) value.Row {
	if s.Columns == nil {
		return row
	}
	out := make(value.Row, len(s.Columns))
	for i, c := range s.Columns {
		out[i] = row[c]
	}
	return out
}

// Stamp is a short form of Key that clients keep beside their rows: equal for
// equal specs at every relay process, never 0.
func (s *Spec) Stamp() uint64 {
	sum := sha256.Sum256([]byte(s.Key))
	return binary.LittleEndian.Uint64(sum[:]) | 1
}
