//go:build !js

package suite

import (
	"bytes"
	"os"
	"testing"
)

// permitsSilentDamage: AES-XTS, the native cipher, proves nothing about a page.
// Encryption of files is the browser's; the relay keeps no key.
const permitsSilentDamage = true

func damage(t *testing.T, file string, at int, mask byte) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := []byte{byteAt(t, file, at) ^ mask}
	if _, err := f.WriteAt(b, int64(at)); err != nil {
		t.Fatal(err)
	}
}

func byteAt(t *testing.T, file string, at int) byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], int64(at)); err != nil {
		t.Fatal(err)
	}
	return b[0]
}

func size(t *testing.T, file string) int {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Size())
}

func content(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func put(t *testing.T, file string, b []byte) {
	t.Helper()
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// holds looks into all files of a database.
func holds(t *testing.T, database, text string) bool {
	t.Helper()
	for _, suffix := range []string{"", "-journal", "-wal"} {
		if holdsFile(t, database+suffix, text) {
			return true
		}
	}
	return false
}

// holdsFile looks into one, which need not exist.
func holdsFile(t *testing.T, file, text string) bool {
	t.Helper()
	b, err := os.ReadFile(file)
	return err == nil && bytes.Contains(b, []byte(text))
}
