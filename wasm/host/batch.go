package host

import (
	"rockpool.dev/fault"
	"rockpool.dev/wire"
)

// batch runs one writing statement for many sets of arguments.
func (h *Host) batch(c *call, m *wire.Batch) {
	plan, err := h.plan(m.SQL, nil)
	switch {
	case err != nil:
	case plan.ReadOnly:
		err = fault.New(fault.InvalidArgument, "run batch", "the statement only reads").
			WithHint("a batch is for INSERT, UPDATE and DELETE; run a query for each set instead")
	case plan.DDL:
		err = fault.New(fault.InvalidArgument, "run batch", "the statement changes the schema").
			WithHint("run it as a query")
	}
	if err != nil {
		h.fail(c, err)
		return
	}
	h.write(c, func() error {
		res, err := h.txn.Batch(m.SQL, m.Sets, m.Count, m.IdempotencyKey)
		if err != nil {
			return h.builder.Explain(err)
		}
		h.changed(plan)
		h.hold(c, res, (&wire.QueryDone{
			Changes: res.Changes, LastID: res.LastID, Micros: h.took(c, m.SQL), Mid: res.Mid,
		}).AppendTo)
		return nil
	})
}
