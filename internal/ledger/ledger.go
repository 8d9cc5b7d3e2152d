// Package ledger keeps the files that say what long runs were made, with what
// result, and on which commit. It does not know what a run is.
package ledger

import (
	"os"
	"os/exec"
	"strings"
)

// Append adds lines at the end of a file, which must be there.
func Append(file string, lines ...string) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(strings.Join(lines, "")); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

// Commit is what is checked out, with a mark when it has been changed.
func Commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty", "--exclude=*").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
