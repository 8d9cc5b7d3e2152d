package sqlite

import (
	"errors"
	"strings"

	"rockpool.dev/fault"
)

// Error is what SQLite answered. It unwraps to a fault.Error with the kind,
// and with the byte offset of a syntax error in the SQL text.
type Error struct {
	// Extended is SQLite's extended result code; its low byte is the code.
	Extended int
	// Message is SQLite's text, as "UNIQUE constraint failed: t.a".
	Message string
	fault   *fault.Error
}

// Code returns the primary result code.
func (e *Error) Code() int { return e.Extended & 0xff }

// ExtendedCode returns the extended result code.
func (e *Error) ExtendedCode() int { return e.Extended }

// Error returns what was being done and SQLite's message.
func (e *Error) Error() string { return e.fault.Error() }

// Unwrap returns the fault.
func (e *Error) Unwrap() error { return e.fault }

// ExtendedCode returns the extended result code in err's chain, or 0.
func ExtendedCode(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Extended
	}
	return 0
}

// newError makes the error of a result code. offset is -1 when unknown.
func newError(op string, code int, msg string, offset int) *Error {
	if msg == "" {
		msg = codeText(code)
	}
	f := fault.New(kindOf(code, msg), op, msg).At(offset)
	f.Hint = hintOf(f.Kind)
	if f.Kind == fault.Constraint {
		f.Breaks(ruleOf(code, msg))
	}
	return &Error{Extended: code, Message: msg, fault: f}
}

func kindOf(code int, msg string) fault.Kind {
	switch code {
	case ioerrNoMem:
		return fault.OutOfMemory
	case IOErrData:
		return fault.Corrupt
	case ioerrBadKey, ioerrCodec:
		return fault.WrongKey
	}
	switch code & 0xff {
	case codeConstraint:
		return fault.Constraint
	case codeMismatch:
		return fault.TypeMismatch
	case codeBusy, codeLocked:
		return fault.Busy
	case codeFull:
		return fault.QuotaExceeded
	case codeNoMem:
		return fault.OutOfMemory
	case codeNotADB:
		return fault.NotADatabase
	case codeCorrupt:
		return fault.Corrupt
	case codeInterrupt:
		return fault.Cancelled
	case codeTooBig:
		return fault.TooLarge
	case codeAuth, codePerm:
		return fault.Forbidden
	case codeReadOnly:
		return fault.ReadOnly
	case codeIOErr:
		return fault.IO
	case codeCantOpen:
		return fault.StorageUnavailable
	case codeAbort:
		return fault.RolledBack
	case codeRange:
		return fault.WrongParameters
	case codeMisuse, codeInternal:
		return fault.Internal
	}
	switch {
	case strings.HasPrefix(msg, "no such table"):
		return fault.UnknownTable
	case strings.HasPrefix(msg, "no such column"), strings.Contains(msg, " has no column named "):
		return fault.UnknownColumn
	}
	return fault.InvalidSQL
}

// hintOf says what to do about an error of SQLite. Every kind that kindOf
// answers has one.
func hintOf(k fault.Kind) string {
	switch k {
	case fault.InvalidSQL:
		return "correct the SQL text; the offset, where there is one, says at which byte"
	case fault.UnknownTable:
		return "correct the name, or create the table first; a synced table comes with its schema"
	case fault.UnknownColumn:
		return "correct the name; a text is written in single quotes"
	case fault.WrongParameters:
		return "give one value for each parameter of the statement"
	case fault.Constraint:
		return "the row breaks a rule of its table: change the values, or use ON CONFLICT"
	case fault.TypeMismatch:
		return "give a value of the column's type"
	case fault.Busy:
		return "another connection holds the lock: try again when its transaction has ended"
	case fault.QuotaExceeded:
		return "free storage, or ask the browser for a larger quota (navigator.storage.persist), then try again"
	case fault.OutOfMemory:
		return "use smaller values or fewer rows in one statement; the connection works on"
	case fault.TooLarge:
		return "split the value: one value or row has at most ValueBytesMax bytes (24 MiB)"
	case fault.Corrupt:
		return "the file is damaged: export what can be read, then reset the database and sync again"
	case fault.NotADatabase:
		return "open it with its key if it is encrypted; else the file is no database: open another name, or reset it"
	case fault.WrongKey:
		return "open the database with the key it was made with"
	case fault.Cancelled:
		return "it was stopped on request: run it again if its result is still wanted"
	case fault.Forbidden:
		return "use what the database offers in its place, or another statement"
	case fault.ReadOnly:
		return "write on a connection that is not read-only"
	case fault.IO:
		return "the storage failed: try again; if it goes on, reload the page and export the database"
	case fault.StorageUnavailable:
		return "see that the file may be opened here and that nobody else holds it"
	case fault.RolledBack:
		return "the transaction was rolled back: run it again"
	case fault.Internal:
		return "this is a fault of the program: report it with the text of this error"
	}
	return ""
}

// codeText names a primary code for errors that carry no message.
func codeText(code int) string {
	switch code & 0xff {
	case codeBusy:
		return "database is locked"
	case codeLocked:
		return "database table is locked"
	case codeNoMem:
		return "out of memory"
	case codeReadOnly:
		return "attempt to write a readonly database"
	case codeInterrupt:
		return "interrupted"
	case codeIOErr:
		return "disk I/O error"
	case codeCorrupt:
		return "database disk image is malformed"
	case codeFull:
		return "database or disk is full"
	case codeCantOpen:
		return "unable to open database file"
	case codeTooBig:
		return "string or blob too big"
	case codeConstraint:
		return "constraint failed"
	case codeMismatch:
		return "datatype mismatch"
	case codeMisuse:
		return "bad parameter or other API misuse"
	case codeAuth:
		return "not authorized"
	case codeRange:
		return "column index out of range"
	case codeNotADB:
		return "file is not a database"
	}
	return "SQL logic error"
}

func closed(op string) error {
	return fault.New(fault.Closed, op, "the connection is closed").WithHint("open the database again")
}

// because gives a statement's error the kind of the function's error that
// caused it.
func (c *Conn) because(err error) error {
	cause := c.failed
	c.failed = nil
	e, ok := err.(*Error)
	if !ok || cause == nil || e.Extended&0xff != codeError {
		return err
	}
	e.fault.Err, e.fault.Msg = cause, ""
	if k := fault.KindOf(cause); k != fault.Unknown {
		e.fault.Kind = k
	}
	return e
}
