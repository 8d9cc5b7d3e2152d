//go:build js && wasm

package sqlite

import "unsafe"

// mem views n bytes of C memory. Growing Go's memory keeps addresses, so the
// view lives as long as the C allocation.
func mem(at uint32, n int) []byte {
	if n <= 0 || at == 0 {
		return nil
	}
	p := uintptr(at)
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&p)), n)
}

// cstring copies a C string.
func cstring(at uint32) string {
	if at == 0 {
		return ""
	}
	n := 0
	for mem(at+uint32(n), 1)[0] != 0 {
		n++
	}
	return string(mem(at, n))
}

// address is where the bytes are, or nil for none.
func address(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

// zeroed copies a name with the zero byte that C wants behind it.
func zeroed(s string) []byte { return append([]byte(s), 0) }
