package mutation

import (
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// plus adds an amount to a number: integers, floats, or decimals as text.
// NULL plus anything is NULL, as in SQL. A sum beyond 64 bits is not made: a
// stays, and the source rejects the operation (overflows).
func plus(a, amount value.Value) value.Value {
	switch {
	case a.IsNull() || amount.IsNull():
		return value.Null
	case a.Kind() == value.KindText || amount.Kind() == value.KindText:
		if sum, ok := schema.AddDecimal(number(a), number(amount)); ok {
			return value.Text(sum)
		}
		return a
	case a.Kind() == value.KindFloat || amount.Kind() == value.KindFloat:
		return value.Float(a.Float() + amount.Float())
	case overflows(a, amount):
		return a
	default:
		return value.Int(a.Int() + amount.Int())
	}
}

// overflows reports whether a + amount of two integers leaves 64 bits.
func overflows(a, amount value.Value) bool {
	if a.Kind() != value.KindInt || amount.Kind() != value.KindInt {
		return false
	}
	sum := a.Int() + amount.Int()
	return (sum > a.Int()) != (amount.Int() > 0) && amount.Int() != 0
}

// minus returns the amount that leads from b to a; false when it is not a
// number's.
func minus(a, b value.Value) (value.Value, bool) {
	switch {
	case a.Kind() == value.KindInt && b.Kind() == value.KindInt:
		return value.Int(a.Int() - b.Int()), true
	case a.Kind() == value.KindFloat && b.Kind() == value.KindFloat:
		return value.Float(a.Float() - b.Float()), true
	case a.Kind() == value.KindText && b.Kind() == value.KindText:
		if d, ok := schema.SubDecimal(a.Str(), b.Str()); ok {
			return value.Text(d), true
		}
	}
	return value.Null, false
}
