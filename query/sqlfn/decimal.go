package sqlfn

import (
	"bytes"
	"strconv"
	"strings"
)

// form says what kind of number it is, in the order in which Postgres sorts.
type form int8

const (
	minusInf form = -1
	finite   form = 0
	plusInf  form = 1
	nan      form = 2 // equal to itself and above everything else
)

// number is a decimal: digits without leading zeros (each 0 to 9), of which
// the last scale are behind the point. The zero number is 0.
type number struct {
	form   form
	neg    bool
	digits []byte
	scale  int
}

// digitsMax bounds what an exponent may add: Postgres's numeric has 131,072
// digits before the point and 16,383 behind it.
const digitsMax = 131072 + 16383

// parse reads a decimal as Postgres prints it, also with an exponent.
func parse(s string) (n number, ok bool) {
	s = strings.TrimSpace(s)
	switch strings.ToLower(s) {
	case "nan":
		return number{form: nan}, true
	case "infinity", "inf", "+infinity", "+inf":
		return number{form: plusInf}, true
	case "-infinity", "-inf":
		return number{form: minusInf}, true
	}
	if s != "" && (s[0] == '-' || s[0] == '+') {
		n.neg, s = s[0] == '-', s[1:]
	}
	exp := 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.Atoi(s[i+1:])
		if err != nil || e > digitsMax || e < -digitsMax {
			return n, false
		}
		exp, s = e, s[:i]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if whole == "" && fraction == "" {
		return n, false
	}
	n.digits = make([]byte, 0, len(whole)+len(fraction))
	for _, part := range [2]string{whole, fraction} {
		for i := range len(part) {
			c := part[i] - '0'
			if c > 9 {
				return n, false
			}
			n.digits = append(n.digits, c)
		}
	}
	n.scale = len(fraction) - exp
	if n.scale < 0 {
		n.digits = append(n.digits, make([]byte, -n.scale)...)
		n.scale = 0
	}
	return n.trim(), true
}

// trim takes leading zeros off; zero has no sign.
func (n number) trim() number {
	n.digits = bytes.TrimLeft(n.digits, "\x00")
	if len(n.digits) == 0 {
		n.neg = false
	}
	return n
}

// String prints with exactly scale digits behind the point.
func (n number) String() string {
	switch n.form {
	case nan:
		return "NaN"
	case plusInf:
		return "Infinity"
	case minusInf:
		return "-Infinity"
	}
	d := n.digits
	if pad := n.scale + 1 - len(d); pad > 0 {
		d = append(make([]byte, pad), d...)
	}
	out := make([]byte, 0, len(d)+2)
	if n.neg {
		out = append(out, '-')
	}
	for i, c := range d {
		if i == len(d)-n.scale {
			out = append(out, '.')
		}
		out = append(out, '0'+c)
	}
	return string(out)
}

// at returns the digits at a larger scale.
func (n number) at(scale int) []byte {
	if scale == n.scale || len(n.digits) == 0 {
		return n.digits
	}
	return append(append(make([]byte, 0, len(n.digits)+scale-n.scale), n.digits...), make([]byte, scale-n.scale)...)
}

// magnitude compares two runs of digits without leading zeros.
func magnitude(a, b []byte) int {
	if len(a) != len(b) {
		if len(a) < len(b) {
			return -1
		}
		return 1
	}
	return bytes.Compare(a, b)
}
