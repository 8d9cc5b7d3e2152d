package suite

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// edges are values that some layer could bend.
var edges = map[string]value.Value{
	"null":               value.Null,
	"zero":               value.Int(0),
	"largest integer":    value.Int(math.MaxInt64),
	"smallest integer":   value.Int(math.MinInt64),
	"2^53+1":             value.Int(1<<53 + 1),
	"zero as float":      value.Float(0),
	"infinity":           value.Float(math.Inf(1)),
	"negative infinity":  value.Float(math.Inf(-1)),
	"smallest float":     value.Float(math.SmallestNonzeroFloat64),
	"largest float":      value.Float(math.MaxFloat64),
	"a third":            value.Float(1.0 / 3),
	"empty text":         value.Text(""),
	"empty blob":         value.Blob([]byte{}),
	"astral text":        value.Text("rock 🪨 pool 🐚 𝔘"),
	"byte order mark":    value.Text("\ufeffbom"),
	"zero byte in text":  value.Text("a\x00b"),
	"invalid UTF-8":      value.Text("a\xff\xfeb"),
	"lone surrogate":     value.Text("\xed\xa0\x80"),
	"blob of zeros":      value.Blob(make([]byte, 300)),
	"text over a page":   value.Text(strings.Repeat("page ", 3000)),
	"number-like text":   value.Text("1e3"),
	"minus zero as text": value.Text("-0"),
}

// TestValuesRoundTrip sends each value through a bind, a column without type, and a result.
func TestValuesRoundTrip(t *testing.T) {
	c := db(t, "CREATE TABLE v(id INTEGER PRIMARY KEY, x)")
	for name, want := range edges {
		exec(t, c, "DELETE FROM v")
		s, err := c.Cached("INSERT INTO v(x) VALUES (?)")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Run(want); err != nil {
			t.Fatalf("%s: Run = %v", name, err)
		}
		if got := one(t, c, "SELECT x FROM v"); !got.Equal(want) {
			t.Errorf("%s: stored %v, want %v", name, got, want)
		}
		if got := one(t, c, "SELECT ?", want); !got.Equal(want) {
			t.Errorf("%s: passed through %v, want %v", name, got, want)
		}
		if want.Kind() == value.KindNull {
			continue
		}
		wantInt(t, c, "SELECT count(*) FROM v WHERE x IS NOT NULL", 1)
	}
}

// TestNaNAndMinusZero states what SQLite makes of them: NaN is NULL; −0 in a
// computed result keeps its sign or not as SQLite decides, but equals 0.
func TestNaNAndMinusZero(t *testing.T) {
	c := db(t, "CREATE TABLE v(x REAL)")
	nan := append([]byte{byte(value.KindFloat)}, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f)
	s, err := c.Prepare("INSERT INTO v VALUES (?)")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if n, err := s.RunBatch(nan, 1); n != 1 || err != nil {
		t.Fatalf("RunBatch(NaN) = %d, %v", n, err)
	}
	if got := one(t, c, "SELECT x FROM v"); !got.IsNull() {
		t.Errorf("NaN is stored as %v, want NULL", got)
	}
	if err := s.Run(value.Float(math.Copysign(0, -1))); err != nil {
		t.Fatal(err)
	}
	got := one(t, c, "SELECT x FROM v WHERE x IS NOT NULL")
	if got.Kind() != value.KindFloat || got.Float() != 0 {
		t.Errorf("-0 is stored as %v, want the float 0", got)
	}
	wantInt(t, c, "SELECT count(*) FROM v WHERE x = 0.0", 1)
}

func TestNullEmptyTextAndEmptyBlobDiffer(t *testing.T) {
	c := db(t, "CREATE TABLE v(k TEXT, x)")
	exec(t, c, "INSERT INTO v VALUES('null', NULL), ('text', ''), ('blob', x'')")
	wantRows(t, "typeof", rows(t, c, "SELECT typeof(x), x FROM v ORDER BY rowid"), []value.Row{
		{value.Text("null"), value.Null}, {value.Text("text"), value.Text("")}, {value.Text("blob"), value.Blob(nil)},
	})
}

// TestTwentyMegabytes stores, reads, updates and captures a large value.
func TestTwentyMegabytes(t *testing.T) {
	c := db(t, "CREATE TABLE big(id INTEGER PRIMARY KEY, x BLOB)")
	blob := bytes.Repeat([]byte("0123456789abcdef"), 20<<20/16)
	want := value.Blob(blob)
	s, err := c.Prepare("INSERT INTO big VALUES (1, ?)")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Run(want); err != nil {
		t.Fatalf("insert 20 MB = %v", err)
	}
	if got := one(t, c, "SELECT x FROM big"); !got.Equal(want) {
		t.Errorf("the blob comes back with %d bytes, want %d", len(got.Str()), len(blob))
	}
	wantInt(t, c, "SELECT length(x) FROM big", 20<<20)
	if err := c.Capture(map[string]uint32{"big": 1}); err != nil {
		t.Fatal(err)
	}
	exec(t, c, "BEGIN; DELETE FROM big")
	r, _, ok := c.CapturedTx().Next()
	if old, _, whole := r.Rows(); !ok || !whole || !old[1].Equal(want) {
		t.Error("the captured old image is not the blob")
	}
	exec(t, c, "ROLLBACK")
}

// TestLargestValue holds the stated limit from both sides.
func TestLargestValue(t *testing.T) {
	c := db(t, "CREATE TABLE big(x)")
	err := c.Exec("INSERT INTO big VALUES (zeroblob(" + decimal(sqlite.ValueBytesMax+1) + "))")
	wantKind(t, "a value over ValueBytesMax", err, fault.TooLarge)
	exec(t, c, "INSERT INTO big VALUES (zeroblob("+decimal(sqlite.ValueBytesMax-100)+"))")
	wantInt(t, c, "SELECT length(x) FROM big", sqlite.ValueBytesMax-100)
	s, err := c.Prepare("INSERT INTO big VALUES (?)")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	wantKind(t, "a bound value over ValueBytesMax", s.Run(value.Blob(make([]byte, sqlite.ValueBytesMax+1))), fault.TooLarge)
	wantKind(t, "a row over ValueBytesMax", c.Exec("UPDATE big SET x = x || zeroblob(101)"), fault.TooLarge)
	wantInt(t, c, "SELECT count(*) FROM big", 1)
}

func decimal(n int) string {
	var b []byte
	for ; n > 0; n /= 10 {
		b = append([]byte{byte('0' + n%10)}, b...)
	}
	return string(b)
}
