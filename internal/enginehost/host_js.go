//go:build js && wasm

package enginehost

import "unsafe"

//go:wasmimport enginehost record
func record(name unsafe.Pointer, n int32)

//go:wasmimport enginehost operations
func operations() int32

//go:wasmimport enginehost replay
func replay(name unsafe.Pointer, n int32, at int32, loss int32, seed int32)

//go:wasmimport enginehost copy
func copyFiles(from unsafe.Pointer, n int32, to unsafe.Pointer, m int32)

//go:wasmimport enginehost put
func put(name unsafe.Pointer, n int32, bytes unsafe.Pointer, m int32)

//go:wasmimport enginehost fail
func fail(after int32, kind int32)

//go:wasmimport enginehost failed
func failed() int32

//go:wasmimport enginehost contains
func contains(name unsafe.Pointer, n int32, text unsafe.Pointer, textN int32) int32

//go:wasmimport enginehost damage
func damage(name unsafe.Pointer, n int32, at int32, mask int32)

//go:wasmimport enginehost size
func size(name unsafe.Pointer, n int32) int32

//go:wasmimport enginehost byte
func byteAt(name unsafe.Pointer, n int32, at int32) int32

//go:wasmimport enginehost total
func total() float64

//go:wasmimport enginehost quota
func quota(bytes float64)

// Loss says what a power cut does to writes that were not flushed.
type Loss int32

// The losses. Torn cuts each unflushed write at 512 bytes and keeps a random
// part of the pieces; Shuffled keeps or drops whole writes at random.
const (
	Kept Loss = iota
	Dropped
	Torn
	Shuffled
)

// Failure is how an operation fails.
type Failure int32

// The failures.
const (
	IO Failure = iota
	Full
)

// Record starts to record the operations on a database's files, from what they hold now.
func Record(database string) { record(text(database)) }

// Operations returns how many were recorded.
func Operations() int { return int(operations()) }

// Replay makes the files of a fresh database as a cut after n recorded
// operations leaves them: flushed writes, and of the others what loss says.
func Replay(database string, n int, loss Loss, seed int) {
	p, l := text(database)
	replay(p, l, int32(n), int32(loss), int32(seed))
}

// Copy makes the files of the database to what those of from hold now, flushed or not.
func Copy(from, to string) {
	p, n := text(from)
	q, m := text(to)
	copyFiles(p, n, q, m)
}

// Put makes a file what the bytes are.
func Put(file string, bytes []byte) {
	p, n := text(file)
	put(p, n, unsafe.Pointer(unsafe.SliceData(bytes)), int32(len(bytes)))
}

// FailAfter makes the (n+1)-th write, truncate or flush from now on fail; n < 0 for none.
func FailAfter(n int, kind Failure) { fail(int32(n), int32(kind)) }

// Failed reports whether the failure that FailAfter planned has happened.
func Failed() bool { return failed() != 0 }

// Contains reports whether a database's files hold the text.
func Contains(database, what string) bool {
	p, n := text(database)
	q, m := text(what)
	return contains(p, n, q, m) != 0
}

// Damage changes one byte of a file by an XOR with mask.
func Damage(file string, at int, mask byte) {
	p, n := text(file)
	damage(p, n, int32(at), int32(mask))
}

// Size returns the bytes of a file.
func Size(file string) int { p, n := text(file); return int(size(p, n)) }

// Quota bounds the bytes of all files together; 0 is no bound.
func Quota(bytes int) { quota(float64(bytes)) }

func text(s string) (unsafe.Pointer, int32) {
	return unsafe.Pointer(unsafe.StringData(s)), int32(len(s))
}

// Byte returns one byte of a file.
func Byte(file string, at int) byte { p, n := text(file); return byte(byteAt(p, n, int32(at))) }

// Total returns the bytes of all files together.
func Total() int { return int(total()) }
