// Package fault is the errors of Rockpool: a stable kind, what was being done,
// what was wrong, and what to do now. It owns no policy about retries beyond
// what the origin of an error can know.
package fault

import "errors"

// Error is an error that may leave a package.
type Error struct {
	Kind Kind
	// Op is what was being done, as "open database" or "apply mutation".
	Op string
	// Msg says what was wrong and where, without secrets.
	Msg string
	// Hint says what to do now; it may be empty.
	Hint string
	// Offset is the byte offset of the fault in the SQL text, or -1.
	Offset int
	// Rule is the constraint that was broken, or nil.
	Rule *Rule
	// Err is the cause, or nil.
	Err error
}

// New returns an error of a kind: what was being done and what was wrong.
func New(kind Kind, op, msg string) *Error {
	return &Error{Kind: kind, Op: op, Msg: msg, Offset: -1}
}

// Wrap returns an error of a kind caused by err, or nil when err is nil.
func Wrap(kind Kind, op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: kind, Op: op, Err: err, Offset: -1}
}

// In adds what was being done to err and keeps its kind; nil stays nil.
func In(op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: KindOf(err), Op: op, Err: err, Offset: -1}
}

// WithHint sets what to do now and returns e.
func (e *Error) WithHint(hint string) *Error { e.Hint = hint; return e }

// Breaks sets the constraint that was broken and returns e.
func (e *Error) Breaks(r Rule) *Error { e.Rule = &r; return e }

// At sets the byte offset in the SQL text and returns e.
func (e *Error) At(offset int) *Error { e.Offset = offset; return e }

// Error returns "op: message: cause".
func (e *Error) Error() string {
	s := e.Op
	if e.Msg != "" {
		s = join(s, e.Msg)
	}
	if e.Err != nil {
		s = join(s, e.Err.Error())
	}
	if s == "" {
		s = e.Kind.String()
	}
	return s
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + ": " + b
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is matches another Error of the same kind that says nothing else, so
// errors.Is(err, &fault.Error{Kind: fault.Busy}) asks for the kind alone.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind && t.Op == "" && t.Msg == "" && t.Err == nil
}

// KindOf returns the kind of the outermost Error in err's chain, or Unknown.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Unknown
}

// HintOf returns the first hint in err's chain, or "".
func HintOf(err error) string {
	for err != nil {
		if e, ok := err.(*Error); ok && e.Hint != "" {
			return e.Hint
		}
		err = errors.Unwrap(err)
	}
	return ""
}

// OffsetOf returns the first SQL offset in err's chain, or -1.
func OffsetOf(err error) int {
	for err != nil {
		if e, ok := err.(*Error); ok && e.Offset >= 0 {
			return e.Offset
		}
		err = errors.Unwrap(err)
	}
	return -1
}

// RuleOf returns the first broken constraint in err's chain, or nil.
func RuleOf(err error) *Rule {
	for err != nil {
		if e, ok := err.(*Error); ok && e.Rule != nil {
			return e.Rule
		}
		err = errors.Unwrap(err)
	}
	return nil
}

// Retryable reports whether the same call may succeed later unchanged.
func Retryable(err error) bool { return KindOf(err).Retryable() }
