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
	file := content(t, name)
	if file[20] != 8 {
		t.Fatalf("the header reserves %d bytes, want 8", file[20])
	}
	checkSums(t, file)
}

// TestPageSizeStays: VACUUM would write pages of a new size in pieces of the old
// one, each with a checksum in the middle of what the page holds.
func TestPageSizeStays(t *testing.T) {
	for _, bytes := range []string{"512", "8192", "65536"} {
		name := filled(t, "")
		c := open(t, sqlite.Options{Name: name})
		exec(t, c, "PRAGMA journal_mode=DELETE; PRAGMA page_size="+bytes+"; DELETE FROM v WHERE id % 2; VACUUM; PRAGMA journal_mode=WAL")
		wantInt(t, c, "PRAGMA page_size", pageBytes)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		checkSums(t, content(t, name))
		if err := read(name, ""); err != nil {
			t.Errorf("after a VACUUM to pages of %s bytes: %v", bytes, err)
		}
	}
}

// checkSums follows https://www.sqlite.org/cksumvfs.html.
func checkSums(t *testing.T, file []byte) {
	t.Helper()
	for at := 0; at < len(file); at += pageBytes {
		body, tail := file[at:at+pageBytes-8], file[at+pageBytes-8:at+pageBytes]
		s1, s2 := sums(body)
		if g1, g2 := binary.LittleEndian.Uint32(tail), binary.LittleEndian.Uint32(tail[4:]); g1 != s1 || g2 != s2 {
			t.Errorf("page %d of %d carries the sums %x %x, want %x %x", at/pageBytes+1, len(file)/pageBytes, g1, g2, s1, s2)
		}
	}
}

// sums are the two words of a page's checksum.
func sums(body []byte) (s1, s2 uint32) {
	for ; len(body) > 0; body = body[8:] {
		s1 += binary.LittleEndian.Uint32(body) + s2
		s2 += binary.LittleEndian.Uint32(body[4:]) + s1
	}
	return s1, s2
}
