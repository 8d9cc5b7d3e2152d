//go:build js && wasm

package edge

import "github.com/hack-pad/safejs"

// Browser is what the core reads of the browser, once, at its start.
type Browser struct {
	// UserAgent names it in errors about storage.
	UserAgent string
	// HasOPFS says that navigator.storage.getDirectory is there.
	HasOPFS bool
	// Debug is globalThis.rockpoolDebug, which the page may set: informative
	// messages go to the console.
	Debug bool
}

// ReadBrowser reads what it can; what is missing stays empty. It never fails:
// a JavaScript exception is an error here, not a panic.
func ReadBrowser() (b Browser) {
	global := safejs.Global()
	if nav, err := global.Get("navigator"); err == nil {
		b.UserAgent = stringOf(nav, "userAgent")
		if storage, err := nav.Get("storage"); err == nil && storage.Type() == safejs.TypeObject {
			if dir, err := storage.Get("getDirectory"); err == nil {
				b.HasOPFS = dir.Type() == safejs.TypeFunction
			}
		}
	}
	if debug, err := global.Get("rockpoolDebug"); err == nil {
		b.Debug, _ = debug.Truthy()
	}
	return b
}

func stringOf(v safejs.Value, name string) string {
	x, err := v.Get(name)
	if err != nil || x.Type() != safejs.TypeString {
		return ""
	}
	s, err := x.String()
	if err != nil {
		return ""
	}
	return s
}
