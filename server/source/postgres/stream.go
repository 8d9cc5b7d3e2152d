package postgres

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/source"
)

const (
	// statusEvery is how often the slot is told what is durable.
	statusEvery = time.Second
	// replyEvery is the least pause between two answers, also to a server that
	// asks: one that stops asks until it hears of its last record.
	replyEvery = 50 * time.Millisecond
	// slotRetriesMax bounds the wait for a slot that a dying relay still holds.
	slotRetriesMax = 40
	// slotRetryEvery is the pause between two tries.
	slotRetryEvery = 250 * time.Millisecond
)

// stream follows the slot from an LSN and hands each committed transaction to
// emit, in commit order. Transactions whose end is not beyond from are skipped.
// It ends with ctx, with emit's error, or with a fault that says why.
type stream struct {
	url, slot, publication, identity string
	// changed is fault.SchemaMismatch when the catalog is another.
	changed func(context.Context) error
	// durable is the end LSN of the newest transaction that is safe on disk.
	durable *atomic.Uint64
	// emitted is the end LSN of the newest transaction that was handed on, and
	// passed one behind it up to which the stream had nothing for us.
	emitted, passed atomic.Uint64
	confirmed       uint64 // the reader's: what the slot was told last
}

// frame is a piece of the stream: a message of the log, or, without one, the
// place that the server has reached.
type frame struct {
	wal []byte
	end pglogrepl.LSN
}

func (s *stream) run(ctx context.Context, schema *schema.Schema, from pglogrepl.LSN, emit func(*source.Record) error) error {
	conn, err := s.start(ctx, from)
	if err != nil {
		return err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = conn.Close(closing)
	}()

	// Reading and answering are apart: wal_sender_timeout must not fire because
	// applying is slow (SYNC.md §4.5).
	s.emitted.Store(uint64(from))
	frames := make(chan frame, streamFramesMax)
	reading, stop := context.WithCancel(ctx)
	var readErr error // set before frames is closed
	go func() {
		defer close(frames)
		readErr = s.read(reading, conn, frames)
	}()
	defer func() {
		stop()
		for range frames { // until the reader has ended
		}
	}()

	asm, tr := newAssembler(), newTranslator(schema)
	tr.changed = func() error { return s.changed(ctx) }
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case f, open := <-frames:
			if !open {
				return readErr
			}
			if f.wal == nil {
				if asm.current == nil {
					s.passed.Store(uint64(f.end))
				}
				continue
			}
			tx, err := asm.add(f.wal)
			if err != nil {
				return err
			}
			if tx == nil || tx.lsn <= from {
				continue
			}
			rec, err := tr.record(tx)
			if err != nil {
				return err
			}
			if len(rec.Changes) == 0 && len(rec.Origins) == 0 { // a heartbeat, or tables that are not synced
				s.passed.Store(rec.LSN)
				continue
			}
			s.emitted.Store(rec.LSN)
			if err := emit(rec); err != nil {
				return err
			}
		}
	}
}

// streamFramesMax is how many messages wait between the socket and the store.
const streamFramesMax = 4096

// start opens the replication connection. A slot that another relay still
// holds is retried; one that is lost or gone is fault.SlotLost.
func (s *stream) start(ctx context.Context, from pglogrepl.LSN) (*pgconn.PgConn, error) {
	options := pglogrepl.StartReplicationOptions{PluginArgs: []string{
		"proto_version '2'", "streaming 'on'", "messages 'true'",
		"publication_names '" + s.publication + "," + metaPublication + "'",
	}}
	for try := 0; ; try++ {
		conn, err := dialReplication(ctx, s.url)
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, fault.Wrap(fault.SourceUnavailable, "connect to Postgres for the stream", err)
		}
		if err = s.same(ctx, conn, from); err == nil {
			err = pglogrepl.StartReplication(ctx, conn, s.slot, from, options)
		}
		if err == nil {
			return conn, nil
		}
		_ = conn.Close(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if fault.KindOf(err) == fault.SlotLost {
			return nil, err
		}
		var pg *pgconn.PgError
		if !errors.As(err, &pg) {
			return nil, fault.Wrap(fault.SourceUnavailable, "start the stream", err)
		}
		switch {
		case pg.Code == "55006" && try < slotRetriesMax: // in use
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(slotRetryEvery):
			}
		case pg.Code == "55000" || pg.Code == "42704":
			return nil, (&fault.Error{Kind: fault.SlotLost, Op: "start the stream from slot " + s.slot, Offset: -1, Err: err}).
				WithHint("the server no longer holds the changes that the store needs (dropped slot, failover, max_slot_wal_keep_size): the relay loads its store again")
		default:
			return nil, fault.Wrap(fault.SourceUnavailable, "start the stream", err)
		}
	}
}

