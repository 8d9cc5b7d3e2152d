// Package generatetest holds rockpool generate to its golden files: each source
// with Northwind's tables and with every type, in each output. It owns those
// files; the Go among them is compiled with everything else, and filled from a
// real Postgres here.
//
//	go test ./server/generate/generatetest -update   writes them anew: read the diff
package generatetest
