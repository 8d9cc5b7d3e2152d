package schema

import (
	"strings"
)

// Limits of a decimal, Postgres's own
// (https://www.postgresql.org/docs/15/datatype-numeric.html).
const (
	decimalWholeMax    = 131072
	decimalFractionMax = 16383
)

// decimal is a number as written: sign, digits before and after the point,
// without zeros that lead. Not a number and the infinities have special set.
type decimal struct {
	negative bool
	whole    string // "" is 0
	fraction string
	special  string // "NaN" or "Infinity"
}

// parseDecimal reads what Postgres's numeric reads: an optional sign, digits
// with at most one point, an optional exponent, NaN or Infinity; blanks around
// it. ok is false for anything else and beyond the limits.
func parseDecimal(s string) (d decimal, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return d, false
	}
	if s[0] == '-' || s[0] == '+' {
		d.negative = s[0] == '-'
		s = s[1:]
	}
	switch strings.ToLower(s) {
	case "nan":
		return decimal{special: "NaN"}, !d.negative
	case "inf", "infinity":
		d.special = "Infinity"
		return d, true
	}
	whole, rest := digits(s)
	fraction := ""
	if strings.HasPrefix(rest, ".") {
		fraction, rest = digits(rest[1:])
	}
	if whole == "" && fraction == "" {
		return d, false
	}
	exponent := 0
	if rest != "" {
		if exponent, ok = parseExponent(rest); !ok {
			return d, false
		}
	}
	return d.shift(whole, fraction, exponent)
}

// digits cuts the decimal digits off the start of s.
func digits(s string) (head, rest string) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[:n], s[n:]
}

