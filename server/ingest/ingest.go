// Package ingest takes a source's records into the store, in order, each once:
// the first load, the stream, what is durable, and starting again after the
// source was away (SYNC.md §4.5). It owns the retries, not the positions.
package ingest

import (
	"context"
	"time"

	"rockpool.dev/changelog"
	"rockpool.dev/fault"
	"rockpool.dev/server/source"
	"rockpool.dev/server/store"
)

const (
	// flushEvery is how often the store is flushed and the source told.
	flushEvery = time.Second
	// backoffMin and backoffMax bound the pause before the stream is opened again.
	backoffMin = 200 * time.Millisecond
	backoffMax = 10 * time.Second
)

// Ingest is one source on one store.
type Ingest struct {
	Source source.Source
	Store  *store.Store
	// Out takes each record that the store holds now, in order.
	Out func(*changelog.Tx)
	// Told takes what went wrong and will be tried again; nil drops it.
	Told func(error)
}

// Load fills an empty store; one that is filled stays as it is.
func (in *Ingest) Load(ctx context.Context) error {
	if in.Store.Loaded() {
		return nil
	}
	return in.Store.Load(func(to source.Loader) (uint64, error) { return in.Source.Load(ctx, to) })
}

// Run follows the source until ctx ends; the error is then nil. A source that
// is away is tried again with growing pauses. Any other fault ends it: the
// slot is gone, or the schema is another.
func (in *Ingest) Run(ctx context.Context) error {
	flushing := make(chan struct{})
	ending, stop := context.WithCancel(ctx)
	go func() {
		defer close(flushing)
		in.flush(ending)
	}()
	defer func() { stop(); <-flushing }()
	pause := backoffMin
	for {
		at := in.Store.LSN()
		err := in.Store.Flush() // the source takes where it starts as durable
		if err == nil {
			err = in.Source.Run(ctx, at, in.take)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			err = fault.New(fault.SourceUnavailable, "follow the source", "the stream ended")
		}
		if !fault.Retryable(err) {
			return fault.In("follow the source", err)
		}
		if in.Told != nil {
			in.Told(err)
		}
		if in.Store.LSN() != at {
			pause = backoffMin
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, backoffMax)
	}
}

func (in *Ingest) take(rec *source.Record) error {
	tx, err := in.Store.Ingest(rec)
	if err != nil {
		return err
	}
	if tx != nil {
		in.Out(tx)
	}
	return nil
}

// flush makes what was committed durable each second, and then tells the
// source: never before.
func (in *Ingest) flush(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		lsn := in.Store.LSN()
		if err := in.Store.Flush(); err != nil {
			if in.Told != nil {
				in.Told(err)
			}
			continue
		}
		in.Source.Durable(lsn)
	}
}
