//go:build js && wasm

// Command wasm is the core that runs in the Worker: it wires the host to what
// JavaScript lends, and parks. Every event is a call of an export (wasm/edge).
package main

import (
	"runtime"

	"rockpool.dev/wasm/edge"
	"rockpool.dev/wasm/host"
	"rockpool.dev/wasm/syncer"
)

func main() {
	browser := edge.ReadBrowser()
	pack := host.NewPacker(edge.Post)
	edge.Serve(host.New(host.Env{
		Post:  pack.Post,
		Yield: edge.Yield,
		Log: func(level host.LogLevel, msg string) {
			if level > host.LogInfo || browser.Debug {
				edge.Log(int32(level), msg)
			}
		},
		Files:   edge.Files{},
		Sockets: edge.Sockets{},
		Fetcher: edge.Fetcher{},
		Timer:   edge.Timer{},
		Now:     func() syncer.Now { return syncer.Now{Mono: edge.Micros() / 1000, Wall: edge.Wall()} },
		Micros: func() int64 {
			edge.Failpoint() // the clock is read at the begin and the end of whatever is done
			return edge.Micros()
		},
		Revoked: edge.Revoked,
		Random:  edge.Random,
		Browser: browser.UserAgent,
		HasOPFS: browser.HasOPFS,
		Heap: func() (used, limit uint64) {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc, m.Sys
		},
	}), pack.Ended)
	select {}
}
