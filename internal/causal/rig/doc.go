// Package rig runs the workloads of package causal on the real thing: client
// processes (internal/headless), the relay's own process and a real Postgres,
// with a proxy between each client and the relay and between the relay and
// Postgres, while two nemeses, one for the clients' side and one for the
// servers', do what one seed draws. In the end everything is healed, and every
// queue must empty and every state be the same in bounded time.
//
// The seed draws which faults come when, for how long and to whom, and what each
// transaction writes. The machine's timing is its own: the same seed is the same
// plan, not the same history.
package rig
