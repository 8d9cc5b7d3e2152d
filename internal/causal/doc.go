// Package causal checks what clients have read and written against the
// consistency that Rockpool promises. It knows histories only: package rig makes
// them with real clients, a real relay and a real Postgres under faults.
//
// Registers (the workload that github.com/nurturenature/jepsen-powersync
// describes): keys whose value only grows. A transaction reads all keys and
// writes some, each with a value that no other transaction uses; where two met,
// the larger stays. So a read is a whole state, a value names its writer, and
// "has seen" is "is at least": a state holds a write when the key has its value
// or a larger one. CheckRegisters looks for
//
//   - aborted, intermediate and invented reads (Adya's G1a and G1b): a value of a
//     transaction that was rolled back, one that its own transaction overwrote, or
//     one that nobody wrote;
//   - fractured reads (monotonic atomic view): a state with one write of a
//     transaction and without another;
//   - read your writes, monotonic reads: a client's state without its own earlier
//     write, or behind its own earlier state, over kills and reconnects;
//   - causal consistency (writes follow reads, monotonic writes): a state with a
//     write and without what its writer had read or written before;
//   - lost writes: an acknowledged write that the end does not hold;
//   - strong convergence: clients, and Postgres, that end in different states.
//
// Bank: accounts whose total is constant. A transfer is two increments and a row
// that tells of it, in one transaction. CheckBank looks for totals that changed,
// balances that are not what the rows beside them say (atomicity, and each
// transfer exactly once), transfers that were lost or rolled back and are there,
// sessions that went back, and convergence.
//
// A transaction whose outcome is unknown (its client was killed or paused) may
// have happened or not, at any time from then on.
package causal
