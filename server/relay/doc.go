// Package relay is the relay's core: one machine that takes events in and
// gives effects out, without goroutines, sockets or clocks (SYNC.md §8). Who
// drives it carries the effects out in order: package listen over WebSockets,
// package internal/sim over a simulated network.
//
// # Driving
//
//	core := relay.New(config)
//	effects := core.Open(id, remote)           // a socket was opened
//	effects = core.Receive(id, frame)          // it sent a frame, which the core may keep
//	effects = core.Closed(id)                  // it is gone
//	effects = core.Tick(nowMillis)             // time: at least every TickMillis, and before other events
//	effects = core.Ingested(rec)               // a record is in the store (not for replies of Apply)
//	effects = core.Admitted / Verified / Applied / Snapped   // answers to effects
//	err := core.Durable()                      // before any Send of this batch is carried out
//
// With Config.Inline the core calls verifier, source and store itself: then
// Send and CloseSession are the only effects. It is so with the embedded
// source and in the simulation.
//
// # Order
//
// A client sees Welcome, then the answers to the hello's subscriptions, then
// transactions, each beginning where the one before ended. What a client has
// not acknowledged is counted; over the limit the core remembers the position
// and reads on from the log when credit comes.
package relay
