package host

import (
	"bytes"
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/wasm/builder"
	"rockpool.dev/wasm/live"
	"rockpool.dev/wasm/provider"
	"rockpool.dev/wasm/store"
	"rockpool.dev/wasm/syncer"
	"rockpool.dev/wasm/txn"
	"rockpool.dev/wire"
)

func engineVersion() string { return sqlite.Version() }

// openDatabase opens the database for the first tab, and lets others join.
func (h *Host) openDatabase(p *port, c *call, m *wire.OpenDatabase) {
	name, err := fileName(m)
	if err != nil {
		h.fail(c, err)
		return
	}
	if state, _ := h.prov.State(); state != wire.ConnIdle && state != wire.ConnClosed {
		if err := h.joins(m); err != nil {
			h.fail(c, err)
			return
		}
	} else {
		h.open = *m
	}
	h.prov.Open(provider.Options{
		Name: name, Key: m.Key, Memory: m.Memory, Readers: int(m.Readers), Schema: m.Schema,
		Store: store.Options{NewID: h.uuid4, NowMillis: h.relayMillis, Flushed: h.env.Flushed},
	}, func(err error) {
		if err == nil {
			err = h.opened()
		}
		if err != nil {
			h.fail(c, err)
			return
		}
		p.opened = true
		h.done(c, (&wire.Opened{ClientID: h.prov.DB.Meta().ClientID, Schema: h.prov.DB.Schema(), Durable: !h.open.Memory}).AppendTo)
		h.greet(p.id)
	})
}

// fileName is the database's file: one a user.
func fileName(m *wire.OpenDatabase) (string, error) {
	name := m.Name
	if m.User != "" {
		name += "@" + m.User
	}
	bad := m.Name == "" || len(name) > NameBytesMax || strings.HasPrefix(name, ".")
	for i := range len(name) {
		if c := name[i]; c < ' ' || c == '/' || c == '\\' || c == 0x7f {
			bad = true
		}
	}
	if bad {
		return "", fault.New(fault.InvalidArgument, "open database", "its name is empty, longer than NameBytesMax bytes, or no file name").
			WithHint("use letters, digits, dots and dashes")
	}
	return name, nil
}

// joins checks that a tab wants what is open.
func (h *Host) joins(m *wire.OpenDatabase) error {
	switch {
	case m.Name != h.open.Name || m.User != h.open.User:
		return fault.New(fault.InvalidArgument, "open database", "this Worker serves another database").
			WithHint("each database has a Worker of its own")
	case !bytes.Equal(m.Key, h.open.Key):
		return fault.New(fault.WrongKey, "open database", "it is open with another key").
			WithHint("open the database with the key it was made with")
	case m.RelayURL != h.open.RelayURL:
		return fault.New(fault.InvalidArgument, "open database", "it is open with another relay").
			WithHint("all tabs of an app name the same relay")
	}
	return nil
}

// opened builds what works on an open database; harmless when that is done.
func (h *Host) opened() error {
	if h.txn != nil {
		return nil
	}
	db := h.prov.DB
	h.builder = builder.New(db.Schema())
	h.live = live.New(db.Schema())
	h.txn = txn.New(db, txn.Options{NewKey: h.uuid7, NowMillis: h.nowMillis})
	h.lastMid = db.Meta().LastMid
	if h.open.RelayURL == "" {
		return nil
	}
	h.sync = NewSyncDriver(db, syncer.Config{
		Seed: h.random(), HasToken: h.open.HasToken, Declared: h.open.Schema, Build: h.open.Build,
		SyncIntervalMillis: int64(h.open.SyncIntervalMillis),
	}, Links{
		Sockets: h.env.Sockets, Fetcher: h.env.Fetcher, Timer: syncTimer{h}, Now: h.env.Now, URL: h.open.RelayURL,
	}, h.syncHooks())
	h.sync.Start()
	h.restoreShapes()
	if !h.open.Lazy {
		h.sync.Connect()
	}
	return nil
}

