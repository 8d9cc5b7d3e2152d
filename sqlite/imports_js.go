//go:build js && wasm

package sqlite

import "unsafe"

// The engine's functions (wasm/engine/c), reached through the trampoline that
// wasm/engine/link.mjs makes. Addresses of C memory are uint32, those of Go
// memory unsafe.Pointer: what it points to lives in Go's heap or data, never
// on a stack.

//go:wasmimport sqlite sq_open
func sqOpen(name unsafe.Pointer, flags int32, key unsafe.Pointer, n int32, id int32, out unsafe.Pointer) int32

//go:wasmimport sqlite sq_close
func sqClose(c uint32) int32

//go:wasmimport sqlite sq_error
func sqError(c uint32, out unsafe.Pointer)

//go:wasmimport sqlite sq_autocommit
func sqAutocommit(c uint32) int32

//go:wasmimport sqlite sq_changes
func sqChanges(c uint32) int64

//go:wasmimport sqlite sq_total_changes
func sqTotalChanges(c uint32) int64

//go:wasmimport sqlite sq_last_id
func sqLastID(c uint32) int64

//go:wasmimport sqlite sq_reserve
func sqReserve(c uint32, n int32) int32

//go:wasmimport sqlite sq_checkpoint
func sqCheckpoint(c uint32, mode int32, out unsafe.Pointer) int32

//go:wasmimport sqlite sq_flush
func sqFlush(c uint32) int32

//go:wasmimport sqlite sq_wal_bytes
func sqWALBytes(c uint32) float64

//go:wasmimport sqlite sq_prepare
func sqPrepare(c uint32, sql unsafe.Pointer, n int32, persistent int32, guarded int32, out unsafe.Pointer) int32

//go:wasmimport sqlite sq_finalize
func sqFinalize(s uint32)

//go:wasmimport sqlite sq_columns
func sqColumns(s uint32, to unsafe.Pointer, n uint32) uint32

//go:wasmimport sqlite sq_param_name
func sqParamName(s uint32, i int32, out unsafe.Pointer)

//go:wasmimport sqlite sq_run
func sqRun(s uint32, args unsafe.Pointer, n int32, sets int32, done unsafe.Pointer) int32

//go:wasmimport sqlite sq_start
func sqStart(s uint32, args unsafe.Pointer, n int32) int32

//go:wasmimport sqlite sq_reset
func sqReset(s uint32)

//go:wasmimport sqlite sq_fetch
func sqFetch(s uint32, buf unsafe.Pointer, n uint32, maxRows uint32, out unsafe.Pointer) int32

//go:wasmimport sqlite sq_capture
func sqCapture(c uint32, tables unsafe.Pointer, n int32) int32

//go:wasmimport sqlite sq_captured
func sqCaptured(c uint32, out unsafe.Pointer)

//go:wasmimport sqlite sq_function
func sqFunction(c uint32, name unsafe.Pointer, n int32, deterministic int32, aggregate int32, id int32) int32

//go:wasmimport sqlite sq_collation
func sqCollation(c uint32, name unsafe.Pointer, id int32) int32

//go:wasmimport sqlite sq_progress
func sqProgress(c uint32, steps int32)

//go:wasmimport sqlite sq_reply
func sqReply() uint32

//go:wasmimport sqlite sq_version
func sqVersion() uint32

//go:wasmimport sqlite sq_memory
func sqMemory(what int32) int32

//go:wasmimport sqlite sq_stack
func sqStack(paint int32) int32
