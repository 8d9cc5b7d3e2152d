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
func put(_ *testing.T, file string, b []byte)             { enginehost.Put(file, b) }
