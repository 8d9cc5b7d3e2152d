//go:build !js

package sqlite

import (
	"iter"

	"github.com/ncruces/go-sqlite3"

	"rockpool.dev/value"
)

func (e *engine) function(name string, nArgs int, deterministic bool, fn ScalarFunction) error {
	return native("define function "+name, e.db.CreateFunction(name, nArgs, functionFlags(deterministic), func(ctx sqlite3.Context, arg ...sqlite3.Value) {
		v, err := fn(argValues(arg))
		e.answer(ctx, v, err)
	}), "")
}

func functionFlags(deterministic bool) sqlite3.FunctionFlag {
	if deterministic {
		return sqlite3.DETERMINISTIC | sqlite3.INNOCUOUS
	}
	return sqlite3.INNOCUOUS
}

func (e *engine) aggregate(name string, nArgs int, makes func() Aggregate) error {
	return native("define aggregate "+name, e.db.CreateAggregateFunction(name, nArgs, sqlite3.INNOCUOUS, func(ctx *sqlite3.Context, seq iter.Seq[[]sqlite3.Value]) {
		g := makes()
		for arg := range seq {
			if err := g.Step(argValues(arg)); err != nil {
				e.answer(*ctx, value.Null, err)
				return
			}
		}
		v, err := g.Final()
		e.answer(*ctx, v, err)
	}), "")
}

func (e *engine) collation(name string, cmp Collation) error {
	return native("define collation "+name, e.db.CreateCollation(name, func(a, b []byte) int {
		return cmp(string(a), string(b))
	}), "")
}

func argValues(arg []sqlite3.Value) []value.Value {
	out := make([]value.Value, len(arg))
	for i, v := range arg {
		switch v.Type() {
		case sqlite3.INTEGER:
			out[i] = value.Int(v.Int64())
		case sqlite3.FLOAT:
			out[i] = value.Float(v.Float())
		case sqlite3.TEXT:
			out[i] = value.Text(v.Text())
		case sqlite3.BLOB:
			out[i] = value.Blob(v.RawBlob())
		}
	}
	return out
}

// answer sets a function's result; an error is kept to be the cause.
func (e *engine) answer(ctx sqlite3.Context, v value.Value, err error) {
	if err != nil {
		e.c.failed = err
		ctx.ResultError(errText(err.Error()))
		return
	}
	switch v.Kind() {
	case value.KindInt:
		ctx.ResultInt64(v.Int())
	case value.KindFloat:
		ctx.ResultFloat(v.Float())
	case value.KindText:
		ctx.ResultText(v.Str())
	case value.KindBlob:
		ctx.ResultBlob([]byte(v.Str()))
	default:
		ctx.ResultNull()
	}
}

// errText is an error that is only its text to ncruces.
type errText string

func (e errText) Error() string { return string(e) }
