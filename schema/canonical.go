package schema

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/value"
)

// Canonical brings what a user wrote to the one stored form of the column's
// type (SYNC.md §2, Values): equal values have equal forms, and SQLite's own
// comparison of forms is right. NULL stays NULL. fault.TypeMismatch names the
// column and what was expected; the value itself is not shown.
func Canonical(c *Column, v value.Value) (value.Value, error) {
	if v.IsNull() {
		return v, nil
	}
	if v.Kind() == value.KindBlob && c.Type != TypeBytes {
		return value.Null, mismatch(c, "bytes")
	}
	out, ok := canonical(c, v)
	if !ok {
		return value.Null, mismatch(c, "this "+kindNames[v.Kind()])
	}
	return out, nil
}

var kindNames = map[value.Kind]string{value.KindInt: "integer", value.KindFloat: "number", value.KindText: "text", value.KindBlob: "blob"}

func mismatch(c *Column, got string) error {
	return fault.New(fault.TypeMismatch, "store a value", "column "+c.Name+" takes "+c.Type.String()+", not "+got)
}

func canonical(c *Column, v value.Value) (value.Value, bool) {
	switch c.Type {
	case TypeInt:
		return canonicalInt(c, v)
	case TypeBool:
		return canonicalBool(v)
	case TypeFloat:
		return canonicalFloat(v)
	case TypeDecimal:
		text, ok := canonicalDecimal(c, plain(v))
		return value.Text(text), ok
	case TypeBytes:
		return canonicalBytes(v)
	}
	if v.Kind() != value.KindText {
		switch c.Type {
		case TypeText, TypeUnknown, TypeJSON, TypeJSONB:
			v = value.Text(plain(v))
		default:
			return value.Null, false
		}
	}
	text, ok := canonicalText(c, v.Str())
	return value.Text(text), ok
}

// plain is a number or text as text.
func plain(v value.Value) string {
	switch v.Kind() {
	case value.KindInt:
		return strconv.FormatInt(v.Int(), 10)
	case value.KindFloat:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	default:
		return v.Str()
	}
}

// intLimits are the ranges of the smaller integer types.
var intLimits = map[string]int64{"smallint": math.MaxInt16, "int2": math.MaxInt16, "integer": math.MaxInt32, "int": math.MaxInt32, "int4": math.MaxInt32}

func canonicalInt(c *Column, v value.Value) (value.Value, bool) {
	n := v.Int()
	switch v.Kind() {
	case value.KindFloat:
		if f := v.Float(); f != math.Trunc(f) || f < -(1<<63) || f >= 1<<63 {
			return value.Null, false
		}
	case value.KindText:
		var err error
		if n, err = strconv.ParseInt(strings.TrimSpace(v.Str()), 10, 64); err != nil {
			return value.Null, false
		}
	}
	if limit, ok := intLimits[c.base()]; ok && (n > limit || n < -limit-1) {
		return value.Null, false
	}
	return value.Int(n), true
}

func canonicalBool(v value.Value) (value.Value, bool) {
	switch v.Kind() {
	case value.KindInt, value.KindFloat:
		return value.Bool(v.Float() != 0), v.Float() == 0 || v.Float() == 1
	}
	switch strings.ToLower(strings.TrimSpace(v.Str())) {
	case "t", "true", "y", "yes", "on", "1":
		return value.Bool(true), true
	case "f", "false", "n", "no", "off", "0":
		return value.Bool(false), true
	}
	return value.Null, false
}

// canonicalFloat keeps the infinities and NaN as text: SQLite stores NaN as NULL.
func canonicalFloat(v value.Value) (value.Value, bool) {
	f := v.Float()
	if v.Kind() == value.KindText {
		text := strings.ToLower(strings.TrimSpace(v.Str()))
		if strings.ContainsAny(text, "_xp") { // Go's syntax, not SQL's
			return value.Null, false
		}
		var err error
		if f, err = strconv.ParseFloat(text, 64); err != nil {
			return value.Null, false
		}
	}
	switch {
	case math.IsNaN(f):
		return value.Text("NaN"), true
	case math.IsInf(f, 1):
		return value.Text("Infinity"), true
	case math.IsInf(f, -1):
		return value.Text("-Infinity"), true
	}
	return value.Float(f + 0), true // -0 + 0 is 0, as a REAL column stores it
}

