package fault_test

import (
	"os"
	"regexp"
	"testing"

	"rockpool.dev/fault"
)

var kindRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (yes|) \\| .+ \\| .+ \\|$")

// docs/errors.md has each kind once, in order, and says whether to retry.
func TestDocs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := kindRow.FindAllStringSubmatch(string(text), -1)
	kinds := fault.Kinds()
	if len(rows) != len(kinds) {
		t.Fatalf("%d kinds are documented, there are %d", len(rows), len(kinds))
	}
	for i, k := range kinds {
		if rows[i][1] != k.String() || (rows[i][2] == "yes") != k.Retryable() {
			t.Errorf("row %d is %s (retry %q), want %s, retryable %t", i+1, rows[i][1], rows[i][2], k, k.Retryable())
		}
	}
}
