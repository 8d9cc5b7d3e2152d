package main

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"rockpool.dev/codec"
	"rockpool.dev/internal/codectest"
	"rockpool.dev/mutation"
	"rockpool.dev/query"
	"rockpool.dev/value"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

const safeMax = 1<<53 - 1 // the largest integer that a JavaScript number holds for certain

// edges are SQL values that go wrong easily. A float without a fraction is not
// among them: JavaScript has no such thing beside an integer.
var edges = value.Row{
	value.Null, value.Int(0), value.Int(-1), value.Int(safeMax), value.Int(safeMax + 1), value.Int(safeMax + 2), value.Int(-safeMax), value.Int(-safeMax - 1),
	value.Int(-safeMax - 2), value.Int(1 << 31), value.Int(-1 << 31), value.Int(-1<<32 - 1), value.Int(math.MaxInt64), value.Int(math.MinInt64),
	value.Float(0.5), value.Float(math.Copysign(0, -1)), value.Float(math.Inf(1)), value.Float(math.Inf(-1)), value.Float(1e300),
	value.Float(math.SmallestNonzeroFloat64), value.Float(math.MaxFloat64), value.Text(""), value.Text("\ufeffmarked"), value.Text("a\x00b"),
	value.Text("🐚 rock pool · 岩"), value.Blob(nil), value.Blob([]byte{0, 0xff, 0x80}), value.Text(strings.Repeat("é", 100)),
}

// goldenCases are every message with nothing in it, every message with all of
// its fields at their edges, and what deserves a case of its own.
func goldenCases() map[string]codectest.Message {
	long := make([]byte, 20000)
	for i := range long {
		long[i] = byte(i * i)
	}
	deep := query.Expr{Kind: query.ExprValue, Value: value.Text("bottom")}
	for range codec.DepthMax {
		deep = query.Expr{Kind: query.ExprNot, Args: []query.Expr{deep}}
	}
	tx := &mutation.Tx{
		Mid: 7, Seen: version.Pos{Epoch: 1, Seq: 99}, HLC: version.At(1_764_000_000_000) + 3, Schema: 2, Depends: []uint64{5, 6},
		Ops: []mutation.Op{
			{Table: 1, Kind: mutation.Insert, Key: value.Row{value.Text("k")}, Cols: []uint32{0, 2}, New: value.Row{value.Text("k"), value.Int(4)}},
			{Table: 1, Kind: mutation.Update, Key: value.Row{value.Text("k")}, Cols: []uint32{1, 2}, Old: value.Row{value.Null, value.Int(4)}, New: value.Row{value.Text(""), value.Int(-1)}, Deltas: []uint32{1}},
			{Table: 2, Kind: mutation.Delete, Key: value.Row{value.Int(1)}, Old: value.Row{value.Int(1), value.Null}},
		},
	}
	tx.Seal()
	cases := map[string]codectest.Message{
		"wire.NamedRow.edges":     &wire.NamedRow{Columns: make([]string, len(edges)), Values: edges},
		"wire.NamedRow.nulls":     &wire.NamedRow{Columns: []string{"a", "", "🐚"}, Values: value.Row{value.Null, value.Text(""), value.Blob(nil)}},
		"wire.NamedRow.long":      &wire.NamedRow{Values: value.Row{value.Text("before"), value.Blob(long), value.Text("behind")}},
		"wire.Block.long":         &wire.Block{Bucket: 1, Data: long},
		"wire.QueryDone.wide":     &wire.QueryDone{Changes: -1, LastID: math.MinInt64},
		"wire.Event.empty-nested": &wire.Event{Type: wire.EventHealth, Health: &wire.Health{}, RolledBack: []wire.OutboxOp{{}, {}}},
		"query.Expr.deepest":      &deep,
		"mutation.Tx.ops":         tx,
	}
	for name, empty := range messages {
		cases[name+".zero"] = empty()
		m := empty()
		fill(reflect.ValueOf(m).Elem(), 2)
		cases[name+".full"] = m
	}
	return cases
}

