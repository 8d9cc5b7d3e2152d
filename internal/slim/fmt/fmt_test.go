package fmt_test

import (
	"errors"
	std "fmt"
	"strings"
	"testing"

	"rockpool.dev/internal/slim/fmt"
)

type named struct{}

func (named) String() string { return "object" }

// TestAsTheStandardLibrary compares every form that safejs prints.
func TestAsTheStandardLibrary(t *testing.T) {
	for _, c := range []struct {
		format string
		args   []any
	}{
		{"invalid type for instanceof: %v", []any{named{}}},
		{"invalid constructor type for instanceof: %v", []any{errors.New("lost")}},
		{"%+v", []any{"text"}},
		{"%+v\n%s", []any{errors.New("lost"), named{}}},
		{"%s\n\t%s:%d\n", []any{"main.main", "main.go", 12}},
		{"%q", []any{"a \"b\""}},
		{"%v %v %v", []any{true, nil, 7}},
		{"100%% of %v", []any{1}},
		{"%v and %s", []any{1}},
		{"plain", nil},
		{"", nil},
		{"50%", nil},
	} {
		if got, want := fmt.Sprintf(c.format, c.args...), std.Sprintf(c.format, c.args...); got != want {
			t.Errorf("Sprintf(%q) = %q, the standard library says %q", c.format, got, want)
		}
		if got, want := fmt.Errorf(c.format, c.args...).Error(), std.Sprintf(c.format, c.args...); got != want {
			t.Errorf("Errorf(%q) = %q, want %q", c.format, got, want)
		}
	}
	var out strings.Builder
	if n, err := fmt.Fprint(&out, errors.New("lost"), "!"); n != 5 || err != nil || out.String() != "lost!" {
		t.Errorf("Fprint wrote %q: %d, %v", out.String(), n, err)
	}
	if got := fmt.Sprintf("%v", struct{}{}); got != "a value" {
		t.Errorf("a value without a text of its own prints %q", got)
	}
}
