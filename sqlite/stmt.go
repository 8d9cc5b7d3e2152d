package sqlite

import (
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/value"
)

// Stmt is a prepared statement. It can be run again and again.
type Stmt struct {
	c      *Conn
	h      handle
	sql    string
	params int
	active bool // a query is open
	dead   bool
	cols   []Column
}

// Column describes a result column. Table and Origin are empty for expressions.
type Column struct{ Name, DeclType, Table, Origin string }

// Close finalizes the statement. It is idempotent, also after the connection's Close.
func (s *Stmt) Close() error {
	if !s.dead {
		s.c.cache.forget(s)
		s.finalize()
	}
	return nil
}

func (s *Stmt) finalize() {
	if s.dead {
		return
	}
	s.dead, s.active = true, false
	delete(s.c.stmts, s)
	s.h.finalize()
}

// SQL returns the statement's text.
func (s *Stmt) SQL() string { return s.sql }

// Params returns how many values the statement takes.
func (s *Stmt) Params() int { return s.params }

// ParamName returns the name of a parameter with its prefix, as ":id", or ""
// for a plain "?". The first is 1.
func (s *Stmt) ParamName(i int) string {
	if s.dead || i < 1 || i > s.params {
		return ""
	}
	return s.h.paramName(i)
}

// ReadOnly reports whether the statement changes nothing by itself.
func (s *Stmt) ReadOnly() bool { return !s.dead && s.h.readOnly() }

// IsExplain reports whether it is EXPLAIN or EXPLAIN QUERY PLAN.
func (s *Stmt) IsExplain() bool { return !s.dead && s.h.explain() }

// Columns describes the result columns; none for a statement without rows.
func (s *Stmt) Columns() []Column {
	if s.cols == nil && !s.dead {
		s.cols = s.h.columns()
	}
	return s.cols
}

// Run runs the statement to its end and drops its rows.
func (s *Stmt) Run(args ...value.Value) error {
	if err := s.ready(len(args)); err != nil {
		return err
	}
	_, err := s.h.run(s.c.encode(args), 1)
	return err
}

// RunBatch runs the statement once for each of n sets of values, concatenated
// in their tagged form, in one crossing. done counts the runs that succeeded:
// they stay, so wrap a batch in a transaction.
func (s *Stmt) RunBatch(sets []byte, n int) (done int, err error) {
	if err := s.ready(s.params); err != nil {
		return 0, err
	}
	if n < 0 {
		return 0, fault.New(fault.InvalidArgument, "run statement", "a negative number of sets").WithHint("give the number of sets that are encoded")
	}
	if n == 0 {
		return 0, nil
	}
	return s.h.run(sets, n)
}

// Start binds one set of values in their tagged form; Fetch then returns the
// rows. A query that was open on the statement ends.
func (s *Stmt) Start(args []byte) error {
	if err := s.ready(s.params); err != nil {
		return err
	}
	if err := s.h.start(args); err != nil {
		return err
	}
	s.active = true
	return nil
}

// Fetch encodes up to maxRows further rows into dst, in about maxBytes; one
// row that is larger gets the room it needs. done says that these are the
// last. A row that fails ends the query with its error.
func (s *Stmt) Fetch(dst *Chunk, maxRows, maxBytes int) (done bool, err error) {
	if !s.active {
		dst.clear(len(s.Columns()))
		return true, nil
	}
	done, err = s.fetch(dst, maxRows, maxBytes)
	if done || err != nil {
		s.active = false
	}
	return done, err
}

// Reset ends an open query.
func (s *Stmt) Reset() {
	if s.active {
		s.active = false
		s.h.reset()
	}
}

// ready checks that the statement can run with n values.
func (s *Stmt) ready(n int) error {
	if s.dead {
		if s.c.closed {
			return closed("run statement")
		}
		return fault.New(fault.Closed, "run statement", "the statement is closed").WithHint("prepare it again")
	}
	s.active = false
	if n != s.params {
		return wrongParams(s.params, n)
	}
	return nil
}

func wrongParams(want, got int) error {
	return fault.New(fault.WrongParameters, "bind values", "the statement takes "+strconv.Itoa(want)+" values, got "+strconv.Itoa(got)).WithHint(hintOf(fault.WrongParameters))
}

// badArgs is the error of bind sets that are cut short or too long.
func badArgs(want int) error {
	return fault.New(fault.WrongParameters, "bind values", "the encoded values are not whole sets of "+strconv.Itoa(want)).WithHint(hintOf(fault.WrongParameters))
}

// checkSets returns an error unless b is n whole sets of params values.
func checkSets(b []byte, n, params int) error {
	for range n * params {
		size := value.EncodedLen(b)
		if size == 0 {
			return badArgs(params)
		}
		b = b[size:]
	}
	if len(b) > 0 {
		return badArgs(params)
	}
	return nil
}