// fill sets every field of a message: numbers to their largest, texts and
// lists to awkward ones, nested messages down to depth.
func fill(v reflect.Value, depth int) {
	for i := range v.NumField() {
		f := v.Field(i)
		_, option, _ := strings.Cut(v.Type().Field(i).Tag.Get("wire"), ",")
		switch one := f.Addr().Interface().(type) {
		case *value.Value:
			*one = value.Float(math.Copysign(0, -1))
			continue
		case *value.Row:
			*one = edges[:5]
			continue
		case *[]byte:
			*one = []byte{0, 1, 0xff}
			continue
		case *[]string:
			*one = []string{"", "a\x00b", "🐚"}
			continue
		case *[]uint32:
			*one = []uint32{0, 127, 128, math.MaxUint32}
			continue
		case *[]uint64:
			*one = []uint64{0, safeMax}
			continue
		}
		switch f.Kind() {
		case reflect.Bool:
			f.SetBool(true)
		case reflect.String:
			f.SetString("text · 岩")
		case reflect.Uint8, reflect.Uint16, reflect.Uint32:
			f.SetUint(1<<f.Type().Bits() - 1)
		case reflect.Uint64:
			f.SetUint(safeMax)
			if option == "big" {
				f.SetUint(math.MaxUint64)
			}
		case reflect.Int32:
			f.SetInt(math.MinInt32)
		case reflect.Int64:
			f.SetInt(-safeMax)
			if option == "wide" {
				f.SetInt(math.MaxInt64)
			}
		case reflect.Struct:
			fill(f, depth-1)
		case reflect.Pointer:
			if depth > 0 {
				f.Set(reflect.New(f.Type().Elem()))
				fill(f.Elem(), depth-1)
			}
		case reflect.Slice:
			if depth > 0 {
				f.Set(reflect.MakeSlice(f.Type(), 2, 2))
				fill(f.Index(0), depth-1)
			}
		}
	}
}

// render is what a message says, as JSON that both languages write: integers
// beyond 2^53 − 1 as {"$int": text}, floats that JSON lacks or that look like
// integers as {"$float": text}, bytes as {"$bytes": hex}.
func render(t *testing.T, m codectest.Message) []byte {
	t.Helper()
	out, err := json.MarshalIndent(plain(t, reflect.ValueOf(m).Elem(), ""), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}

func plain(t *testing.T, v reflect.Value, option string) any {
	t.Helper()
	switch one := v.Interface().(type) {
	case value.Value:
		return plainValue(one)
	case value.Row:
		list := make([]any, len(one))
		for i := range one {
			list[i] = plainValue(one[i])
		}
		return list
	case []byte:
		return map[string]string{"$bytes": hex.EncodeToString(one)}
	}
	switch v.Kind() {
	case reflect.Bool, reflect.String:
		return v.Interface()
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if option == "big" {
			return map[string]string{"$int": strconv.FormatUint(v.Uint(), 10)}
		}
		return v.Uint()
	case reflect.Int32, reflect.Int64:
		return plainInt(v.Int())
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return plain(t, v.Elem(), "")
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plain(t, v.Index(i), "")
		}
		return list
	case reflect.Struct:
		fields := map[string]any{}
		for i := range v.NumField() {
			_, option, _ := strings.Cut(v.Type().Field(i).Tag.Get("wire"), ",")
			fields[cmp.Or(v.Type().Field(i).Tag.Get("ts"), tsName(v.Type().Field(i).Name))] = plain(t, v.Field(i), option)
		}
		return fields
	}
	t.Fatalf("no JSON for %v", v.Type())
	return nil
}

func plainInt(n int64) any {
	if n > safeMax || n < -safeMax {
		return map[string]string{"$int": strconv.FormatInt(n, 10)}
	}
	return n
}

func plainValue(v value.Value) any {
	switch v.Kind() {
	case value.KindInt:
		return plainInt(v.Int())
	case value.KindFloat:
		f := v.Float()
		if f == math.Trunc(f) {
			return map[string]string{"$float": strconv.FormatUint(math.Float64bits(f), 16)}
		}
		return f
	case value.KindText:
		return v.Str()
	case value.KindBlob:
		return map[string]string{"$bytes": hex.EncodeToString([]byte(v.Str()))}
	}
	return nil
}
