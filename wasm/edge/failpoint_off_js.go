//go:build js && wasm && !failpoints

package edge

// Failpoint does nothing: only test builds have failpoints.
func Failpoint() {}
