package sqlfn

import (
	"strconv"

	"rockpool.dev/value"
)

// digest is the state of rockpool_digest: the order-independent sum of rows.
type digest struct{ sum value.Digest }

// Step adds one row of the values that were given.
func (d *digest) Step(args []value.Value) error {
	d.sum.Add(args)
	return nil
}

// Final returns the sum in hexadecimal, as the relay's /digest has it.
func (d *digest) Final() (value.Value, error) {
	return value.Text(strconv.FormatUint(d.sum.Sum64(), 16)), nil
}
