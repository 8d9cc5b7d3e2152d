// Package fmt stands in for the standard library's in the Go core
// (internal/slim/overlay): safejs formats what a JavaScript exception said, and
// for that alone the whole package, with reflection, files and locks behind it,
// weighs a tenth of the core. It has what safejs uses and nothing more, so that
// a dependency that asks for more does not build.
package fmt

import (
	"errors"
	"io"
	"strconv"
	"strings"
)

// State is the printer that a Formatter writes to.
type State interface {
	Write(b []byte) (n int, err error)
	Width() (wid int, ok bool)
	Precision() (prec int, ok bool)
	Flag(c int) bool
}

// Stringer says what a value prints.
type Stringer interface{ String() string }

// Errorf returns an error of the formatted text. It wraps nothing.
func Errorf(format string, args ...any) error { return errors.New(Sprintf(format, args...)) }

// Fprint writes the values one after the other.
func Fprint(w io.Writer, args ...any) (n int, err error) {
	var text strings.Builder
	for _, arg := range args {
		text.WriteString(plain(arg))
	}
	return io.WriteString(w, text.String())
}

// Fprintf writes the formatted text.
func Fprintf(w io.Writer, format string, args ...any) (n int, err error) {
	return io.WriteString(w, Sprintf(format, args...))
}

// Sprintf formats by the verbs v, +v, s, d (a value as it says itself), q (the
// same, quoted) and %. Another verb is left as it stands, and a missing value
// as %!v(MISSING), as the standard library writes it.
func Sprintf(format string, args ...any) string {
	var text strings.Builder
	for {
		before, after, found := strings.Cut(format, "%")
		text.WriteString(before)
		if !found {
			return text.String()
		}
		after = strings.TrimPrefix(after, "+")
		if after == "" {
			text.WriteString("%!(NOVERB)")
			return text.String()
		}
		verb := after[0]
		format = after[1:]
		switch {
		case verb == '%':
			text.WriteByte('%')
			continue
		case len(args) == 0:
			text.WriteString("%!" + string(verb) + "(MISSING)")
			continue
		case verb == 'q':
			text.WriteString(strconv.Quote(plain(args[0])))
		case verb == 'v' || verb == 's' || verb == 'd':
			text.WriteString(plain(args[0]))
		default:
			text.WriteString("%" + string(verb))
		}
		args = args[1:]
	}
}

// plain is a value as it says itself. A value of a type that says nothing is
// "a value", since there is no reflection here to look into it.
func plain(value any) string {
	switch v := value.(type) {
	case nil:
		return "<nil>"
	case error:
		return v.Error()
	case Stringer:
		return v.String()
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	default:
		return "a value"
	}
}
