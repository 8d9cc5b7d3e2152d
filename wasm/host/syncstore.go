package host

import (
	"rockpool.dev/mutation"
	"rockpool.dev/wasm/store"
	"rockpool.dev/wasm/syncer"
	"rockpool.dev/wire"
)

// local reads what the engine is told about the store.
func (d *SyncDriver) local() syncer.Local {
	meta := d.db.Meta()
	parked, failed := d.db.Unsettled()
	return syncer.Local{
		ClientID: meta.ClientID, Cursor: meta.Cursor, Term: meta.Term, AckedMid: meta.AckedMid, LastMid: meta.LastMid,
		DurableMid: d.db.Durable(), SchemaVersion: d.db.Schema().Version,
		Pending: d.db.Pending(), Parked: parked, Failed: failed,
	}
}

// work carries out one store effect.
func (d *SyncDriver) work(e syncer.Effect) (r syncer.Stored) {
	switch e := e.(type) {
	case syncer.Rotate:
		r.Old, r.New, r.Err = d.db.Rotate()
		r.Ready = map[uint32]uint64{}
		for _, s := range d.db.Shapes() {
			if s.State == store.ShapeReady {
				r.Ready[s.ID] = s.Stamp
			}
		}
	case syncer.Confirm:
		r.Err = d.db.Confirm(e.Term)
	case syncer.Compare:
		r.Err = d.db.Compare(e.Outcomes)
	case syncer.Rewind:
		a, err := d.db.Rewind(d.links.NewID(), e.LastMid, e.Outcomes)
		d.applied(&r, a, err)
		if err == nil {
			d.settled = 0
		}
	case syncer.SetSchema:
		if r.Err = d.db.SetSchema(e.Schema); r.Err == nil && d.hooks.OnSchema != nil {
			d.hooks.OnSchema()
		}
	case syncer.Resync:
		a, err := d.db.Resync(e.Pos, e.Outcomes)
		d.applied(&r, a, err)
	case syncer.Settle:
		a, err := d.db.Settle(e.Outcomes)
		d.applied(&r, a, err)
	case syncer.Apply:
		a, err := d.db.ApplyTx(e.Tx)
		d.applied(&r, a, err)
	case syncer.Flush:
		r.Err = d.db.Flush()
	case syncer.ReadOutbox:
		var out []store.Outgoing
		out, r.Err = d.db.ReadOutbox(e.From, e.Max)
		for _, o := range out {
			r.Out = append(r.Out, syncer.Outgoing{Mid: o.Mid, Body: o.Body})
		}
	case syncer.BindShape:
		r.Err = d.db.Ready(e.Ready)
	case syncer.StageShape:
		r.Err = d.db.StartStage(e.Snap)
	case syncer.StageChunk:
		r.Rows, r.Err = d.db.Stage(e.ID, e.Chunk)
	case syncer.AdoptShapes:
		if d.db.CanAdopt(e.IDs...) {
			a, err := d.db.Adopt(e.IDs...)
			d.applied(&r, a, err)
			r.Adopted = err == nil
		}
	case syncer.DropShape:
		a, err := d.db.DropShape(e.ID)
		d.applied(&r, a, err)
	}
	return r
}

// applied tells what a remote change did, and counts it for the rounds.
func (d *SyncDriver) applied(r *syncer.Stored, a store.Applied, err error) {
	r.Err = err
	if err != nil {
		return
	}
	r.Updated = a.Updated
	for _, o := range a.Outcomes {
		switch o.Status {
		case mutation.Merged, mutation.Superseded, mutation.Parked:
			r.Conflicts++
		}
	}
	if d.hooks.OnApplied != nil {
		d.hooks.OnApplied(a)
	}
	for _, o := range a.Outcomes {
		if o.Mid <= d.settled {
			continue // told before: a welcome may repeat what the log carries
		}
		d.settled = o.Mid
		if d.hooks.OnOutcome != nil {
			d.hooks.OnOutcome(o)
		}
	}
	if d.hooks.OnConflict != nil {
		for _, c := range a.NewConflicts {
			d.hooks.OnConflict(c)
		}
	}
}

// tellHost hands an effect to its hook. It reports whether the effect was one
// that tells.
func (d *SyncDriver) tellHost(e syncer.Effect) bool {
	h := &d.hooks
	switch e := e.(type) {
	case syncer.WantToken:
		if h.OnTokenWanted != nil {
			h.OnTokenWanted()
		}
	case syncer.HealthChanged:
		if h.OnHealth != nil {
			h.OnHealth(e.Health)
		}
	case syncer.StatusChanged:
		if h.OnStatus != nil {
			h.OnStatus(d.named(e.Status))
		}
	case syncer.RoundDone:
		d.roundDone(e)
	case syncer.ShapeSettled:
		if h.OnShape != nil {
			h.OnShape(e.ID, e.Err, e.Final)
		}
	case syncer.ClockOffset:
		if h.OnClock != nil {
			h.OnClock(e.Millis)
		}
	case syncer.Sent:
		if h.OnSent != nil {
			h.OnSent(e.First, e.Last)
		}
	case syncer.Stuck:
		if h.OnStuck != nil {
			h.OnStuck(e.Mid, e.Err)
		}
	default:
		return false
	}
	return true
}

// roundDone tells a round to everybody, then answers those who asked for it:
// an asker's listeners have heard of the round when its answer comes.
func (d *SyncDriver) roundDone(e syncer.RoundDone) {
	n := min(e.Asked, len(d.waiting))
	done := d.waiting[:n:n]
	d.waiting = d.waiting[n:]
	if e.Err == nil && d.hooks.OnRound != nil {
		d.hooks.OnRound(e.Round)
	}
	for _, f := range done {
		f(e.Round, e.Err)
	}
}

// named fills in the names of the shapes' tables.
func (d *SyncDriver) named(s wire.SyncStatus) wire.SyncStatus {
	tables := map[string]uint32{} // by shape's name: its arguments do not change the table
	for _, x := range d.db.Shapes() {
		tables[x.Name] = x.Table
	}
	for i := range s.Shapes {
		if t := d.db.Schema().ByID(tables[s.Shapes[i].Shape]); t != nil {
			s.Shapes[i].Table = t.Name
		}
	}
	return s
}
