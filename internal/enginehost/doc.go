// Package enginehost runs a Go test as js/wasm in Node on the real engine,
// over file handles in memory that keep unflushed writes apart and fail on
// demand. By hand:
//
//	GOOS=js GOARCH=wasm go test -ldflags=-D=142606336 -exec "$PWD/internal/enginehost/run.mjs" ./sqlite/...
//
// run.mjs links the test binary to the engine with the product's own linker,
// loader and file pool (wasm/engine/link.mjs, bridge/worker/src); only the
// handles are its own (store.mjs). Any file that a test names exists, empty.
//
// The functions here let a test ask for faults and for crashes: what the host
// recorded of a run is played into a fresh file as a power cut would leave it.
//
// It owns no product code: nothing outside tests may import it.
package enginehost
