package sqlite

import (
	"strconv"
	"sync/atomic"
)

// CacheKiBDefault is the page cache of a connection, unless Options say otherwise.
const CacheKiBDefault = 16000

// CachedStatementsMax is how many prepared statements Conn.Cached keeps.
const CachedStatementsMax = 128

// Options say what Open opens.
type Options struct {
	// Name is the file: natively a path, in the browser a file whose handles
	// the loader has prepared. A name from MemoryName is shared memory.
	Name string
	// ReadOnly refuses writes with fault.ReadOnly.
	ReadOnly bool
	// Key encrypts the file; empty for none. A wrong one is fault.WrongKey.
	Key []byte
	// CacheKiB bounds the page cache; 0 is CacheKiBDefault.
	CacheKiB int
	// AutoCheckpoint is the WAL size in pages from which a commit checkpoints
	// by itself. 0 is never: the owner calls Conn.Checkpoint in idle time.
	AutoCheckpoint int
	// Memory opens a private database in memory; Name is then only a label.
	Memory bool
	// FS names a registered VFS (a string), for tests that inject faults; nil
	// is the default one.
	FS any
}

const memoryPrefix = "memory:"

var memoryNames atomic.Int64

// MemoryName returns a fresh name of a database in memory that lives as long
// as a connection to it is open, and that several connections can share.
func MemoryName() string {
	return memoryPrefix + strconv.FormatInt(memoryNames.Add(1), 10)
}

// ValueBytesMax is the largest value or row; a larger one is fault.TooLarge.
const ValueBytesMax = 24 << 20
