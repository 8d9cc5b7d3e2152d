package provider

import (
	"slices"
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/wire"
)

// LaneMax is how many calls may wait in each lane.
var LaneMax = [laneCount]int{wire.LaneInteractive: 10000, wire.LaneLive: 2000, wire.LaneBulk: 1000}

const laneCount = 3

// turnOfAll is how often the least urgent lane goes first, so that no lane
// waits for ever: each turnOfAll-th turn.
const turnOfAll = 8

// Task is one call in a lane. It runs in steps (chunks), and others have a
// turn between them.
type Task struct {
	Lane wire.Lane
	// Begin takes what the task needs, as a reader. It returns false when
	// that is not free now: the task is asked again later.
	Begin func() bool
	// Step does one step and reports whether the task has ended.
	Step func() (done bool)

	began  bool
	queued int64
}

// Lanes is the order in which calls take turns: the most urgent lane first,
// round robin within a lane, and preemption between steps.
type Lanes struct {
	queues [laneCount][]*Task
	stats  [laneCount]wire.LaneStats
	micros func() int64
	turn   uint
}

// NewLanes returns empty lanes; micros is a monotonic clock in microseconds.
func NewLanes(micros func() int64) *Lanes {
	l := &Lanes{micros: micros}
	for i := range l.stats {
		l.stats[i].Lane, l.stats[i].Limit = wire.Lane(i), uint32(LaneMax[i])
	}
	return l
}

// Add queues a task. Kinds: limit_exceeded when its lane is full,
// invalid_argument for an unknown lane.
func (l *Lanes) Add(t *Task) error {
	if int(t.Lane) >= laneCount {
		return fault.New(fault.InvalidArgument, "queue call", "there is no lane "+strconv.Itoa(int(t.Lane)))
	}
	if len(l.queues[t.Lane]) >= LaneMax[t.Lane] {
		l.stats[t.Lane].Refused++
		return fault.New(fault.LimitExceeded, "queue call", strconv.Itoa(LaneMax[t.Lane])+" calls wait in the "+laneNames[t.Lane]+" lane").
			WithHint("await some calls before making more")
	}
	t.queued = l.micros()
	l.queues[t.Lane] = append(l.queues[t.Lane], t)
	return nil
}

var laneNames = [laneCount]string{"interactive", "live", "bulk"}

// Idle reports whether a call in lane would have its turn at once.
func (l *Lanes) Idle(lane wire.Lane) bool { return int(lane) < laneCount && len(l.queues[lane]) == 0 }

// Counted notes a call that ran without waiting.
func (l *Lanes) Counted(lane wire.Lane) { l.stats[lane].Done++ }

// Step gives one task one step. It returns false when nothing can run now.
func (l *Lanes) Step() bool {
	l.turn++
	for i := range laneCount {
		lane := i
		if l.turn%turnOfAll == 0 {
			lane = laneCount - 1 - i
		}
		if l.stepLane(lane) {
			return true
		}
	}
	return false
}

func (l *Lanes) stepLane(lane int) bool {
	for _, t := range l.queues[lane] {
		if !t.began {
			if !t.Begin() {
				continue
			}
			l.begin(t)
		}
		l.remove(t)
		if t.Step() {
			l.stats[lane].Done++
		} else {
			l.queues[lane] = append(l.queues[lane], t) // at most what Remove took: the limit holds
		}
		return true
	}
	return false
}

func (l *Lanes) begin(t *Task) {
	t.began = true
	s := &l.stats[t.Lane]
	waited := uint64(max(0, l.micros()-t.queued))
	s.WaitMicros += waited
	s.WaitMax = max(s.WaitMax, waited)
}

// Began notes that a task had its first step before it was queued.
func (t *Task) Began() { t.began = true }

// Remove takes a task out; harmless when it is not queued.
func (l *Lanes) Remove(t *Task) { l.remove(t) }

func (l *Lanes) remove(t *Task) {
	if int(t.Lane) >= laneCount {
		return
	}
	q := l.queues[t.Lane]
	if i := slices.Index(q, t); i >= 0 {
		l.queues[t.Lane] = slices.Delete(q, i, i+1)
	}
}

// Len returns how many tasks are queued.
func (l *Lanes) Len() (n int) {
	for _, q := range l.queues {
		n += len(q)
	}
	return n
}

// Stats returns each lane's figures.
func (l *Lanes) Stats() []wire.LaneStats {
	out := make([]wire.LaneStats, laneCount)
	for i := range out {
		out[i] = l.stats[i]
		for _, t := range l.queues[i] {
			if !t.began {
				out[i].Waiting++
			}
		}
	}
	return out
}
