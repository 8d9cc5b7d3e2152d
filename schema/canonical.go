package schema

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"rockpool.dev/fault"
	"rockpool.dev/value"
)

// Canonical brings a value that somebody wrote to the one stored form of the
// column's type (SYNC.md §2, Values). Equality of forms is equality of values,
// so storage, conflicts, digests and the wire compare bytes.
//
//	type          accepts                                       stored form
//	integer       integer; number or text without a fraction    int64
//	boolean       0, 1, t, f, true, false, yes, no, on, off     0 or 1
//	float         number, decimal text                          float; NaN, Infinity, -Infinity as text
//	decimal       number, decimal text with or without exponent digits at the column's scale, or without zeros at the end
//	timestamp[tz] ISO 8601, Postgres text                       YYYY-MM-DDTHH:MM:SS.ffffff[+00:00]; infinity sorts last
//	date, time    ISO 8601, Postgres text                       Postgres text
//	uuid          hex digits with or without hyphens or braces  lower case with hyphens
//	json          JSON text                                     as written
//	jsonb         JSON text                                     as Postgres prints it
//	bytes         blob; text, or text of \x and hex digits      blob
//	enum          one of the labels                             the label
//	others        text, number                                  text
//
// NULL stays NULL: whether it may stand there is another question. A value
// already canonical comes back as it is. Dates before year 1 or after 9999 stay
// Postgres text, which does not sort. Errors: fault.TypeMismatch.
func (c *Column) Canonical(v value.Value) (value.Value, error) {
	if v.IsNull() {
		return v, nil
	}
	out, ok := c.canonical(v)
	if !ok {
		return value.Null, c.mismatch("column "+c.Name, v)
	}
	return out, nil
}

// Canonical is Column.Canonical for the column of that index; its error names
// table and column.
func (t *Table) Canonical(column int, v value.Value) (value.Value, error) {
	if v.IsNull() {
		return v, nil
	}
	c := &t.Columns[column]
	out, ok := c.canonical(v)
	if !ok {
		return value.Null, c.mismatch("column "+t.Name+"."+c.Name, v)
	}
	return out, nil
}

func (c *Column) canonical(v value.Value) (value.Value, bool) {
	switch c.Type {
	case TypeInt:
		return c.integer(v)
	case TypeBool:
		return boolean(v)
	case TypeFloat:
		return c.float(v)
	case TypeBytes:
		return bytesOf(v)
	}
	text, ok := textOf(v)
	if !ok {
		return value.Null, false
	}
	switch c.Type {
	case TypeText:
		if b := c.base(); b == "character" || b == "bpchar" || b == "char" {
			text = strings.TrimRight(text, " ") // blank-padded: blanks at the end say nothing
		}
	case TypeDecimal:
		text, ok = canonicalDecimal(c, text)
	case TypeTimestampTZ:
		text, ok = timestamp(text, true)
	case TypeTimestamp:
		text, ok = timestamp(text, false)
	case TypeDate:
		text, ok = date(text)
	case TypeTime:
		text, ok = clock(text)
	case TypeUUID:
		text, ok = uuid(text)
	case TypeJSON:
		_, ok = jsonb(text)
	case TypeJSONB:
		text, ok = jsonb(text)
	case TypeEnum:
		ok = c.hasLabel(text)
	}
	return value.Text(text), ok
}

func (c *Column) hasLabel(label string) bool {
	for _, one := range c.Enum {
		if one == label {
			return true
		}
	}
	return len(c.Enum) == 0
}

// shownMax is how many bytes of a wrong value an error shows.
const shownMax = 40

func (c *Column) mismatch(what string, v value.Value) error {
	e := fault.New(fault.TypeMismatch, what, shown(v)+" is not "+article(c.Type.String()))
	switch c.Type {
	case TypeEnum:
		e.Hint = "use one of " + strings.Join(c.Enum, ", ")
	case TypeTimestamp, TypeTimestampTZ, TypeDate:
		e.Hint = "write it as ISO 8601 text, like 2026-01-02T03:04:05Z"
	case TypeInt:
		e.Hint = "use a whole number that fits " + c.SourceType
	default:
		e.Hint = "give a value of the column's type"
	}
	return e
}

func article(noun string) string {
	if strings.IndexByte("aeiou", noun[0]) >= 0 && noun != "uuid" {
		return "an " + noun
	}
	return "a " + noun
}

// shown is a value for people, cut short.
func shown(v value.Value) string {
	switch v.Kind() {
	case value.KindInt:
		return strconv.FormatInt(v.Int(), 10)
	case value.KindFloat:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case value.KindBlob:
		return "a blob"
	}
	text := v.Str()
	if len(text) > shownMax {
		text = text[:shownMax] + "…"
	}
	return strconv.Quote(text)
}

// textOf is the text of a value. Postgres refuses NUL and invalid UTF-8.
func textOf(v value.Value) (string, bool) {
	switch v.Kind() {
	case value.KindText:
		s := v.Str()
		return s, utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
	case value.KindInt:
		return strconv.FormatInt(v.Int(), 10), true
	case value.KindFloat:
		return formatFloat(v.Float()), true
	}
	return "", false
}

