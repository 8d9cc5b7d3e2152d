package provider

import (
	"rockpool.dev/fault"
	"rockpool.dev/query/sqlfn"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/wasm/store"
	"rockpool.dev/wire"
)

// Options say which database to open.
type Options struct {
	// Name is the file, without a folder.
	Name string
	Key  []byte
	// Memory keeps everything in memory.
	Memory  bool
	Readers int
	Schema  *schema.Schema
	Store   store.Options
}

// Env is what a provider takes from outside.
type Env struct {
	Files Files
	// Millis is a monotonic clock in milliseconds.
	Millis func() int64
	// Random returns a number below n, for the jitter; n is 1 or more.
	Random func(n int64) int64
	// Changed tells that State or Err have changed.
	Changed func()
	// Warn is told what a person should know of and no call waits for.
	Warn func(error)
}

// Provider is one database's connections.
type Provider struct {
	env   Env
	opt   Options
	state wire.ConnState
	err   error

	Writer *sqlite.Conn
	Pool   *Pool
	DB     *store.DB

	request  uint32 // number of the file request that is out, or 0
	requests uint32
	attempts uint32
	retryAt  int64 // Millis, 0 for none
	opened   []func(error)

	lastWrite int64
	dirty     bool // the WAL grew since the last checkpoint
	deleting  map[uint32]func(error)
}

// New returns a provider that has nothing open.
func New(env Env) *Provider {
	return &Provider{env: env, deleting: map[uint32]func(error){}}
}

// State returns where the database stands; err is why it is not open, or nil.
func (p *Provider) State() (state wire.ConnState, err error) { return p.state, p.err }

// Attempts and RetryMillis tell of the backoff while files are locked.
func (p *Provider) Attempts() uint32 { return p.attempts }

// RetryMillis is when the next attempt starts, from now, or 0.
func (p *Provider) RetryMillis() uint32 {
	if p.retryAt == 0 {
		return 0
	}
	return uint32(max(0, p.retryAt-p.env.Millis()))
}

// Options returns what was opened.
func (p *Provider) Options() Options { return p.opt }

// IsOpen reports whether calls can run.
func (p *Provider) IsOpen() bool { return p.state == wire.ConnOpen }

// Open opens the database, or joins the opening that is under way; done is
// called once. Kinds: those of storage, wrong_key, not_a_database, corrupt,
// schema_mismatch, version_mismatch.
func (p *Provider) Open(o Options, done func(error)) {
	switch p.state {
	case wire.ConnOpen:
		done(nil)
		return
	case wire.ConnConnecting, wire.ConnBackoff:
		p.opened = append(p.opened, done)
		return
	}
	if o.Readers <= 0 {
		o.Readers = ReadersDefault
	}
	o.Readers = min(o.Readers, ReadersMax)
	p.opt, p.attempts = o, 0
	p.opened = append(p.opened, done)
	p.attempt()
}

// attempt asks for the files.
func (p *Provider) attempt() {
	p.retryAt = 0
	p.attempts++
	p.set(wire.ConnConnecting, nil)
	if p.opt.Memory {
		p.finish(p.connect(sqlite.MemoryName()))
		return
	}
	p.requests++
	p.request = p.requests
	p.env.Files.Open(p.request, p.opt.Name)
}

// Answered takes the answer to a request of Files; err is nil when it went well.
func (p *Provider) Answered(id uint32, err error) {
	if done := p.deleting[id]; done != nil {
		delete(p.deleting, id)
		done(err)
		return
	}
	if id == 0 || id != p.request {
		return
	}
	p.request = 0
	if p.state != wire.ConnConnecting {
		p.env.Files.Close(p.opt.Name) // it was closed meanwhile
		return
	}
	if err == nil {
		if err = p.connect(p.opt.Name); err != nil {
			p.env.Files.Close(p.opt.Name)
		}
	}
	p.finish(err)
}

// finish ends an attempt.
func (p *Provider) finish(err error) {
	if err != nil && fault.KindOf(err) == fault.StorageLocked && p.attempts <= RetryMax {
		delay := min(int64(RetryMillisMax), RetryMillisFirst<<min(p.attempts-1, 10))
		p.retryAt = p.env.Millis() + 1 + p.env.Random(delay)
		p.set(wire.ConnBackoff, err)
		return
	}
	if err != nil {
		p.set(wire.ConnClosed, err)
	} else {
		p.set(wire.ConnOpen, nil)
	}
	opened := p.opened
	p.opened = nil
	for _, done := range opened {
		done(err)
	}
}

func (p *Provider) set(state wire.ConnState, err error) {
	p.state, p.err = state, err
	if p.env.Changed != nil {
		p.env.Changed()
	}
}

// connect opens the connections on files that are ready.
func (p *Provider) connect(name string) (err error) {
	o := sqlite.Options{Name: name, Key: p.opt.Key, CacheKiB: WriterCacheKiB}
	defer func() {
		if err != nil {
			p.disconnect()
		}
	}()
	if p.Writer, err = sqlite.Open(o); err != nil {
		return err
	}
	if err = sqlfn.Register(p.Writer); err != nil {
		return err
	}
	so := p.opt.Store
	so.Schema = p.opt.Schema
	if p.DB, err = store.Open(p.Writer, so); err != nil {
		return err
	}
	p.Pool, err = openPool(o, p.opt.Readers, Guard(p.DB.Schema()), p.env.Warn)
	return err
}

// disconnect closes what is open, in reverse order, and returns the first error.
func (p *Provider) disconnect() (err error) {
	if p.Pool != nil {
		err = p.Pool.Close()
	}
	if p.DB != nil {
		if cerr := p.DB.Close(); err == nil {
			err = cerr
		}
	}
	if p.Writer != nil {
		if cerr := p.Writer.Close(); err == nil {
			err = cerr
		}
	}
	p.Pool, p.DB, p.Writer = nil, nil, nil
	return err
}

// Close flushes, checkpoints, closes the connections and gives the files back.
// Calls must have ended. An opening that is under way fails with fault.Closed.
func (p *Provider) Close() error {
	opened := p.opened
	p.opened, p.retryAt = nil, 0
	var err error
	if p.state == wire.ConnOpen {
		err = p.DB.Flush()
		if err == nil && !p.opt.Memory {
			// What readers hold back stays in the WAL: the next start reads it.
			if _, _, cerr := p.Writer.Checkpoint(sqlite.CheckpointTruncate); cerr != nil && fault.KindOf(cerr) != fault.Busy {
				err = cerr
			}
		}
		if cerr := p.disconnect(); err == nil {
			err = cerr
		}
		if !p.opt.Memory {
			p.env.Files.Close(p.opt.Name)
		}
	}
	p.set(wire.ConnClosed, nil)
	for _, done := range opened {
		done(fault.New(fault.Closed, "open database", "it was closed while it opened"))
	}
	return fault.In("close database", err)
}

// Delete closes the database and deletes its files; done is called once.
func (p *Provider) Delete(done func(error)) {
	if err := p.Close(); err != nil && fault.KindOf(err) != fault.Corrupt {
		done(err)
		return
	}
	if p.opt.Memory {
		done(nil)
		return
	}
	p.requests++
	p.deleting[p.requests] = done
	p.env.Files.Delete(p.requests, p.opt.Name)
}
