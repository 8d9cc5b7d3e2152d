package suite

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// TestBadFiles: what is no database of ours, or only a part of one, is told as
// what it is, and stays as it was.
func TestBadFiles(t *testing.T) {
	good := content(t, filled(t, ""))
	with := func(at int, b ...byte) []byte { // a header that says something else, under a right checksum
		file := bytes.Clone(good)
		copy(file[at:], b)
		s1, s2 := sums(file[:pageBytes-8])
		binary.LittleEndian.PutUint32(file[pageBytes-8:], s1)
		binary.LittleEndian.PutUint32(file[pageBytes-4:], s2)
		return file
	}
	for _, tc := range []struct {
		name string
		file []byte
		kind fault.Kind
	}{
		{"zeros", make([]byte, len(good)), fault.NotADatabase},
		{"one page of zeros", make([]byte, pageBytes), fault.NotADatabase},
		{"a database that begins with zeros", append(make([]byte, 2*pageBytes), good[2*pageBytes:]...), fault.NotADatabase},
		{"a text", []byte(strings.Repeat("Dear diary, today the tide went out. ", 300)), fault.NotADatabase},
		{"a short text", []byte("hello"), fault.NotADatabase},
		{"the start of a header", good[:60], fault.Corrupt},
		{"a header alone", good[:100], fault.Corrupt},
		{"half a page", good[:pageBytes/2], fault.Corrupt},
		{"half the pages", good[:len(good)/pageBytes/2*pageBytes], fault.Corrupt},
		{"a page size that none has", with(16, 0x0f, 0xff), fault.NotADatabase},
		{"a format of the future", with(18, 9, 9), fault.NotADatabase},
	} {
		t.Run(tc.name, func(t *testing.T) {
			name := fresh(t)
			put(t, name, tc.file)
			wantKind(t, tc.name, read(name, ""), tc.kind)
			if got := content(t, name); !bytes.Equal(got, tc.file) {
				t.Errorf("the file has changed: %d bytes, before %d", len(got), len(tc.file))
			}
		})
	}
	name := fresh(t)
	put(t, name, good)
	if err := read(name, ""); err != nil {
		t.Errorf("the whole file: %v", err)
	}
}

// TestBadCalls: calls that cannot be, each a typed error with a remedy, after
// which the connection works on.
func TestBadCalls(t *testing.T) {
	c := db(t, "CREATE TABLE v(id INTEGER PRIMARY KEY, x)")
	two, err := c.Prepare("INSERT INTO v VALUES (?, ?)")
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	gone, err := c.Prepare("SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	shut := open(t, sqlite.Options{})
	if err := shut.Close(); err != nil {
		t.Fatal(err)
	}
	prepare := func(sql string) error { _, err := c.Prepare(sql); return err }
	for _, tc := range []struct {
		name string
		err  error
		kind fault.Kind
		at   int
	}{
		{"too few values", two.Run(value.Text("a")), fault.WrongParameters, -1},
		{"too many values", two.Run(value.Text("a"), value.Text("b"), value.Text("c")), fault.WrongParameters, -1},
		{"no values", two.Run(), fault.WrongParameters, -1},
		{"half a set", func() error { _, err := two.RunBatch([]byte{0, 0, 0}, 2); return err }(), fault.WrongParameters, -1},
		{"unknown table", prepare("SELECT * FROM nowhere"), fault.UnknownTable, -1},
		{"unknown column", prepare("SELECT missing FROM v"), fault.UnknownColumn, 7},
		{"malformed", prepare("SELECT * FORM v"), fault.InvalidSQL, 9},
		{"malformed behind astral text", prepare("SELECT '🐚', * FORM v"), fault.InvalidSQL, 17},
		{"not finished", prepare("SELECT * FROM v WHERE ("), fault.InvalidSQL, -1},
		{"no statement", prepare("-- nothing"), fault.InvalidSQL, -1},
		{"two statements", prepare("SELECT 1; SELECT 2"), fault.InvalidSQL, 9},
		{"a closed statement", gone.Run(), fault.Closed, -1},
		{"Exec when closed", shut.Exec("SELECT 1"), fault.Closed, -1},
		{"Prepare when closed", func() error { _, err := shut.Prepare("SELECT 1"); return err }(), fault.Closed, -1},
		{"Cached when closed", func() error { _, err := shut.Cached("SELECT 1"); return err }(), fault.Closed, -1},
		{"Flush when closed", shut.Flush(), fault.Closed, -1},
		{"Pages when closed", func() error { _, _, err := shut.Pages(1, 1); return err }(), fault.Closed, -1},
		{"Capture when closed", shut.Capture(nil), fault.Closed, -1},
		{"Checkpoint when closed", func() error { _, _, err := shut.Checkpoint(sqlite.CheckpointPassive); return err }(), fault.Closed, -1},
	} {
		wantKind(t, tc.name, tc.err, tc.kind)
		if got := fault.OffsetOf(tc.err); got != tc.at {
			t.Errorf("%s: offset %d, want %d: %v", tc.name, got, tc.at, tc.err)
		}
	}
	if err := two.Run(value.Text("1"), value.Text("a")); err != nil {
		t.Error(err)
	}
	wantInt(t, c, "SELECT count(*) FROM v", 1)
}
