package audit_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"rockpool.dev/changelog"
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/server/audit"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

func rec(seq uint64) *changelog.Tx {
	return &changelog.Tx{
		Pos: version.Pos{Epoch: 1, Seq: seq}, Changes: []changelog.Change{{Table: 3, New: value.Row{value.Text("private")}}},
		Origins: []changelog.Origin{{Client: "c", Outcome: mutation.Outcome{Mid: seq, Status: mutation.Applied}}},
	}
}

// The chain goes on over a new start, holds no values, and shows each way of
// tampering.
func TestChain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	for seq := uint64(1); seq <= 4; seq++ {
		l, err := audit.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		l.Add(rec(seq), func(string) string { return "ann" })
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("private")) || !bytes.Contains(text, []byte(`"user":"ann"`)) {
		t.Fatalf("the file says too much or too little: %s", text)
	}
	if n, _, err := audit.Verify(bytes.NewReader(text)); n != 4 || err != nil {
		t.Fatalf("Verify = %d, %v, want 4 lines", n, err)
	}
	lines := bytes.SplitAfter(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	for name, bad := range map[string][]byte{
		"changed": bytes.Replace(text, []byte(`"mid":2`), []byte(`"mid":9`), 1),
		"removed": bytes.Join([][]byte{lines[0], lines[2], lines[3]}, nil),
		"swapped": bytes.Join([][]byte{lines[0], lines[2], lines[1], lines[3]}, nil),
	} {
		if _, _, err := audit.Verify(bytes.NewReader(bad)); fault.KindOf(err) != fault.Corrupt {
			t.Errorf("%s: Verify = %v, want corrupt", name, err)
		}
	}
}
