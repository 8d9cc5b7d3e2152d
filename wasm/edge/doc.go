// Package edge is the border between Go and JavaScript in the Worker: the
// functions that JavaScript lends (module "rockpool"), the exports that it
// calls, and, on cold paths and through safejs, what it reads of the browser.
// It moves bytes and decides nothing.
//
// An export runs to completion: nothing reachable from it waits, or it would
// return 0 silently. A panic is fatal: it is logged, the program exits, and
// the loader, which asks go.exited after each call, starts another.
package edge
