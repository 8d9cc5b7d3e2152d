package host

const hexDigits = "0123456789abcdef"

// uuid4 returns a random UUID in text form.
func (h *Host) uuid4() string {
	var b [16]byte
	h.env.Random(b[:])
	b[6] = b[6]&0x0f | 0x40
	return uuidText(b)
}

// uuid7 returns a UUID that sorts by its time of making, RFC 9562 §5.7.
func (h *Host) uuid7() string {
	var b [16]byte
	h.env.Random(b[:])
	ms := h.nowMillis()
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	b[6] = b[6]&0x0f | 0x70
	return uuidText(b)
}

func uuidText(b [16]byte) string {
	b[8] = b[8]&0x3f | 0x80
	out := make([]byte, 0, 36)
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out = append(out, '-')
		}
		out = append(out, hexDigits[c>>4], hexDigits[c&15])
	}
	return string(out)
}
