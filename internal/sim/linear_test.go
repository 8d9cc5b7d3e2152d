package sim

import (
	"testing"

	"rockpool.dev/mutation"
	"rockpool.dev/value"
)

// An order is found for writes that overlap, and none where one of them has
// replaced what its writer had not seen, where a write is lost, or where one
// takes effect before it was made.
func TestAcceptedWritesHaveAnOrder(t *testing.T) {
	t.Parallel()
	s := simSchema(false)
	text := func(v ...string) (row value.Row) {
		for _, v := range v {
			row = append(row, value.Text(v))
		}
		return row
	}
	key := string(text("hota").Append(nil))
	for _, c := range []struct {
		name string
		ops  [][3]string // old body, new body, and "late" for one that is made at the end
		ends string
		want bool
	}{
		{"one after the other", [][3]string{{"text", "a"}, {"a", "b"}}, "b", true},
		{"told in the other order", [][3]string{{"a", "b"}, {"text", "a"}}, "b", true},
		{"a write that its writer had not seen is replaced", [][3]string{{"text", "a"}, {"text", "b"}}, "b", false},
		{"a write is lost", [][3]string{{"text", "a"}}, "text", false},
		{"before it was made", [][3]string{{"text", "a", "late"}, {"a", "b"}}, "b", false},
	} {
		w := &world{schema: s, now: 100}
		w.oracle = newOracle(w)
		w.oracle.tables[notesID] = map[string]value.Row{key: text("hota", c.ends)}
		w.oracle.start[notesID] = map[string]value.Row{key: text("hota", "text")}
		for i, o := range c.ops {
			from, to := int64(0), int64(10)
			if o[2] != "" {
				from, to = 50, 60
			}
			op := mutation.Op{Kind: mutation.Update, Cols: []uint32{1}, Old: text(o[0]), New: text(o[1])}
			name := rowName(notesID, key)
			w.oracle.accesses.rows[name] = append(w.oracle.accesses.rows[name], &access{row: name, t: s.ByID(notesID), from: from, to: to + int64(i), ops: []mutation.Op{op}})
		}
		if err := w.oracle.accesses.check(w); (err == nil) != c.want {
			t.Errorf("%s: %v, want an order: %v", c.name, err, c.want)
		}
	}
}
