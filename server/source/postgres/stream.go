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
	// slotRetriesMax bounds the wait for a slot that a dying relay still holds.
	slotRetriesMax = 40
	// slotRetryEvery is the pause between two tries.
	slotRetryEvery = 250 * time.Millisecond
)

// stream follows the slot from an LSN and hands each committed transaction to
// emit, in commit order. Transactions whose end is not beyond from are skipped.
// It ends with ctx, with emit's error, or with a fault that says why.
type stream struct {
	url, slot, publication string
	// durable is the end LSN of the newest transaction that is safe on disk.
	durable *atomic.Uint64
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
	frames := make(chan []byte, streamFramesMax)
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
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case wal, open := <-frames:
			if !open {
				return readErr
			}
			tx, err := asm.add(wal)
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
		err = pglogrepl.StartReplication(ctx, conn, s.slot, from, options)
		if err == nil {
			return conn, nil
		}
		_ = conn.Close(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
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
				WithHint("the slot no longer holds the changes the store needs: remove the store's file, so that the relay loads it again")
		default:
			return nil, fault.Wrap(fault.SourceUnavailable, "start the stream", err)
		}
	}
}

// read receives until ctx ends, hands row messages on, and answers keepalives
// with what is durable.
func (s *stream) read(ctx context.Context, conn *pgconn.PgConn, frames chan<- []byte) error {
	next := time.Now().Add(statusEvery)
	for {
		if !time.Now().Before(next) {
			if err := s.confirm(ctx, conn); err != nil {
				return err
			}
			next = time.Now().Add(statusEvery)
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
					next = time.Now()
				}
			case pglogrepl.XLogDataByteID:
				x, err := pglogrepl.ParseXLogData(m.Data[1:])
				if err != nil {
					return fault.Wrap(fault.SourceUnavailable, "follow the stream", err)
				}
				select {
				case frames <- append([]byte(nil), x.WALData...):
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
	}
}

// confirm tells the slot what is durable.
func (s *stream) confirm(ctx context.Context, conn *pgconn.PgConn) error {
	at := pglogrepl.LSN(s.durable.Load())
	err := pglogrepl.SendStandbyStatusUpdate(ctx, conn, pglogrepl.StandbyStatusUpdate{WALWritePosition: at, WALFlushPosition: at, WALApplyPosition: at})
	return fault.Wrap(fault.SourceUnavailable, "confirm the stream", err)
}