func canonicalBytes(v value.Value) (value.Value, bool) {
	switch v.Kind() {
	case value.KindBlob:
		return v, true
	case value.KindText:
		b, ok := unhex(v.Str())
		return value.BlobString(b), ok
	}
	return value.Null, false
}

func canonicalText(c *Column, text string) (string, bool) {
	switch c.Type {
	case TypeTimestampTZ, TypeTimestamp, TypeDate:
		return canonicalMoment(c.Type, text)
	case TypeTime:
		return canonicalTime(text)
	case TypeUUID:
		return canonicalUUID(text)
	case TypeJSON:
		_, ok := formatJSON(text)
		return text, ok
	case TypeJSONB:
		return formatJSON(text)
	case TypeEnum:
		return text, len(c.Enum) == 0 || slices.Contains(c.Enum, text)
	case TypeArray:
		trimmed := strings.TrimSpace(text)
		return text, strings.HasPrefix(trimmed, "{") && strings.HasSuffix(trimmed, "}") || strings.HasPrefix(trimmed, "[")
	default:
		return text, true
	}
}

// canonicalMoment reads ISO 8601 and Postgres's own form. Infinity sorts last
// as text, -infinity first. Years before 1 keep Postgres's text.
func canonicalMoment(t Type, text string) (string, bool) {
	switch lower := strings.ToLower(strings.TrimSpace(text)); lower {
	case "infinity", "-infinity":
		return lower, true
	}
	c, bc, ok := parseCivil(text)
	if !ok {
		return "", false
	}
	if bc {
		return strings.TrimSpace(text), true
	}
	if t != TypeTimestampTZ {
		c.offset = 0
	}
	if t == TypeDate {
		return string(c.appendDate(nil)), true
	}
	return c.utc().timestamp(t == TypeTimestampTZ), true
}

func canonicalTime(text string) (string, bool) {
	s := scanner{strings.TrimSpace(text)}
	var c civil
	if !s.parseTime(&c) || s.rest != "" || c.micros >= secondMicro || c.second > 59 {
		return "", false
	}
	out := c.appendTime(nil)
	if c.micros > 0 {
		out = pad(append(out, '.'), c.micros, 6)
	}
	return strings.TrimRight(string(out), map[bool]string{true: "0", false: ""}[c.micros > 0]), true
}

// canonicalUUID reads 32 hexadecimal digits with or without hyphens and braces.
func canonicalUUID(text string) (string, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if strings.HasPrefix(text, "{") && strings.HasSuffix(text, "}") {
		text = text[1 : len(text)-1]
	}
	hex := strings.ReplaceAll(text, "-", "")
	if len(hex) != 32 {
		return "", false
	}
	for i := range len(hex) {
		if hexDigit(hex[i]) < 0 {
			return "", false
		}
	}
	return hex[:8] + "-" + hex[8:12] + "-" + hex[12:16] + "-" + hex[16:20] + "-" + hex[20:], true
}

func hexDigit(c byte) int {
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

// unhex reads Postgres's \x… form of bytea.
func unhex(text string) (string, bool) {
	if !strings.HasPrefix(text, `\x`) || len(text)%2 != 0 {
		return "", false
	}
	out := make([]byte, 0, len(text)/2-1)
	for i := 2; i < len(text); i += 2 {
		hi, lo := hexDigit(text[i]), hexDigit(text[i+1])
		if hi < 0 || lo < 0 {
			return "", false
		}
		out = append(out, byte(hi<<4|lo))
	}
	return string(out), true
}