// same says that the server is the one that the store is of, and has not gone
// back: it would leave out, without a word, what the store believes to have.
func (s *stream) same(ctx context.Context, conn *pgconn.PgConn, from pglogrepl.LSN) error {
	id, err := pglogrepl.IdentifySystem(ctx, conn)
	if err != nil {
		return err
	}
	what := ""
	switch {
	case identityOf(id) != s.identity:
		what = "this is " + identityOf(id) + ", the store is of " + s.identity
	case id.XLogPos < from:
		what = "the server's log ends at " + id.XLogPos.String() + ", before " + from.String() + ", which the store has seen"
	default:
		return nil
	}
	return fault.New(fault.SlotLost, "start the stream from slot "+s.slot, what).
		WithHint("the database was restored or replaced: the relay loads its store again")
}

// read receives until ctx ends, hands row messages on, and answers keepalives
// with what is durable.
func (s *stream) read(ctx context.Context, conn *pgconn.PgConn, frames chan<- frame) error {
	confirmed := time.Now()
	next := confirmed.Add(statusEvery)
	for {
		if now := time.Now(); !now.Before(next) {
			if err := s.confirm(ctx, conn); err != nil {
				return err
			}
			confirmed, next = now, now.Add(statusEvery)
		}
		waiting, cancel := context.WithDeadline(ctx, next)
		msg, err := conn.ReceiveMessage(waiting)
		cancel()
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if pgconn.Timeout(err) {
				continue
			}
			return fault.Wrap(fault.SourceUnavailable, "follow the stream", err)
		}
		switch m := msg.(type) {
		case *pgproto3.ErrorResponse:
			return fault.Wrap(fault.SourceUnavailable, "follow the stream", pgconn.ErrorResponseToPgError(m))
		case *pgproto3.CopyData:
			switch m.Data[0] {
			case pglogrepl.PrimaryKeepaliveMessageByteID:
				k, err := pglogrepl.ParsePrimaryKeepaliveMessage(m.Data[1:])
				if err != nil {
					return fault.Wrap(fault.SourceUnavailable, "follow the stream", err)
				}
				if k.ReplyRequested {
					next = earlier(next, confirmed.Add(replyEvery))
				}
				if err := hand(ctx, frames, frame{end: k.ServerWALEnd}); err != nil {
					return err
				}
			case pglogrepl.XLogDataByteID:
				x, err := pglogrepl.ParseXLogData(m.Data[1:])
				if err != nil {
					return fault.Wrap(fault.SourceUnavailable, "follow the stream", err)
				}
				if err := hand(ctx, frames, frame{wal: append([]byte(nil), x.WALData...)}); err != nil {
					return err
				}
			}
		}
	}
}

func hand(ctx context.Context, frames chan<- frame, f frame) error {
	select {
	case frames <- f:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// confirm tells the slot what is durable, and beyond it what held nothing for
// us: else WAL of other tables is kept, and a server that stops in order waits
// for us to have its last record.
func (s *stream) confirm(ctx context.Context, conn *pgconn.PgConn) error {
	// passed is read first: what is emitted meanwhile lies behind it.
	passed, at := s.passed.Load(), s.durable.Load()
	if at >= s.emitted.Load() {
		at = max(at, passed)
	}
	s.confirmed = max(s.confirmed, at) // a slot would go back
	lsn := pglogrepl.LSN(s.confirmed)
	err := pglogrepl.SendStandbyStatusUpdate(ctx, conn, pglogrepl.StandbyStatusUpdate{WALWritePosition: lsn, WALFlushPosition: lsn, WALApplyPosition: lsn})
	return fault.Wrap(fault.SourceUnavailable, "confirm the stream", err)
}
