package provider_test

import (
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/wasm/provider"
	"rockpool.dev/wire"
)

// task is one of so many steps that writes its name at each.
func task(log *strings.Builder, lane wire.Lane, name string, steps int) *provider.Task {
	return &provider.Task{
		Lane: lane, Begin: func() bool { return true },
		Step: func() bool {
			log.WriteString(name)
			steps--
			return steps == 0
		},
	}
}

func run(l *provider.Lanes) {
	for l.Step() {
	}
}

// Calls take turns: the most urgent lane first, within a lane in a circle,
// and each eighth turn the least urgent one, so that nobody waits for ever.
func TestTurns(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		add  func(log *strings.Builder, add func(*provider.Task))
		want string
	}{
		{"in a circle", func(log *strings.Builder, add func(*provider.Task)) {
			add(task(log, wire.LaneBulk, "a", 3))
			add(task(log, wire.LaneBulk, "b", 2))
		}, "ababa"},
		{"the most urgent first", func(log *strings.Builder, add func(*provider.Task)) {
			add(task(log, wire.LaneBulk, "b", 2))
			add(task(log, wire.LaneLive, "l", 2))
			add(task(log, wire.LaneInteractive, "i", 2))
		}, "iillbb"},
		{"each eighth turn is the least urgent's", func(log *strings.Builder, add func(*provider.Task)) {
			add(task(log, wire.LaneInteractive, "i", 15))
			add(task(log, wire.LaneBulk, "b", 2))
		}, "iiiiiiibiiiiiiibi"},
		{"one that cannot begin holds up nobody", func(log *strings.Builder, add func(*provider.Task)) {
			tries := 0
			stuck := task(log, wire.LaneInteractive, "s", 1)
			stuck.Begin = func() bool { tries++; return tries > 2 }
			add(stuck)
			add(task(log, wire.LaneInteractive, "i", 1))
			add(task(log, wire.LaneBulk, "b", 1))
		}, "ibs"},
	} {
		var log strings.Builder
		l := provider.NewLanes(func() int64 { return 0 })
		test.add(&log, func(x *provider.Task) {
			if err := l.Add(x); err != nil {
				t.Fatal(err)
			}
		})
		run(l)
		if log.String() != test.want || l.Len() != 0 {
			t.Errorf("%s: turns %s, %d left; want %s", test.name, log.String(), l.Len(), test.want)
		}
	}
}

// A full lane refuses and says so; the others take on.
func TestLaneIsBounded(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	l := provider.NewLanes(func() int64 { return 0 })
	for range provider.LaneMax[wire.LaneBulk] {
		if err := l.Add(task(&log, wire.LaneBulk, "", 1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Add(task(&log, wire.LaneBulk, "", 1)); fault.KindOf(err) != fault.LimitExceeded || !strings.Contains(err.Error(), "bulk") || fault.HintOf(err) == "" {
		t.Errorf("one too many: %v, want limit_exceeded with lane and remedy", err)
	}
	if err := l.Add(task(&log, wire.LaneLive, "", 1)); err != nil {
		t.Errorf("another lane: %v", err)
	}
	if err := l.Add(task(&log, 9, "", 1)); fault.KindOf(err) != fault.InvalidArgument {
		t.Errorf("no such lane: %v", err)
	}
	s := l.Stats()[wire.LaneBulk]
	if s.Refused != 1 || int(s.Waiting) != provider.LaneMax[wire.LaneBulk] {
		t.Errorf("figures %+v", s)
	}
}

// Figures tell how long a call waited for its first step, and a task that is
// taken out does not run.
func TestLaneFigures(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	now := int64(100)
	l := provider.NewLanes(func() int64 { return now })
	a, b := task(&log, wire.LaneLive, "a", 2), task(&log, wire.LaneLive, "b", 1)
	for _, x := range []*provider.Task{a, b} {
		if err := l.Add(x); err != nil {
			t.Fatal(err)
		}
	}
	if l.Idle(wire.LaneLive) || !l.Idle(wire.LaneBulk) {
		t.Error("the live lane is idle, or the bulk lane is not")
	}
	now += 50
	l.Step()
	now += 1000
	l.Remove(b)
	l.Remove(b)
	run(l)
	l.Counted(wire.LaneLive)
	s := l.Stats()[wire.LaneLive]
	if log.String() != "aa" || s.WaitMicros != 50 || s.WaitMax != 50 || s.Done != 2 || s.Waiting != 0 {
		t.Errorf("turns %s, figures %+v; want a's 50 µs alone", log.String(), s)
	}
}
