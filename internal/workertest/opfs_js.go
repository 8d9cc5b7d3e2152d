package workertest

import (
	"errors"
	"strconv"
	"syscall/js"
	"testing"
)

// Await blocks the calling goroutine until a promise settles. An exception or
// a rejection becomes an error with the browser's text.
func Await(promise js.Value) (js.Value, error) {
	type outcome struct {
		value js.Value
		err   error
	}
	settled := make(chan outcome, 1)
	resolve := js.FuncOf(func(_ js.Value, args []js.Value) any {
		settled <- outcome{value: first(args)}
		return nil
	})
	defer resolve.Release()
	reject := js.FuncOf(func(_ js.Value, args []js.Value) any {
		settled <- outcome{err: errors.New(js.Global().Call("String", first(args)).String())}
		return nil
	})
	defer reject.Release()
	promise.Call("then", resolve, reject)
	o := <-settled
	return o.value, o.err
}

func first(args []js.Value) js.Value {
	if len(args) == 0 {
		return js.Undefined()
	}
	return args[0]
}

// IsWorker reports whether we run in a dedicated Worker.
func IsWorker() bool {
	scope := js.Global().Get("DedicatedWorkerGlobalScope")
	return scope.Truthy() && js.Global().InstanceOf(scope)
}

var folders int

// OPFS returns a fresh OPFS folder (a FileSystemDirectoryHandle) for one test
// and removes it when the test ends. Close the access handles first.
func OPFS(t testing.TB) js.Value {
	t.Helper()
	if !IsWorker() {
		t.Fatal("not in a Worker: run this package through internal/workertest/run.mjs (make test does)")
	}
	root, err := Await(js.Global().Get("navigator").Get("storage").Call("getDirectory"))
	if err != nil {
		t.Fatalf("OPFS root: %v", err)
	}
	folders++
	name := "test-" + strconv.Itoa(folders)
	create := map[string]any{"create": true}
	dir, err := Await(root.Call("getDirectoryHandle", name, create))
	if err != nil {
		t.Fatalf("OPFS folder %s: %v", name, err)
	}
	t.Cleanup(func() {
		if _, err := Await(root.Call("removeEntry", name, map[string]any{"recursive": true})); err != nil {
			t.Errorf("remove OPFS folder %s: %v", name, err)
		}
	})
	return dir
}
