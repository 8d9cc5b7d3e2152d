package version_test

import (
	"testing"

	"pgregory.net/rapid"

	"rockpool.dev/version"
)

func TestPosOrders(t *testing.T) {
	t.Parallel()
	order := []version.Pos{{}, {Seq: 1}, {Seq: 9}, {Epoch: 1}, {Epoch: 1, Seq: 1}, {Epoch: 2}}
	for i, p := range order {
		for j, q := range order {
			if p.Less(q) != (i < j) {
				t.Errorf("%v before %v is %t, want %t", p, q, p.Less(q), i < j)
			}
		}
	}
}

// Each clock is after all before it, whatever the wall clock does.
func TestClockOnlyRises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		wall := int64(1_000_000)
		c := version.NewClock(version.At(rapid.Int64Range(0, 2_000_000).Draw(r, "last")), func() int64 { return wall })
		last := c.Last()
		for range rapid.IntRange(1, 20).Draw(r, "steps") {
			wall += rapid.Int64Range(-5000, 5000).Draw(r, "step")
			if rapid.Bool().Draw(r, "observe") {
				c.Observe(version.At(wall + rapid.Int64Range(-9000, 9000).Draw(r, "other")))
				if c.Last() < last || c.Last().Millis() > max(last.Millis(), wall+version.SkewMaxMillis) {
					r.Fatalf("observing led from %d to %d at %d", last.Millis(), c.Last().Millis(), wall)
				}
			} else if now := c.Now(); now <= last || now.Millis() < wall {
				r.Fatalf("clock %d after %d at %d", now, last, wall)
			}
			last = c.Last()
		}
	})
}

func TestCounterOverflowsIntoTheNextMillisecond(t *testing.T) {
	t.Parallel()
	h := version.At(5) + 0xffff
	if next := h.Next(5); next != version.At(6) {
		t.Errorf("the clock after (5, 65535) is (%d, %d), want (6, 0)", next.Millis(), next.Counter())
	}
}

func TestClamp(t *testing.T) {
	t.Parallel()
	const now = 1_700_000_000_000
	for _, c := range []struct {
		name       string
		millis     int64
		want       int64
		wantSkewed bool
	}{
		{"an hour behind is kept", now - 3_600_000, now - 3_600_000, false},
		{"just within", now + version.SkewMaxMillis, now + version.SkewMaxMillis, false},
		{"just beyond", now + version.SkewMaxMillis + 1, now, true},
		{"the year 10889", 1<<48 - 1, now, true},
	} {
		got, skewed := version.Clamp(version.At(c.millis), now)
		if got.Millis() != c.want || skewed != c.wantSkewed {
			t.Errorf("%s: Clamp = %d, %t, want %d, %t", c.name, got.Millis(), skewed, c.want, c.wantSkewed)
		}
	}
}

func TestWinsBreaksTies(t *testing.T) {
	t.Parallel()
	if !version.At(2).Wins("a", version.At(1), "b") || version.At(1).Wins("b", version.At(2), "a") {
		t.Error("the later clock does not win")
	}
	if !version.At(1).Wins("b", version.At(1), "a") || version.At(1).Wins("a", version.At(1), "b") {
		t.Error("between equal clocks the larger client does not win")
	}
}

func TestVector(t *testing.T) {
	t.Parallel()
	mine := version.Vector{version.ActorSource: 7, "me": 3}
	for _, c := range []struct {
		dot  version.Dot
		want bool
	}{
		{version.Dot{Actor: version.ActorSource, Counter: 7}, true},
		{version.Dot{Actor: version.ActorSource, Counter: 8}, false},
		{version.Dot{Actor: "me", Counter: 1}, true},
		{version.Dot{Actor: "you", Counter: 1}, false},
	} {
		if mine.Has(c.dot) != c.want {
			t.Errorf("Has(%v) = %t, want %t", c.dot, !c.want, c.want)
		}
	}
	yours := version.Vector{version.ActorSource: 9, "you": 1}
	if !mine.Concurrent(yours) || mine.Covers(yours) {
		t.Error("two that have each seen what the other has not are not concurrent")
	}
	mine.Merge(yours)
	if !mine.Covers(yours) || mine.Concurrent(yours) || mine["me"] != 3 {
		t.Errorf("merged vector %v does not cover both", mine)
	}
	var back version.Vector
	if err := back.Decode(mine.AppendTo(nil)); err != nil || !back.Covers(mine) || !mine.Covers(back) {
		t.Errorf("decoded %v, %v, want %v", back, err, mine)
	}
}

func FuzzVector(f *testing.F) {
	v := version.Vector{version.ActorSource: 1 << 60, "": 1}
	f.Add(v.AppendTo(nil))
	f.Fuzz(func(t *testing.T, src []byte) {
		var v, again version.Vector
		if v.Decode(src) != nil {
			return
		}
		if err := again.Decode(v.AppendTo(nil)); err != nil || !again.Covers(v) || !v.Covers(again) {
			t.Fatalf("Decode(%x) does not survive a round trip: %v", src, err)
		}
	})
}
