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

// Amount returns what must be added to before to get after: integers, floats,
// or decimals as text. false when either is no number, or when the difference
// of two integers leaves 64 bits.
func Amount(after, before value.Value) (value.Value, bool) {
	switch {
	case after.Kind() == value.KindInt && before.Kind() == value.KindInt:
		amount := after.Int() - before.Int()
		return value.Int(amount), (amount < 0) == (after.Int() < before.Int())
	case after.Kind() == value.KindFloat && before.Kind() == value.KindFloat:
		return value.Float(after.Float() - before.Float()), true
	case after.Kind() == value.KindText && before.Kind() == value.KindText:
		if d, ok := schema.SubDecimal(after.Str(), before.Str()); ok {
			return value.Text(d), true
		}
	}
	return value.Null, false
}
