//go:build js && wasm

package sqlite

// Stack measures the engine's C stack, for tests: with paint it marks the
// unused part and returns the size in bytes, without it returns the most that
// was used since.
func Stack(paint bool) int { return int(sqStack(flag(paint))) }
