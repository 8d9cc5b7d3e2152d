package sqlfn

import "bytes"

// add adds as Postgres does: the larger scale stays.
func add(a, b number) number {
	if a.form != finite || b.form != finite {
		switch {
		case a.form == nan || b.form == nan, a.form != finite && b.form != finite && a.form != b.form:
			return number{form: nan}
		case a.form != finite:
			return a
		}
		return b
	}
	scale := max(a.scale, b.scale)
	x, y := a.at(scale), b.at(scale)
	n := number{neg: a.neg, scale: scale}
	if a.neg == b.neg {
		n.digits = plus(x, y)
		return n.trim()
	}
	if magnitude(x, y) < 0 {
		x, y, n.neg = y, x, b.neg
	}
	n.digits = minus(x, y)
	return n.trim()
}

func sub(a, b number) number { return add(a, negate(b)) }

func negate(n number) number {
	switch n.form {
	case plusInf:
		n.form = minusInf
	case minusInf:
		n.form = plusInf
	case finite:
		n.neg = !n.neg && len(n.digits) > 0
	}
	return n
}

// plus adds magnitudes of one scale.
func plus(x, y []byte) []byte {
	if len(x) < len(y) {
		x, y = y, x
	}
	out := make([]byte, len(x)+1)
	carry := byte(0)
	for i := range x {
		d := x[len(x)-1-i] + carry
		if i < len(y) {
			d += y[len(y)-1-i]
		}
		carry = d / 10
		out[len(x)-i] = d % 10
	}
	out[0] = carry
	return out
}

// minus subtracts y from x, which is not smaller.
func minus(x, y []byte) []byte {
	out := make([]byte, len(x))
	borrow := 0
	for i := range x {
		d := int(x[len(x)-1-i]) - borrow
		if i < len(y) {
			d -= int(y[len(y)-1-i])
		}
		borrow = 0
		if d < 0 {
			d, borrow = d+10, 1
		}
		out[len(x)-1-i] = byte(d)
	}
	return out
}

// mul multiplies as Postgres does: the scales add up.
func mul(a, b number) number {
	if a.form != finite || b.form != finite {
		sa, sb := sign(a), sign(b)
		switch {
		case a.form == nan || b.form == nan || sa*sb == 0:
			return number{form: nan}
		case sa*sb > 0:
			return number{form: plusInf}
		}
		return number{form: minusInf}
	}
	n := number{neg: a.neg != b.neg, scale: a.scale + b.scale}
	sums := make([]int, len(a.digits)+len(b.digits))
	for i, x := range a.digits {
		for j, y := range b.digits {
			sums[i+j+1] += int(x) * int(y)
		}
	}
	n.digits = make([]byte, len(sums))
	carry := 0
	for i := len(sums) - 1; i >= 0; i-- {
		d := sums[i] + carry
		n.digits[i], carry = byte(d%10), d/10
	}
	return n.trim()
}

func sign(n number) int {
	switch {
	case n.form == plusInf:
		return 1
	case n.form == minusInf:
		return -1
	case n.neg:
		return -1
	case len(n.digits) > 0:
		return 1
	}
	return 0
}

// div divides as Postgres does, half away from zero, to a scale of at least 16
// significant digits. The divisor is not zero.
func div(a, b number) number {
	switch {
	case a.form == nan || b.form == nan || a.form != finite && b.form != finite:
		return number{form: nan}
	case a.form != finite:
		if sign(b) < 0 {
			return negate(a)
		}
		return a
	case b.form != finite:
		return number{}
	}
	scale := max(divScale(a, b), a.scale, b.scale)
	digits, rest := quotient(a.at(scale+b.scale), b.digits)
	if twice := bytes.TrimLeft(plus(rest, rest), "\x00"); magnitude(twice, b.digits) >= 0 {
		digits = plus(digits, []byte{1})
	}
	return number{neg: a.neg != b.neg, digits: digits, scale: scale}.trim()
}

// mod is what is left of a division to a whole number; it has the sign of a.
func mod(a, b number) number {
	switch {
	case a.form != finite || b.form == nan:
		return number{form: nan}
	case b.form != finite:
		return a
	}
	scale := max(a.scale, b.scale)
	_, rest := quotient(a.at(scale), b.at(scale))
	return number{neg: a.neg, digits: rest, scale: scale}.trim()
}

// quotient divides magnitudes by hand; y is not zero.
func quotient(x, y []byte) (digits, rest []byte) {
	digits = make([]byte, len(x))
	for i, d := range x {
		rest = bytes.TrimLeft(append(rest, d), "\x00")
		for ; magnitude(rest, y) >= 0; digits[i]++ {
			rest = bytes.TrimLeft(minus(rest, y), "\x00")
		}
	}
	return digits, rest
}

// round rounds half away from zero to so many digits behind the point, or
// before it.
func round(n number, places int) number {
	if n.form != finite {
		return n
	}
	drop := n.scale - places
	if drop <= 0 {
		return number{neg: n.neg, digits: n.at(places), scale: places}.trim()
	}
	kept, cut := []byte(nil), append(make([]byte, max(drop-len(n.digits), 0)), n.digits...)
	kept, cut = cut[:len(cut)-drop], cut[len(cut)-drop:]
	if cut[0] >= 5 {
		kept = plus(kept, []byte{1})
	}
	n.digits, n.scale = kept, max(places, 0)
	if places < 0 {
		n.digits = append(bytes.Clone(kept), make([]byte, -places)...)
	}
	return n.trim()
}

// divScale is the scale of a / b (select_div_scale in numeric.c, whose digits
// are groups of four).
func divScale(a, b number) int {
	w1, d1 := group(a)
	w2, d2 := group(b)
	q := w1 - w2
	if d1 <= d2 {
		q--
	}
	return min(max(16-q*4, 0), 1000)
}

// group returns the weight and the value of the first group of four digits
// that is not zero, counted from the point.
func group(n number) (weight, first int) {
	whole := len(n.digits) - n.scale // digits before the point, may be negative
	if len(n.digits) == 0 {
		return 0, 0
	}
	// The leading digit has power whole-1; its group's weight is floor(power/4).
	power := whole - 1
	weight = power / 4
	if power < 0 && power%4 != 0 {
		weight--
	}
	for p := power; p >= weight*4; p-- {
		first *= 10
		if i := power - p; i < len(n.digits) {
			first += int(n.digits[i])
		}
	}
	return weight, first
}
