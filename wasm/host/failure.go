package host

import (
	"errors"
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/wire"
)

// failure is an error as it crosses to the page.
func failure(err error) *wire.Failure {
	f := &wire.Failure{
		Kind: uint16(fault.KindOf(err)), Msg: err.Error(), Hint: fault.HintOf(err),
		Offset: int32(fault.OffsetOf(err)), Code: int32(sqlite.ExtendedCode(err)),
	}
	if r := fault.RuleOf(err); r != nil {
		f.Code, f.Table, f.Columns, f.Constraint = int32(r.Code), r.Table, r.Columns, r.Name
	}
	var e *fault.Error
	if errors.As(err, &e) && e.Op != "" {
		f.Op = e.Op
		f.Msg = strings.TrimPrefix(strings.TrimPrefix(f.Msg, e.Op), ": ")
	}
	if f.Msg == "" {
		f.Msg = fault.KindOf(err).String()
	}
	return f
}
