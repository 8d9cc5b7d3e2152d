package suite

import (
	"encoding/binary"
	"testing"

	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// image reads a whole database by Pages, n pages a call.
func image(t *testing.T, c *sqlite.Conn, n int) []byte {
	t.Helper()
	var file []byte
	for first := 1; ; first += n {
		pages, count, err := c.Pages(first, n)
		if err != nil {
			t.Fatal(err)
		}
		if len(pages) != count*pageBytes {
			t.Fatalf("Pages(%d, %d) = %d bytes for %d pages", first, n, len(pages), count)
		}
		file = append(file, pages...)
		if count < n {
			return file
		}
	}
}

// TestPages: the pages of a snapshot, part of it only in the WAL, are a database
// file that stands alone, while another connection writes.
func TestPages(t *testing.T) {
	for _, n := range []int{1, 7, 64} {
		name := filled(t, "")
		w, r := open(t, sqlite.Options{Name: name}), open(t, sqlite.Options{Name: name, ReadOnly: true})
		exec(t, w, "DELETE FROM v WHERE id > 4000; INSERT INTO v VALUES (9000, 'only in the WAL')")
		exec(t, r, "BEGIN")
		first, _, err := r.Pages(1, 1)
		if err != nil {
			t.Fatal(err)
		}
		exec(t, w, "DELETE FROM v; INSERT INTO v VALUES (1, 'after the snapshot')")
		file := image(t, r, n)
		exec(t, r, "COMMIT")
		if string(first) != string(file[:pageBytes]) {
			t.Error("the first page is not of the snapshot")
		}
		checkSums(t, file)
		copied := fresh(t)
		put(t, copied, file)
		c := open(t, sqlite.Options{Name: copied})
		wantInt(t, c, "SELECT count(*) FROM v", 4001)
		if got := one(t, c, "SELECT x FROM v WHERE id = 9000"); !got.Equal(value.Text("only in the WAL")) {
			t.Errorf("the last row of the copy = %v", got)
		}
		if got := one(t, c, "PRAGMA integrity_check"); !got.Equal(value.Text("ok")) {
			t.Errorf("integrity_check of the copy = %v", got)
		}
	}
}

// TestPagesOfNothing: a database without a page.
func TestPagesOfNothing(t *testing.T) {
	c := open(t, sqlite.Options{Name: "empty", Memory: true})
	if pages, count, err := c.Pages(1, 10); len(pages) != 0 || count != 0 || err != nil {
		t.Errorf("Pages = %d bytes, %d, %v", len(pages), count, err)
	}
}

// TestPageChecksums: the file has the format of SQLite's cksumvfs, whichever
// half wrote it: 8 reserved bytes a page, and in them the sums of the rest.
func TestPageChecksums(t *testing.T) {
	name := filled(t, "")
	file := make([]byte, size(t, name))
	for i := range file {
		file[i] = byteAt(t, name, i)
	}
	if file[20] != 8 {
		t.Fatalf("the header reserves %d bytes, want 8", file[20])
	}
	checkSums(t, file)
}

// checkSums follows https://www.sqlite.org/cksumvfs.html.
func checkSums(t *testing.T, file []byte) {
	t.Helper()
	word := func(at int) uint32 { return binary.LittleEndian.Uint32(file[at:]) }
	for page := 0; page < len(file)/pageBytes; page++ {
		var s1, s2 uint32
		at, end := page*pageBytes, (page+1)*pageBytes-8
		for ; at < end; at += 8 {
			s1 += word(at) + s2
			s2 += word(at+4) + s1
		}
		if word(at) != s1 || word(at+4) != s2 {
			t.Errorf("page %d of %d carries the sums %x %x, want %x %x", page+1, len(file)/pageBytes, word(at), word(at+4), s1, s2)
		}
	}
}
