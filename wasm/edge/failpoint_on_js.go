//go:build js && wasm && failpoints

package edge

import "github.com/hack-pad/safejs"

// Failpoint panics once globalThis.rockpoolPanic is set, which a test does in
// the Worker: a real panic, inside whatever export runs then.
func Failpoint() {
	v, err := safejs.Global().Get("rockpoolPanic")
	if err != nil {
		return
	}
	if wanted, _ := v.Truthy(); wanted {
		panic("failpoint")
	}
}
