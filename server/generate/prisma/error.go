package prisma

import (
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/query"
)

// Error is a mistake in a schema.prisma. It comes wrapped in a fault.Error of
// kind InvalidArgument, whose hint is Hint: ask with errors.As.
type Error struct {
	File string
	// Line and Column count from 1; a column is a byte.
	Line, Column int
	Msg          string
	// Hint says what to write instead, as "did you mean String?"; it may be empty.
	Hint string
}

// Error is "file:line:column: message".
func (e *Error) Error() string {
	return e.File + ":" + strconv.Itoa(e.Line) + ":" + strconv.Itoa(e.Column) + ": " + e.Msg
}

// wrapped is the error as it leaves the package.
func wrapped(e *Error) error {
	return &fault.Error{Kind: fault.InvalidArgument, Op: "read the Prisma schema", Hint: e.Hint, Offset: -1, Err: e}
}

// didYouMean is a hint with the name that is nearest, or "".
func didYouMean(name string, candidates []string) string {
	if best := query.Suggest(name, candidates); best != "" {
		return "did you mean " + best + "?"
	}
	return ""
}
