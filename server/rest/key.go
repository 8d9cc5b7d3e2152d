package rest

import (
	"crypto/rand"
	"time"

	"rockpool.dev/schema"
)

// newKey returns a UUID that sorts by its time of making.
func newKey() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails (crypto/rand)
	return schema.UUID7(b, time.Now().UnixMilli())
}
