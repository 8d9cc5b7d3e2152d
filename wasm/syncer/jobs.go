package syncer

import "rockpool.dev/fault"

// job is one piece of work for the store. start returns its effect, or nil
// when there is nothing to do any more; done gets the answer.
type job struct {
	// conn is the attempt that the job belongs to, or 0 for none: when that
	// attempt has ended, a job that waits is dropped and an answer is only
	// accounted for.
	conn  uint32
	bytes int
	start func() Effect
	done  func(Stored)
}

// jobQueue is what waits for the store, in order.
type jobQueue struct {
	waiting []job
	bytes   int
	running *job
}

// enqueue adds work of the present attempt. Too much of it ends the socket.
func (m *Machine) enqueue(bytes int, start func() Effect, done func(Stored)) {
	q := &m.jobs
	if q.bytes+bytes > inboxBytesMax && q.bytes > 0 || len(q.waiting) >= inboxJobsMax {
		m.lost(fault.New(fault.LimitExceeded, "receive from the relay",
			"the database took nothing for too long, so frames piled up"), 0)
		return
	}
	q.bytes += bytes
	q.waiting = append(q.waiting, job{m.conn, bytes, start, done})
}

// enqueueAlways adds work that outlives the attempt.
func (m *Machine) enqueueAlways(start func() Effect, done func(Stored)) {
	m.jobs.waiting = append(m.jobs.waiting, job{0, 0, start, done})
}

// runJobs emits the next store effect when none is out.
func (m *Machine) runJobs() {
	q := &m.jobs
	for q.running == nil && len(q.waiting) > 0 {
		j := q.waiting[0]
		q.waiting[0] = job{}
		q.waiting = q.waiting[1:]
		q.bytes -= j.bytes
		if j.conn != 0 && j.conn != m.conn {
			continue
		}
		if e := j.start(); e != nil {
			q.running = &j
			m.emit(e)
		}
	}
}

// dropJobs forgets the work of ended attempts.
func (m *Machine) dropJobs() {
	q := &m.jobs
	kept := q.waiting[:0:0]
	q.bytes = 0
	for _, j := range q.waiting {
		if j.conn == 0 {
			kept = append(kept, j)
		}
	}
	q.waiting = kept
}

// stored ends the store effect that is out.
func (m *Machine) stored(e Stored) {
	j := m.jobs.running
	if j == nil {
		return
	}
	m.jobs.running = nil
	m.setLocal(e.Local)
	m.round.updated += e.Updated
	m.round.conflicts += e.Conflicts
	if j.conn == 0 || j.conn == m.conn {
		j.done(e)
	}
}

// storeFailed ends the attempt after an error of the store. It reports
// whether there was one.
func (m *Machine) storeFailed(op string, err error) bool {
	if err == nil {
		return false
	}
	err = fault.In(op, err)
	switch fault.KindOf(err) {
	case fault.Corrupt, fault.NotADatabase, fault.WrongKey, fault.ReadOnly, fault.StorageUnavailable, fault.Closed:
		m.refuse(err)
	case fault.QuotaExceeded, fault.OutOfMemory:
		m.lost(err, quotaMillis)
	default:
		m.lost(err, 0)
	}
	return true
}