// integer range by source type.
func (c *Column) integer(v value.Value) (value.Value, bool) {
	n := v.Int()
	switch v.Kind() {
	case value.KindInt:
	case value.KindFloat:
		f := v.Float()
		if f != math.Trunc(f) || f < math.MinInt64 || f >= math.MaxInt64 {
			return value.Null, false
		}
	case value.KindText:
		d, ok := parseDecimal(v.Str())
		if !ok || d.special != "" || strings.Trim(d.fraction, "0") != "" {
			return value.Null, false
		}
		d.fraction = ""
		var err error
		if n, err = strconv.ParseInt(d.String(), 10, 64); err != nil {
			return value.Null, false
		}
	default:
		return value.Null, false
	}
	switch c.base() {
	case "smallint", "int2":
		return value.Int(n), n == int64(int16(n))
	case "integer", "int4", "int":
		return value.Int(n), n == int64(int32(n))
	}
	return value.Int(n), true
}

func boolean(v value.Value) (value.Value, bool) {
	switch v.Kind() {
	case value.KindInt:
		return v, v.Int() == 0 || v.Int() == 1
	case value.KindFloat:
		return value.Int(v.Int()), v.Float() == 0 || v.Float() == 1
	case value.KindText:
		switch strings.ToLower(strings.TrimSpace(v.Str())) {
		case "t", "true", "y", "yes", "on", "1":
			return value.Int(1), true
		case "f", "false", "n", "no", "off", "0":
			return value.Int(0), true
		}
	}
	return value.Null, false
}

// float makes −0 be 0, as SQLite may store it so, and rounds to float4 where
// the source holds that.
func (c *Column) float(v value.Value) (value.Value, bool) {
	f := v.Float()
	switch v.Kind() {
	case value.KindInt, value.KindFloat:
	case value.KindText:
		d, ok := parseDecimal(v.Str())
		if !ok {
			return value.Null, false
		}
		if d.special != "" {
			return value.Text(d.String()), true
		}
		var err error
		if f, err = strconv.ParseFloat(strings.TrimSpace(v.Str()), 64); err != nil {
			return value.Null, false // beyond the range, as in Postgres
		}
	default:
		return value.Null, false
	}
	if math.IsInf(f, 0) {
		return value.Text(formatFloat(f)), true
	}
	if b := c.base(); b == "real" || b == "float4" {
		if math.Abs(f) > math.MaxFloat32 {
			return value.Null, false
		}
		f, _ = strconv.ParseFloat(strconv.FormatFloat(f, 'g', -1, 32), 64)
	}
	if f == 0 {
		f = 0 // drops the sign
	}
	return value.Float(f), true
}

// formatFloat is the shortest text that reads back the same.
func formatFloat(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

func bytesOf(v value.Value) (value.Value, bool) {
	switch v.Kind() {
	case value.KindBlob:
		return v, true
	case value.KindText:
		s := v.Str()
		if strings.HasPrefix(s, `\x`) {
			raw, ok := unhex(s[2:])
			return value.BlobString(raw), ok
		}
		return value.BlobString(s), strings.IndexByte(s, '\\') < 0
	}
	return value.Null, false
}

func timestamp(s string, zone bool) (string, bool) {
	if inf, ok := infinity(s); ok {
		return inf, true
	}
	c, bc, ok := parseCivil(s)
	if !ok {
		return "", false
	}
	if !zone {
		c.offset = 0 // Postgres ignores it
	}
	if bc || c.year > 9999 {
		return strings.TrimSpace(s), true
	}
	if c = c.utc(); c.year < 1 || c.year > 9999 {
		return strings.TrimSpace(s), true
	}
	return c.timestamp(zone), true
}

func date(s string) (string, bool) {
	if inf, ok := infinity(s); ok {
		return inf, true
	}
	c, bc, ok := parseCivil(s)
	if !ok {
		return "", false
	}
	if bc {
		return string(c.appendDate(nil)) + " BC", true
	}
	return string(c.appendDate(nil)), true
}

// infinity is the end of time: in Postgres's words it sorts after every date,
// and -infinity before, also as text.
func infinity(s string) (string, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	return s, s == "infinity" || s == "-infinity"
}

// clock is a time of day as Postgres prints it: no zeros at the fraction's end.
func clock(s string) (string, bool) {
	in := scanner{strings.TrimSpace(s)}
	var c civil
	if !in.parseTime(&c) || in.rest != "" {
		return "", false
	}
	total := c.hour*3600 + c.minute*60 + c.second
	if c.micros >= secondMicro {
		total, c.micros = total+1, c.micros-secondMicro
	}
	if total > daySeconds {
		return "", false
	}
	c.hour, c.minute, c.second = total/3600, total/60%60, total%60
	out := string(c.appendTime(nil))
	if c.micros > 0 {
		out += "." + strings.TrimRight(string(pad(nil, c.micros, 6)), "0")
	}
	return out, true
}

func uuid(s string) (string, bool) {
	if strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}") {
		s = s[1 : len(s)-1]
	}
	out := make([]byte, 0, 36)
	n := 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '-':
			if n == 0 || n%4 != 0 || n == 32 || s[i-1] == '-' {
				return "", false
			}
			continue
		case c >= 'A' && c <= 'F':
			c += 'a' - 'A'
		case c >= 'a' && c <= 'f' || c >= '0' && c <= '9':
		default:
			return "", false
		}
		if n == 8 || n == 12 || n == 16 || n == 20 {
			out = append(out, '-')
		}
		if out = append(out, c); n == 32 {
			return "", false
		}
		n++
	}
	return string(out), n == 32
}

const hexDigits = "0123456789abcdef"

func unhex(s string) (string, bool) {
	if len(s)%2 != 0 {
		return "", false
	}
	out := make([]byte, len(s)/2)
	for i := range out {
		high, low := nibble(s[2*i]), nibble(s[2*i+1])
		if high < 0 || low < 0 {
			return "", false
		}
		out[i] = byte(high<<4 | low)
	}
	return string(out), true
}

func nibble(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
