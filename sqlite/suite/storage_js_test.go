package suite

import (
	"testing"

	"rockpool.dev/internal/enginehost"
)

const permitsSilentDamage = false

func damage(_ *testing.T, file string, at int, mask byte) { enginehost.Damage(file, at, mask) }
func byteAt(_ *testing.T, file string, at int) byte       { return enginehost.Byte(file, at) }
func size(_ *testing.T, file string) int                  { return enginehost.Size(file) }
func holds(_ *testing.T, database, text string) bool      { return enginehost.Contains(database, text) }
func holdsFile(_ *testing.T, file, text string) bool      { return enginehost.Contains(file, text) }
func copyDatabase(_ *testing.T, from, to string)          { enginehost.Copy(from, to) }
func content(_ *testing.T, file string) []byte {
	b := make([]byte, enginehost.Size(file))
	for i := range b {
		b[i] = enginehost.Byte(file, i)
	}
	return b
}
func put(_ *testing.T, file string, b []byte) { enginehost.Put(file, b) }
