// Package sim runs whole systems from one seed: real clients (stores on
// SQLite files that lose what was not flushed, write transactions, sync
// engine and driver) and the relay's own core and store, over a network that
// delays, cuts, repeats, goes silent and keeps old connections alive, with
// crashes on both sides, at any write, processes that stand still, tabs that
// take over from each other, and clocks that are wrong and jump. The relay is the truth
// itself, or one or two processes that follow a model of Postgres whose stream
// lags, stalls and repeats and whose answers may be lost. Logs are trimmed,
// slots are lost, and clients' storage is full for a while. Tokens run out, are
// renewed, and open other rows. Nothing waits and
// nothing runs at the same time, so a seed replays exactly. After every step an
// oracle — maps, and the list of the log's transactions — checks the
// invariants of SYNC.md §10:
//
//	I1 convergence  I2 no lost acknowledged write  I3 no silent loss
//	I4 atomic visibility  I5 monotonic positions  I6 causality
//	I7 no resurrection  I8 no leak  I9 exactly once
//
// and one of the client alone:
//
//	I10 a live query shows what it gives when it is run anew
//
// and one over what clients know of their writes, without the log's order:
//
//	I11 the accepted writes of each row have an order in which each is possible
//
// A run ends in quiescence: faults stop, and every promise must settle, every
// outbox empty, every client show what the relay holds.
package sim
