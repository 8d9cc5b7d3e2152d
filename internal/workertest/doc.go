// Package workertest lets a Go test run as WebAssembly in a dedicated Worker
// of a real Chromium, where OPFS has sync access handles (a window has none,
// Node neither). A test that needs that imports it and has a file name ending
// in _js_test.go; `make test` then runs its package in the suite
// "wasm-chromium". By hand:
//
//	GOOS=js GOARCH=wasm go test -exec "$PWD/internal/workertest/run.mjs" ./internal/workertest
//
// run.mjs serves the repository, opens worker.mjs in a Worker and hands it the
// test binary. When the folder of the package under test has a workertest.mjs,
// its function prepare(go) may add imports before the instance is made and
// returns what is to be called with the instance before it runs.
//
// It owns no product code: nothing outside tests may import it.
package workertest
