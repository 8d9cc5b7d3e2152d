package schema_test

import (
	"testing"

	"rockpool.dev/schema"
)

// The examples of RFC 9562, appendix A.3 and A.6, from bytes whose version and
// variant are others.
func TestUUIDs(t *testing.T) {
	t.Parallel()
	four := [16]byte{0x91, 0x91, 0x08, 0xf7, 0x52, 0xd1, 0xf3, 0x20, 0x1b, 0xac, 0xf8, 0x47, 0xdb, 0x41, 0x48, 0xa8}
	if got, want := schema.UUID4(four), "919108f7-52d1-4320-9bac-f847db4148a8"; got != want {
		t.Errorf("UUID4 = %s, want %s", got, want)
	}
	seven := [16]byte{6: 0xfc, 0xc3, 0xd8, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f}
	if got, want := schema.UUID7(seven, 1645557742000), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"; got != want {
		t.Errorf("UUID7 = %s, want %s", got, want)
	}
}
