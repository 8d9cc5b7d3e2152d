package sqlfn

import (
	"math"
	"strconv"

	"rockpool.dev/value"
)

func (n number) abs() number {
	if n.form == minusInf {
		return number{form: plusInf}
	}
	n.neg = false
	return n
}

// placesMax is how far from the point round goes, as in Postgres.
const placesMax = 2000

// roundAny rounds a number and gives one of its kind. A double is what its
// first 15 digits say, as Postgres makes a numeric of it to round it.
func roundAny(a []value.Value) (value.Value, error) {
	places := 0
	if len(a) > 1 {
		if a[1].IsNull() {
			return value.Null, nil
		}
		places = int(min(max(a[1].Int(), -placesMax), placesMax))
	}
	v := a[0]
	kind := v.Kind()
	if kind == value.KindFloat {
		v = value.Text(strconv.FormatFloat(v.Float(), 'g', doubleDigits, 64))
	}
	out, err := unary(v, func(n number) number { return round(n, places) })
	switch {
	case err != nil || out.IsNull() || kind == value.KindText:
		return out, err
	case kind == value.KindInt:
		n, err := strconv.ParseInt(out.Str(), 10, 64)
		return value.Int(n), err
	}
	f, err := strconv.ParseFloat(out.Str(), 64)
	if f == 0 {
		f = math.Abs(f)
	}
	return value.Float(f), err
}

// doubleDigits are the decimal digits that a double has for certain (DBL_DIG).
const doubleDigits = 15
