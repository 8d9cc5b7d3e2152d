package schema

// UUID4 is the text of a random UUID, made of 16 random bytes.
func UUID4(random [16]byte) string { return uuidText(random, 0x40) }

// UUID7 is the text of a UUID that sorts by its time of making in milliseconds
// since 1970, RFC 9562 §5.7. The rest of it is of the random bytes.
func UUID7(random [16]byte, millis int64) string {
	for i := range 6 {
		random[i] = byte(millis >> (40 - 8*i))
	}
	return uuidText(random, 0x70)
}

func uuidText(b [16]byte, version byte) string {
	const digits = "0123456789abcdef"
	b[6], b[8] = b[6]&0x0f|version, b[8]&0x3f|0x80
	out := make([]byte, 0, 36)
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out = append(out, '-')
		}
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(out)
}
