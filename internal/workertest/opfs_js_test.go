package workertest_test

import (
	"bytes"
	"syscall/js"
	"testing"

	"rockpool.dev/internal/workertest"
)

// TestSyncAccessHandle proves what the storage layer rests on: in a dedicated
// Worker Go writes to an OPFS file without waiting, and a second handle, opened
// after the first closed, reads the same bytes.
func TestSyncAccessHandle(t *testing.T) {
	dir := workertest.OPFS(t)
	file := await(t, dir.Call("getFileHandle", "data", map[string]any{"create": true}))

	want := []byte("\x00\xffwritten from Go")
	handle := await(t, file.Call("createSyncAccessHandle"))
	buffer := js.Global().Get("Uint8Array").New(len(want))
	js.CopyBytesToJS(buffer, want)
	if n := handle.Call("write", buffer, map[string]any{"at": 4096}).Int(); n != len(want) {
		t.Errorf("write = %d bytes, want %d", n, len(want))
	}
	handle.Call("flush")
	handle.Call("close")

	handle = await(t, file.Call("createSyncAccessHandle"))
	defer handle.Call("close")
	if n := handle.Call("getSize").Int(); n != 4096+len(want) {
		t.Errorf("size = %d, want %d", n, 4096+len(want))
	}
	into := js.Global().Get("Uint8Array").New(len(want))
	handle.Call("read", into, map[string]any{"at": 4096})
	got := make([]byte, len(want))
	js.CopyBytesToGo(got, into)
	if !bytes.Equal(got, want) {
		t.Errorf("read = %q, want %q", got, want)
	}
}

// TestHandleIsExclusive: a second handle on an open file is refused, which is
// why a Worker that takes over has to wait for the old one's handles.
func TestHandleIsExclusive(t *testing.T) {
	dir := workertest.OPFS(t)
	file := await(t, dir.Call("getFileHandle", "data", map[string]any{"create": true}))
	handle := await(t, file.Call("createSyncAccessHandle"))
	if second, err := workertest.Await(file.Call("createSyncAccessHandle")); err == nil {
		second.Call("close")
		t.Error("a second handle opened while the first is open")
	}
	handle.Call("close")
	again := await(t, file.Call("createSyncAccessHandle"))
	again.Call("close")
}

func await(t *testing.T, promise js.Value) js.Value {
	t.Helper()
	v, err := workertest.Await(promise)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
