// Package arch holds the arrows between packages and the laws of ARCHITECTURE.md
// as tests, each with its reason. A newcomer meets a rule as a failing test with
// a sentence. It owns no product code.
package arch
