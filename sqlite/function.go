package sqlite

import "rockpool.dev/value"

// ScalarFunction computes one value. An error fails the statement with its
// message and kind.
type ScalarFunction func(args []value.Value) (value.Value, error)

// Aggregate is one group's state of an aggregate function.
type Aggregate interface {
	Step(args []value.Value) error
	Final() (value.Value, error)
}

// Collation compares two texts: negative, zero or positive. It must be a
// total order, and the same one on every device that opens the file.
type Collation func(a, b string) int
