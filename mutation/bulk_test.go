package mutation_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

func bulkSchema() *schema.Schema {
	return &schema.Schema{Version: 3, Tables: []schema.Table{
		{ID: 1, Name: "a", Key: []uint32{1, 0}, Columns: []schema.Column{
			{Name: "n", Type: schema.TypeInt, NotNull: true},
			{Name: "id", Type: schema.TypeUUID, NotNull: true},
			{Name: "name", Type: schema.TypeText},
			{Name: "code", Type: schema.TypeText, SourceType: "character(5)"},
			{Name: "price", Type: schema.TypeDecimal, Scale: 2, HasScale: true},
			{Name: "total", Type: schema.TypeFloat, Generated: true},
			{Name: "ok", Type: schema.TypeBool, NotNull: true, Default: "false"},
		}},
		{ID: 2, Name: "b", Key: []uint32{0}, Columns: []schema.Column{{Name: "id", Type: schema.TypeBytes}}},
		{ID: 3, Name: "local", Key: []uint32{0}, LocalOnly: true, Columns: []schema.Column{{Name: "id", Type: schema.TypeInt}}},
		{ID: 4, Name: "checked", Key: []uint32{0}, Columns: []schema.Column{{Name: "id", Type: schema.TypeInt}}, Checks: []schema.Check{{Name: "c", Expr: "id > 0"}}},
	}}
}

func logOf(op, depth uint8, table uint32, rows ...value.Row) []byte {
	b := append(make([]byte, 4), op, depth)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(rows[0])))
	b = binary.LittleEndian.AppendUint32(b, table)
	for _, r := range rows {
		b = r.Append(b)
	}
	binary.LittleEndian.PutUint32(b, uint32(len(b)))
	return b
}

func rowA(n int, name string) value.Row {
	return value.Row{
		value.Int(int64(n)), value.Text(fmt.Sprintf("018f0000-0000-7000-8000-%012d", n)), value.Text(name),
		value.Text("ab"), value.Text("1.50"), value.Float(2), value.Null,
	}
}

// TestBulkIsNormalize compares the short way with the long one, byte for byte.
func TestBulkIsNormalize(t *testing.T) {
	t.Parallel()
	s := bulkSchema()
	var log []byte
	for i := range 300 {
		log = append(log, logOf(1, 0, 1, rowA(i, "n"+strings.Repeat("x", i%150)))...)
		log = append(log, logOf(1, 0, 2, value.Row{value.Blob([]byte(fmt.Sprint(i)))})...)
		log = append(log, logOf(1, 0, 3, value.Row{value.Int(int64(i))})...)
	}
	norm, err := mutation.Normalize(s, log)
	if err != nil || len(norm.Rewrite) > 0 {
		t.Fatalf("Normalize: %v, rewrites %v", err, norm.Rewrite)
	}
	tx := mutation.Tx{Mid: 7, Seen: version.Pos{Epoch: 1, Seq: 9}, HLC: 77, Schema: 3, Depends: []uint64{1, 2}, Resolves: 5, IdempotencyKey: "k"}
	long := tx
	long.Ops = norm.Ops
	long.Seal()
	b, ok := mutation.BulkInserts(s, log, func(uint32, []byte) bool { return false })
	if !ok || b.Rows != len(norm.Ops) {
		t.Fatalf("BulkInserts: %v, %d rows, want %d", ok, b.Rows, len(norm.Ops))
	}
	tx.Digest = b.Digest
	if got, want := tx.AppendBulk(nil, b), long.AppendTo(nil); string(got) != string(want) {
		t.Errorf("AppendBulk makes %d bytes, AppendTo %d others", len(got), len(want))
	}
}

func TestBulkDeclines(t *testing.T) {
	t.Parallel()
	change := func(col int, v value.Value) []byte {
		r := rowA(1, "x")
		r[col] = v
		return logOf(1, 0, 1, r)
	}
	for name, log := range map[string][]byte{
		"update":           logOf(2, 0, 1, rowA(1, "x"), rowA(1, "y")),
		"delete":           logOf(3, 0, 1, rowA(1, "x")),
		"trigger":          logOf(1, 1, 1, rowA(1, "x")),
		"unknown table":    logOf(1, 0, 9, rowA(1, "x")),
		"check":            logOf(1, 0, 4, value.Row{value.Int(1)}),
		"not canonical":    change(4, value.Text("1.5")),
		"blanks at end":    change(3, value.Text("ab ")),
		"NUL in a text":    change(2, value.Text("a\x00")),
		"no UTF-8":         change(2, value.Text("a\xff")),
		"wrong type":       change(0, value.Text("one")),
		"NULL":             change(0, value.Null),
		"busy row":         logOf(1, 0, 2, value.Row{value.Blob([]byte("busy"))}),
		"too few columns":  logOf(1, 0, 1, rowA(1, "x")[:3]),
		"too many columns": logOf(1, 0, 1, append(rowA(1, "x"), value.Null)),
		"cut short":        logOf(1, 0, 1, rowA(1, "x"))[:20],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := string(value.Row{value.Blob([]byte("busy"))}.Append(nil))
			if b, ok := mutation.BulkInserts(bulkSchema(), log, func(_ uint32, k []byte) bool { return string(k) == key }); ok {
				t.Errorf("BulkInserts took it: %+v", b)
			}
		})
	}
}
