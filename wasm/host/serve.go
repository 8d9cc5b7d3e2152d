package host

import (
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/wire"
)

// decoder reads a message: its Decode.
type decoder func(src []byte) error

// serve reads one frame and does what it asks.
func (h *Host) serve(p *port, kind wire.PageFrame, id uint32, body []byte) {
	refuse := func(err error) { h.refuse(callID{p.id, id}, err) }
	read := func(m decoder) bool {
		if err := m(body); err != nil {
			refuse(err)
			return false
		}
		return true
	}
	if kind == wire.PageHello {
		var m wire.TabHello
		if read(m.Decode) {
			h.hello(p, id, &m)
		}
		return
	}
	if !p.greeted {
		refuse(fault.New(fault.Protocol, "read frame", "a tab begins with a hello"))
		return
	}
	if h.told(p, kind, read) {
		return
	}
	if kind == wire.PageOpen {
		var m wire.OpenDatabase
		if read(m.Decode) {
			if c := h.begin(p, id, 0); c != nil {
				h.openDatabase(p, c, &m)
			}
		}
		return
	}
	if !knownCall(kind) {
		refuse(fault.New(fault.Protocol, "read frame", "there is no frame of type "+strconv.Itoa(int(kind))).
			WithHint("reload the page to get the newer build"))
		return
	}
	if !p.opened || h.txn == nil {
		refuse(h.notOpen())
		return
	}
	h.served(p, kind, id, read)
}

func (h *Host) notOpen() error {
	if _, err := h.prov.State(); err != nil {
		return fault.In("use database", err)
	}
	return fault.New(fault.Closed, "use database", "it is not open").WithHint("open it first")
}

// told takes the frames that have no answer of their own.
func (h *Host) told(p *port, kind wire.PageFrame, read func(decoder) bool) bool {
	switch kind {
	case wire.PageCancel:
		var m wire.Cancel
		if read(m.Decode) {
			h.cancel(h.calls[callID{p.id, m.Call}])
		}
	case wire.PageToken:
		var m wire.TokenGiven
		if read(m.Decode) {
			h.token(&m)
		}
	case wire.PageVisible:
		var m wire.Visible
		if read(m.Decode) {
			p.visible = m.Visible
			if m.Visible && h.sync != nil {
				h.sync.Nudge()
			}
		}
	default:
		return false
	}
	return true
}

func knownCall(kind wire.PageFrame) bool {
	return kind >= wire.PageQuery && kind <= wire.PageRest
}

// served does the calls of an open database.
func (h *Host) served(p *port, kind wire.PageFrame, id uint32, read func(decoder) bool) {
	// with reads the body and begins the call.
	with := func(m decoder, deadline *uint32) *call {
		if !read(m) {
			return nil
		}
		if deadline == nil {
			return h.begin(p, id, 0)
		}
		return h.begin(p, id, *deadline)
	}
	var empty wire.Empty
	switch kind {
	case wire.PageQuery:
		var m wire.Query
		if c := with(m.Decode, &m.DeadlineMillis); c != nil {
			c.standing = m.Standing
			h.query(c, &m)
		}
	case wire.PageSelect:
		var m wire.SelectCall
		if c := with(m.Decode, &m.DeadlineMillis); c != nil {
			c.standing = m.Standing
			h.selects(c, &m)
		}
	case wire.PageOperations:
		var m wire.Operations
		if c := with(m.Decode, &m.DeadlineMillis); c != nil {
			h.operations(c, &m)
		}
	case wire.PageBatch:
		var m wire.Batch
		if c := with(m.Decode, &m.DeadlineMillis); c != nil {
			h.batch(c, &m)
		}
	case wire.PageRest:
		var m wire.RestCall
		if c := with(m.Decode, &m.DeadlineMillis); c != nil {
			h.rest(c, &m)
		}
	case wire.PageBegin:
		var m wire.BeginTx
		if c := with(m.Decode, nil); c != nil {
			h.beginTx(c, &m)
		}
	case wire.PageTxQuery:
		var m wire.TxQuery
		if c := with(m.Decode, nil); c != nil {
			h.txQuery(c, &m)
		}
	case wire.PageTxEnd:
		var m wire.TxEnd
		if c := with(m.Decode, nil); c != nil {
			h.txEnd(c, &m)
		}
	case wire.PageLive:
		var m wire.LiveCall
		if c := with(m.Decode, nil); c != nil {
			h.watch(c, &m)
		}
	case wire.PageStatus:
		var m wire.WriteStatus
		if c := with(m.Decode, nil); c != nil {
			h.status(c, &m)
		}
	case wire.PageResolve:
		var m wire.Resolve
		if c := with(m.Decode, nil); c != nil {
			h.resolve(c, &m)
		}
	case wire.PageOutboxAct:
		var m wire.OutboxAct
		if c := with(m.Decode, nil); c != nil {
			h.outboxAct(c, &m)
		}
	case wire.PageValidate:
		var m wire.Validate
		if c := with(m.Decode, nil); c != nil {
			h.validate(c, &m)
		}
	case wire.PageSignOut:
		var m wire.SignOut
		if c := with(m.Decode, nil); c != nil {
			h.signOut(c, &m)
		}
	case wire.PageSubscribe, wire.PageUnsubscribe, wire.PageSyncNow, wire.PageSyncPause, wire.PageConnect:
		h.servedSync(p, kind, with)
	default:
		if c := with(empty.Decode, nil); c != nil {
			h.asked(p, kind, c)
		}
	}
}

// asked answers the calls that have no fields.
func (h *Host) asked(p *port, kind wire.PageFrame, c *call) {
	switch kind {
	case wire.PageConflicts:
		list, err := h.prov.DB.Conflicts()
		h.answer(c, (&wire.ConflictList{Conflicts: list}).AppendTo, err)
	case wire.PageOutbox:
		p.outbox = true
		list, err := h.txn.Outbox()
		h.answer(c, (&wire.OutboxList{Entries: list}).AppendTo, err)
	case wire.PageStats:
		h.done(c, h.stats().AppendTo)
	case wire.PageSchema:
		h.answer(c, (&wire.SchemaInfo{Schema: h.prov.DB.Schema()}).AppendTo, nil)
	case wire.PageExport:
		h.export(c)
	case wire.PageReset:
		h.reset(c)
	default:
		h.fail(c, fault.New(fault.Protocol, "read frame", "there is no frame of type "+strconv.Itoa(int(kind))))
	}
}

// answer ends a call with m, or with err when there is one.
func (h *Host) answer(c *call, m message, err error) {
	if err != nil {
		h.fail(c, err)
		return
	}
	h.done(c, m)
}

// hello is the version gate, both ways.
func (h *Host) hello(p *port, id uint32, m *wire.TabHello) {
	if h.build == 0 {
		h.build = m.Build
	}
	w := wire.TabWelcome{
		Version: wire.PageVersion, Build: h.build, Storage: wire.StorageVersion,
		Reload: m.Version != wire.PageVersion || m.Storage != wire.StorageVersion || m.Build < h.build, Engine: engineVersion(),
	}
	p.greeted, p.build, p.visible = !w.Reload, m.Build, m.Visible
	if m.Build > h.build {
		h.build = m.Build
		w.Build = m.Build
		body := (&wire.Event{Type: wire.EventReload}).AppendTo(nil)
		for other, o := range h.ports {
			if o.greeted && o.build < m.Build {
				h.post(other, wire.PageEvent, 0, body)
			}
		}
	}
	h.post(p.id, wire.PageWelcome, id, w.AppendTo(nil))
}
