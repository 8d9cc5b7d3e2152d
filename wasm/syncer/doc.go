// Package syncer is the client's sync engine as a pure machine: an event goes
// in, effects come out, and nothing else happens. It has no clock, socket,
// disk or randomness of its own: time comes with each event, jitter from a
// seed. It owns the order of things — when to connect, what to send, what the
// store does next — and no rows: those are package store's, and the driver in
// package host carries every effect out.
//
// # Laws
//
//  1. One store effect is out at a time; its Stored event ends it. Frames that
//     need the store wait in a bounded queue; heartbeats never wait.
//  2. A frame of another socket than the present one is dropped.
//  3. A FrameTx is applied only when its From is the store's cursor; anything
//     else ends the socket, and the next hello tells where the client stands.
//  4. Only flushed positions are acknowledged, only flushed mutations are sent.
//  5. Mutations go in mid order, without waiting for each, within a window of
//     count and bytes that settled mids give back.
//  6. Every failure is bounded and told: by Health, by a shape's status, or by
//     the end of the round or subscription that it hit.
//  7. Identity (the pair of incarnations) changes only after a welcome has
//     confirmed the last change.
//
// # Assumptions about the relay
//
//	A1. Shapes named in the hello are answered before the first FrameTx.
//	A2. It sends a FramePing every Limits.PingMillis, and at once when probed.
//	A3. The frame of a mutation's log record carries its outcome.
//	A4. Mids are settled in order; a gap is answered with FrameRetry.
package syncer
