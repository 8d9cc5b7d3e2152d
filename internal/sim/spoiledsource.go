package sim

import (
	"context"
	"slices"

	"rockpool.dev/mutation"
	"rockpool.dev/server/source"
	"rockpool.dev/value"
)

// withBug is a source with the bug of the run, if that is one of a source's.
func (w *world) withBug(src source.Source, path string) source.Source {
	switch w.opt.Bug {
	case NoFence:
		return &unfenced{src, path}
	case Forgotten, Revived:
		return &spoiled{src, w}
	}
	return src
}

// spoiled is a source that writes something else than it was asked for.
type spoiled struct {
	source.Source
	w *world
}

// Apply implements source.Source.
func (s *spoiled) Apply(ctx context.Context, who source.Client, m *mutation.Tx) (source.Reply, error) {
	own := *m
	switch {
	case s.w.opt.Bug == Revived:
		own.Ops = slices.Clone(m.Ops)
		for i := range own.Ops {
			s.revive(&own.Ops[i])
		}
	case s.w.rng.IntN(10) == 0:
		own.Ops = nil
	}
	return s.Source.Apply(ctx, who, &own)
}

// revive makes an update of a row that is gone an insert.
func (s *spoiled) revive(op *mutation.Op) {
	if _, there := s.w.oracle.tables[op.Table][string(op.Key.Append(nil))]; op.Kind != mutation.Update || there {
		return
	}
	op.Kind, op.Old, op.Deltas = mutation.Insert, nil, nil
	op.Cols = append([]uint32{0}, op.Cols...)
	op.New = append(value.Row{op.Key[0]}, op.New...)
}
