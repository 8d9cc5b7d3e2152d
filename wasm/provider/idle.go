package provider

import (
	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/wire"
)

// Wrote notes a commit: idle time starts again.
func (p *Provider) Wrote() {
	p.lastWrite, p.dirty = p.env.Millis(), true
}

// Deadline is when Tick has something to do, in Millis.
func (p *Provider) Deadline() (at int64, ok bool) {
	switch {
	case p.state == wire.ConnBackoff && p.retryAt != 0:
		return p.retryAt, true
	case p.state == wire.ConnOpen && p.dirty:
		return p.lastWrite + IdleMillis, true
	}
	return 0, false
}

// Tick does what is due: the next attempt to open, or a checkpoint in idle
// time. busy says that a write transaction is open.
func (p *Provider) Tick(busy bool) error {
	now := p.env.Millis()
	if p.state == wire.ConnBackoff && p.retryAt != 0 && now >= p.retryAt {
		p.attempt()
		return nil
	}
	if p.state != wire.ConnOpen || !p.dirty || busy || now < p.lastWrite+IdleMillis {
		return nil
	}
	p.dirty = false
	if p.Writer.WALBytes() < CheckpointBytes {
		return nil
	}
	return p.checkpoint()
}

// Bound checkpoints at once when the WAL has outgrown CheckpointBytesMax. It
// is called between calls, never inside a commit.
func (p *Provider) Bound() error {
	if p.state != wire.ConnOpen || p.Writer.InTransaction() || p.Writer.WALBytes() < CheckpointBytesMax {
		return nil
	}
	return p.checkpoint()
}

// checkpoint copies what no reader holds back. With idle readers that is all,
// and the next write starts the WAL from its beginning.
func (p *Provider) checkpoint() error {
	_, _, err := p.Writer.Checkpoint(sqlite.CheckpointPassive)
	if fault.KindOf(err) == fault.Busy {
		return nil
	}
	return fault.In("checkpoint", err)
}
