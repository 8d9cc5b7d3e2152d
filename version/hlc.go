package version

// HLC is a hybrid logical clock: 48 bits of milliseconds since 1970, then a
// 16-bit counter. It breaks ties between writers under last-writer-wins; it
// never orders the log and never decides whether there is a conflict.
type HLC uint64

// SkewMaxMillis is how far ahead of its own clock a relay believes a client.
const SkewMaxMillis = 5000

const millisMax = 1<<48 - 1

// At is the first HLC of a millisecond since 1970; the range of 48 bits is
// kept to at both ends.
func At(millis int64) HLC { return HLC(min(max(millis, 0), millisMax)) << 16 }

// Millis is the physical part, milliseconds since 1970.
func (h HLC) Millis() int64 { return int64(h >> 16) }

// Counter is the logical part.
func (h HLC) Counter() uint16 { return uint16(h) }

// Next returns a clock after h that follows the wall clock where it can.
func (h HLC) Next(nowMillis int64) HLC {
	if h == ^HLC(0) {
		return h // 10,000 years from now: stand still rather than wrap
	}
	return max(h+1, At(nowMillis))
}

// Wins reports whether a write at h by client beats one at o by other: the
// later clock, and between equal ones the larger client ID.
func (h HLC) Wins(client string, o HLC, other string) bool {
	return h > o || h == o && client > other
}

// Clamp bounds a client's clock by the relay's: one that is more than
// SkewMaxMillis ahead becomes the relay's time, and skewed is true. An older
// one is kept.
func Clamp(h HLC, nowMillis int64) (clamped HLC, skewed bool) {
	if h.Millis() > nowMillis+SkewMaxMillis {
		return At(nowMillis), true
	}
	return h, false
}

// Clock makes a writer's HLCs. It is not safe for concurrent use.
type Clock struct {
	last HLC
	now  func() int64
}

// NewClock starts after last, which outlives restarts. now gives milliseconds
// since 1970 and may go back.
func NewClock(last HLC, now func() int64) *Clock { return &Clock{last, now} }

// Now returns an HLC after every earlier one and every observed one.
func (c *Clock) Now() HLC {
	c.last = c.last.Next(c.now())
	return c.last
}

// Observe makes later clocks come after h, which another writer made; one that
// is far ahead (Clamp) is not believed.
func (c *Clock) Observe(h HLC) {
	h, _ = Clamp(h, c.now())
	c.last = max(c.last, h)
}

// Last is the newest HLC made or observed, to be kept over restarts.
func (c *Clock) Last() HLC { return c.last }