func parseExponent(s string) (int, bool) {
	if s[0] != 'e' && s[0] != 'E' {
		return 0, false
	}
	s = s[1:]
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	head, rest := digits(s)
	if head == "" || rest != "" {
		return 0, false
	}
	n := 0
	for _, c := range strings.TrimLeft(head, "0") {
		if n > decimalWholeMax {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}

// shift moves the point and drops zeros that lead. The zeros that an exponent
// would add are counted before they are made.
func (d decimal) shift(whole, fraction string, exponent int) (decimal, bool) {
	all := strings.TrimLeft(whole+fraction, "0")
	point := len(all) - len(fraction) + exponent // digits of all before the point
	if all == "" {
		all, point = "", 0
		if keep := len(fraction) - exponent; keep > 0 && keep <= decimalFractionMax {
			d.fraction = strings.Repeat("0", keep)
		}
		d.negative = false
		return d, true
	}
	if point > decimalWholeMax || len(all)-point > decimalFractionMax {
		return d, false
	}
	switch {
	case point <= 0:
		d.fraction = strings.Repeat("0", -point) + all
	case point >= len(all):
		d.whole = all + strings.Repeat("0", point-len(all))
	default:
		d.whole, d.fraction = all[:point], all[point:]
	}
	return d, true
}

// trim drops zeros at the end of the fraction.
func (d decimal) trim() decimal {
	d.fraction = strings.TrimRight(d.fraction, "0")
	return d
}

// round brings the fraction to scale digits, half away from zero as Postgres.
func (d decimal) round(scale int) decimal {
	if d.special != "" {
		return d
	}
	if len(d.fraction) <= scale {
		d.fraction += strings.Repeat("0", scale-len(d.fraction))
		return d
	}
	up := d.fraction[scale] >= '5'
	all := []byte(d.whole + d.fraction[:scale])
	if up {
		i := len(all) - 1
		for ; i >= 0 && all[i] == '9'; i-- {
			all[i] = '0'
		}
		if i >= 0 {
			all[i]++
		} else {
			all = append([]byte{'1'}, all...)
		}
	}
	d.whole, d.fraction = string(all[:len(all)-scale]), string(all[len(all)-scale:])
	d.whole = strings.TrimLeft(d.whole, "0")
	if d.zero() {
		d.negative = false
	}
	return d
}

func (d decimal) zero() bool {
	return d.special == "" && d.whole == "" && strings.Trim(d.fraction, "0") == ""
}

// String returns the number without an exponent: "-0.50", "NaN", "100".
func (d decimal) String() string {
	out := d.special
	if out == "" {
		out = d.whole
		if out == "" {
			out = "0"
		}
		if d.fraction != "" {
			out += "." + d.fraction
		}
	}
	if d.negative {
		return "-" + out
	}
	return out
}

// canonicalDecimal is the stored form: rounded to the column's scale, or with
// a numeric without scale, without zeros at its end, so that equal numbers are
// equal texts.
func canonicalDecimal(c *Column, s string) (string, bool) {
	d, ok := parseDecimal(s)
	if !ok {
		return "", false
	}
	if c.HasScale {
		if c.Scale > decimalFractionMax {
			return "", false
		}
		return d.round(int(c.Scale)).String(), true
	}
	return d.trim().String(), true
}

// CompareDecimal is the collation rockpool_decimal: it orders decimal texts by
// their value, -Infinity first, then Infinity and NaN last as in Postgres. Texts
// that are no decimals come after all, by their bytes.
func CompareDecimal(a, b string) int {
	if a == b {
		return 0
	}
	x, okX := parseDecimal(a)
	y, okY := parseDecimal(b)
	switch {
	case !okX && !okY:
		return strings.Compare(a, b)
	case !okX:
		return 1
	case !okY:
		return -1
	}
	if x.class() != y.class() {
		return x.class() - y.class()
	}
	if x.special != "" {
		return 0
	}
	if x.negative {
		return compareMagnitude(y, x)
	}
	return compareMagnitude(x, y)
}

// class orders the kinds of number: -Infinity, negative, zero or positive,
// Infinity, NaN.
func (d decimal) class() int {
	switch {
	case d.special == "NaN":
		return 4
	case d.special != "" && d.negative:
		return 0
	case d.special != "":
		return 3
	case d.negative && !d.zero():
		return 1
	default:
		return 2
	}
}

func compareMagnitude(x, y decimal) int {
	if len(x.whole) != len(y.whole) {
		return len(x.whole) - len(y.whole)
	}
	if n := strings.Compare(x.whole, y.whole); n != 0 {
		return n
	}
	return strings.Compare(x.trim().fraction, y.trim().fraction)
}

// addDecimal returns x + y with the longer fraction. Neither is special.
func addDecimal(x, y decimal) decimal {
	scale := max(len(x.fraction), len(y.fraction))
	a := x.round(scale)
	b := y.round(scale)
	if a.negative == b.negative {
		return sumDigits(a, b, scale)
	}
	if compareMagnitude(a, b) < 0 {
		a, b = b, a
	}
	return minusDigits(a, b, scale)
}

// sumDigits adds two of one sign and one scale.
func sumDigits(a, b decimal, scale int) decimal {
	p, q := a.whole+a.fraction, b.whole+b.fraction
	width := max(len(p), len(q)) + 1
	out := make([]byte, width)
	carry := byte(0)
	for i := 1; i <= width; i++ {
		n := digitAt(p, i) + digitAt(q, i) + carry
		out[width-i], carry = '0'+n%10, n/10
	}
	return split(a.negative, string(out), scale)
}

// minusDigits subtracts b from a, which is not smaller; the sign is a's.
func minusDigits(a, b decimal, scale int) decimal {
	p, q := a.whole+a.fraction, b.whole+b.fraction
	width := max(len(p), len(q))
	out := make([]byte, width)
	borrow := byte(0)
	for i := 1; i <= width; i++ {
		n := 10 + digitAt(p, i) - digitAt(q, i) - borrow
		out[width-i] = '0' + n%10
		borrow = 1 - n/10
	}
	return split(a.negative, string(out), scale)
}

// digitAt is the i-th digit from the right, from 1, or 0.
func digitAt(s string, i int) byte {
	if i > len(s) {
		return 0
	}
	return s[len(s)-i] - '0'
}

func split(negative bool, all string, scale int) decimal {
	at := max(len(all)-scale, 0)
	d := decimal{negative: negative, whole: strings.TrimLeft(all[:at], "0"), fraction: all[at:]}
	if d.zero() {
		d.negative = false
	}
	return d
}
