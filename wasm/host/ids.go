package host

import "rockpool.dev/schema"

// uuid4 returns a random UUID in text form.
func (h *Host) uuid4() string { return schema.UUID4(h.randomBytes()) }

// uuid7 returns a UUID that sorts by its time of making.
func (h *Host) uuid7() string { return schema.UUID7(h.randomBytes(), h.nowMillis()) }

func (h *Host) randomBytes() (b [16]byte) {
	h.env.Random(b[:])
	return b
}
