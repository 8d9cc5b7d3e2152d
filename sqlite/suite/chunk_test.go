package suite

import (
	"bytes"
	"encoding/hex"
	"flag"
	"hash/maphash"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

var rewrite = flag.Bool("rewrite", false, "write the golden chunks anew")

// fetch returns the chunks of a query, copied.
func fetch(t *testing.T, c *sqlite.Conn, sql string, maxRows, maxBytes, head int) (chunks [][]byte, all []value.Row) {
	t.Helper()
	s, err := c.Prepare(sql)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Start(nil); err != nil {
		t.Fatal(err)
	}
	k := sqlite.Chunk{Head: head}
	for done := false; !done; {
		if done, err = s.Fetch(&k, maxRows, maxBytes); err != nil {
			t.Fatal(err)
		}
		if f := k.Framed(); len(f) != head+len(k.Bytes()) || !bytes.Equal(f[head:], k.Bytes()) {
			t.Fatal("Framed is not Head bytes and then the chunk")
		}
		chunks = append(chunks, bytes.Clone(k.Bytes()))
		all = append(all, k.Decode()...)
	}
	return chunks, all
}

const mixed = `SELECT 1, 'héllo 🐚', x'00ff10', NULL, 1.5 UNION ALL SELECT -9223372036854775807 - 1, '', x'', 'z', 9223372036854775807
	UNION ALL SELECT 9007199254740993, CAST(x'61ff62' AS TEXT), zeroblob(9), -2, 1e300 UNION ALL SELECT 0, char(65279) || 'bom', 'plain', x'2a', 0.0`

// TestChunkGolden holds the bytes: they cross to the page, and both halves write the same.
func TestChunkGolden(t *testing.T) {
	c := db(t, "")
	var got strings.Builder
	for _, tc := range []struct {
		name, sql string
		maxRows   int
	}{{"mixed", mixed, 100}, {"mixed, two rows a chunk", mixed, 2}, {"no rows", "SELECT 1, 2 WHERE 0", 10}, {"no columns", "CREATE TABLE v(x)", 10}} {
		chunks, _ := fetch(t, c, tc.sql, tc.maxRows, 4096, 0)
		for _, b := range chunks {
			got.WriteString(tc.name + "\n" + hex.EncodeToString(b) + "\n")
		}
	}
	path := filepath.Join("testdata", "chunks.txt")
	if *rewrite {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the chunks' bytes changed: read the diff, then run with -rewrite\n%s", got.String())
	}
}

// TestChunkSizes: whatever the room, the rows are the same.
func TestChunkSizes(t *testing.T) {
	c := db(t, "")
	sql := "SELECT * FROM (" + mixed + `) UNION ALL SELECT i, 'row ' || i, randomblob(i % 50), i * 0.5, zeroblob(CASE i WHEN 77 THEN 200000 ELSE i % 9 END)
		FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 300) SELECT i FROM n)`
	exec(t, c, "CREATE TABLE v AS "+sql)
	_, want := fetch(t, c, "SELECT * FROM v", 1000, 1<<20, 0)
	if len(want) != 304 {
		t.Fatalf("%d rows, want 304", len(want))
	}
	for _, maxRows := range []int{1, 2, 7, 100, 1000} {
		for _, maxBytes := range []int{0, 600, 4096, 1 << 20} {
			chunks, got := fetch(t, c, "SELECT * FROM v", maxRows, maxBytes, 8)
			wantRows(t, "rows", got, want)
			for _, b := range chunks {
				if len(b) > max(maxBytes, 1024) && len(b) < 200000 {
					t.Errorf("a chunk of %d bytes in room for %d", len(b), maxBytes)
				}
			}
		}
	}
}

// TestChunkPick: whatever rows are picked, they are the same in their own
// chunk, and equal rows have equal hashes wherever their blobs lie.
func TestChunkPick(t *testing.T) {
	c := db(t, "")
	seed := maphash.MakeSeed()
	chunks, all := fetch(t, c, mixed+" UNION ALL "+mixed, 100, 4096, 8)
	framed := append(make([]byte, 8), chunks[0]...)
	k := sqlite.ChunkOf(framed, 8)
	hashes := k.Hashes(seed, k.Rows(), 5, nil)
	if half := len(all) / 2; !slices.Equal(hashes[:half], hashes[half:]) || len(hashes) != len(all) {
		t.Errorf("hashes of the same rows twice = %x", hashes)
	}
	for pick := range 1 << len(all) {
		var rows []int
		for i := range all {
			if pick>>i&1 > 0 {
				rows = append(rows, i)
			}
		}
		for _, cols := range []int{5, 3} {
			p := k.Pick(rows, cols)
			got := p.Decode()
			for j, i := range rows {
				if !got[j].Equal(all[i][:cols]) {
					t.Fatalf("rows %v, %d columns: row %d = %v, want %v", rows, cols, j, got[j], all[i][:cols])
				}
			}
			same := k.Hashes(seed, k.Rows(), cols, nil)
			for j, h := range p.Hashes(seed, p.Rows(), cols, nil) {
				if h != same[rows[j]] {
					t.Fatalf("rows %v, %d columns: the hash of row %d changed", rows, cols, j)
				}
			}
		}
	}
	seen := map[uint64]bool{}
	for _, h := range hashes {
		seen[h] = true
	}
	if len(seen) != len(all)/2 {
		t.Errorf("%d hashes of %d different rows", len(seen), len(all)/2)
	}
}
