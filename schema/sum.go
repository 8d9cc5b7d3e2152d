package schema

// AddDecimal returns a + b with the longer fraction; false when either is not
// a finite decimal.
func AddDecimal(a, b string) (string, bool) {
	x, okX := parseDecimal(a)
	y, okY := parseDecimal(b)
	if !okX || !okY || x.special != "" || y.special != "" {
		return "", false
	}
	return addDecimal(x, y).String(), true
}

// SubDecimal returns a - b, as AddDecimal.
func SubDecimal(a, b string) (string, bool) {
	y, ok := parseDecimal(b)
	if !ok || y.special != "" {
		return "", false
	}
	y.negative = !y.negative && !y.zero()
	return AddDecimal(a, y.String())
}