// greet tells a tab that has just opened the database where things stand.
func (h *Host) greet(id uint32) {
	health := h.healthNow()
	h.post(id, wire.PageEvent, 0, (&wire.Event{Type: wire.EventHealth, Health: &health}).AppendTo(nil))
	if h.sync != nil {
		s := h.sync.Status()
		h.post(id, wire.PageEvent, 0, (&wire.Event{Type: wire.EventSync, Sync: &s}).AppendTo(nil))
	}
}

// drop takes down what opened built, and answers every call that pends with
// why; nil leaves them unanswered, for the next leader.
func (h *Host) drop(why error) {
	for _, c := range h.calls {
		switch {
		case why == nil:
			h.end(c)
		case !c.held:
			h.fail(c, why)
		}
	}
	if h.sync != nil {
		h.sync.Disconnect()
	}
	if h.live != nil {
		h.live.Close()
	}
	h.builder, h.live, h.txn, h.sync = nil, nil, nil, nil
	h.waiting, h.states, h.syncAt = nil, nil, 0
	h.flushAt, h.flushWait = 0, 0
	h.lanes = provider.NewLanes(h.env.Micros) // runs of live queries end with their readers
	h.shapes = shapes{}
	clear(h.text)
	clear(h.readTx)
	clear(h.touched)
	clear(h.drafted)
	clear(h.cursors)
	clear(h.rolled)
	h.blocked = nil
	h.touchAll, h.ddl = false, false
	for _, p := range h.ports {
		p.opened = false
	}
}

// drain ends what is under way and makes what was written durable: open
// transactions roll back, answers that waited for a flush go out, the rest
// fails with why, or stays unanswered where that is nil.
func (h *Host) drain(why error) {
	if h.txn == nil {
		return
	}
	for id := range h.ports {
		if err := h.txn.CloseOwner(uint64(id)); err != nil {
			h.log(LogError, err)
		}
	}
	for _, t := range h.readTx {
		h.endReadTx(t)
	}
	h.flush()
	h.drop(why)
}

// Freeze drains and closes for a hand-over to another tab. It reports whether
// everything is closed. Calls that pend get no answer: their tabs make them
// again at the next leader, where a live query goes on and a key applies once.
func (h *Host) Freeze() bool {
	ports := make([]uint32, 0, len(h.ports))
	for id, p := range h.ports {
		if p.opened {
			ports = append(ports, id)
		}
	}
	h.drain(nil)
	if err := h.prov.Close(); err != nil {
		h.log(LogError, err)
	}
	health := h.healthNow()
	body := (&wire.Event{Type: wire.EventHealth, Health: &health}).AppendTo(nil)
	for _, id := range ports {
		h.post(id, wire.PageEvent, 0, body)
	}
	return true
}

// Files takes the answer to a request for files: status 0, or a fault.Kind
// with a message.
func (h *Host) Files(id uint32, status uint16, msg string) {
	var err error
	if status != 0 {
		err = fault.New(fault.Kind(status), "open files", msg).WithHint(h.storageHint(fault.Kind(status)))
	}
	h.prov.Answered(id, err)
	h.settle()
}

// storageHint says what a person can do about files that did not open.
func (h *Host) storageHint(k fault.Kind) string {
	switch k {
	case fault.StorageLocked:
		return "another tab holds the files: close it, or wait until it has let go"
	case fault.StorageUnavailable:
		if h.env.Browser != "" && !h.env.HasOPFS {
			return "this browser has no private file system (" + h.env.Browser + "): use a current one, or storage: 'memory'"
		}
		return "this window may not use the private file system (" + h.env.Browser + "): leave private browsing, or use storage: 'memory'"
	case fault.QuotaExceeded:
		return "free storage, or ask the browser for a larger quota (navigator.storage.persist), then try again"
	}
	return ""
}

// nowMillis is this device's clock; relayMillis is the relay's as far as it is
// known: it orders writes that met.
func (h *Host) nowMillis() int64 { return h.env.Now().Wall }

func (h *Host) relayMillis() int64 { return h.env.Now().Wall + h.clock }
