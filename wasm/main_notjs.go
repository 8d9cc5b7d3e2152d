//go:build !(js && wasm)

// Command wasm is the core that runs in the Worker; see main.go.
package main

func main() {
	println("the core runs in a browser's Worker: build it with GOOS=js GOARCH=wasm")
}
