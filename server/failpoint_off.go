//go:build !failpoints

package main

// failpoint is nil: only test builds have failpoints.
func failpoint(string) func() { return nil }
