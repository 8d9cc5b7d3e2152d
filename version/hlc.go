package version

// HLC is a hybrid logical clock: 48 bits of milliseconds since 1970, then a
// 16-bit counter. It breaks ties between writers under last-writer-wins; it
// never orders the log and never decides whether there is a conflict.
type HLC uint64

// Millis is the physical part, milliseconds since 1970.
func (h HLC) Millis() int64 { return int64(h >> 16) }
