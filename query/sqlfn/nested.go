package sqlfn

import (
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/value"
)

// NestedBytesMax bounds the rows that one row of a result may hold: the engine's
// largest value.
const NestedBytesMax = 16 << 20

// nested is the state of rockpool_rows: the rows' values, one after the other.
type nested struct{ rows []byte }

// Step adds one row of the values that were given.
func (n *nested) Step(args []value.Value) error {
	n.rows = value.Row(args).Append(n.rows)
	if len(n.rows) > NestedBytesMax {
		return fault.New(fault.TooLarge, "nest rows", "they are more than NestedBytesMax, "+strconv.Itoa(NestedBytesMax)+" bytes").
			WithHint("limit them, or read them by a query of their own")
	}
	return nil
}

// Final returns the rows; no row is an empty blob.
func (n *nested) Final() (value.Value, error) { return value.Blob(n.rows), nil }
