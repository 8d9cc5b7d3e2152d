// Package host serves the page's frames (wire/page.go) for every tab, and
// carries out the sync engine's effects (SyncDriver). It owns the order of
// things in the Worker: which call runs when, when commits are flushed, which
// answer goes when; the work itself is done by the packages below it.
//
// # Laws
//
//  1. One run-to-completion loop touches SQLite. Nothing here waits: what
//     takes time ends, yields, or is a task in a lane.
//  2. Every call is answered exactly once, by PageDone or PageFail, unless its
//     port is gone. No frame makes the host panic; one that cannot be read is
//     answered with fault.Protocol.
//  3. The answer to a write is posted after a flush that began when its
//     commit was done. Writes of one turn share the flush (group commit).
//  4. A read sees every write that was answered, and those of its own tab
//     that were run before it.
//  5. While an interactive transaction is open other writers wait, up to
//     their deadlines; it ends by commit, rollback, timeout, or with its tab.
//  6. After PageHello nothing else is served to a tab of another protocol.
package host
