package store

import (
	"errors"
	"os"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// truthOrigin stands for the source of a store that is the truth itself.
const truthOrigin = "embedded"

// checkOrigin compares where the rows came from with where they shall come
// from, and notes it in a file that is new or did not say. A truth is never
// taken for a replica: a replica may be thrown away.
func (s *Store) checkOrigin() error {
	const op = "read the store"
	origin := s.opt.Source
	if s.opt.Truth {
		origin = truthOrigin
	}
	at, loaded, err := sqlite.OneRow(s.w, "SELECT lsn = 0 FROM _rockpool_meta WHERE loaded")
	if err != nil {
		return err
	}
	row, said, err := sqlite.OneRow(s.w, "SELECT source FROM _rockpool_origin")
	if err != nil {
		return err
	}
	switch {
	case !said && loaded && (at[0].Int() != 0) != s.opt.Truth, // an old file: a truth has no LSN
		said && (row[0].Str() == truthOrigin) != s.opt.Truth:
		what := "a replica of a database, and was to be the truth"
		if !s.opt.Truth {
			what = "an embedded database, and was to be a replica"
		}
		return fault.New(fault.InvalidArgument, op, s.opt.Path+" is "+what).
			WithHint("name another file with --store: this one keeps its rows")
	case said && row[0].Str() != origin:
		return fault.New(fault.SlotLost, op, "it was filled from another database: "+row[0].Str()+", this is "+origin).
			WithHint("the database was replaced, or --database-url names another: the store must be built anew")
	case said:
		return nil
	}
	return run(s.w, "INSERT INTO _rockpool_origin (id, source) VALUES (1, ?)", value.Text(origin))
}

// checkRelations is fault.SchemaMismatch for a replica of tables that were
// dropped and made again while no relay looked: their form may be the same, and
// their rows are others. A file that does not say is believed once.
func (s *Store) checkRelations() error {
	if s.opt.Truth || s.opt.Relations == "" {
		return nil
	}
	row, said, err := sqlite.OneRow(s.w, "SELECT relations FROM _rockpool_relations")
	if err != nil || said && row[0].Str() == s.opt.Relations {
		return err
	}
	if said {
		return fault.New(fault.SchemaMismatch, "read the store", "it has the tables "+row[0].Str()+", the database has "+s.opt.Relations+
			": one was dropped and made again, or the list is another").
			WithHint("the store must be built anew")
	}
	return run(s.w, "INSERT INTO _rockpool_relations (id, relations) VALUES (1, ?)", value.Text(s.opt.Relations))
}

// Discard removes a replica's file and returns its epoch: one that is built
// anew must have a greater one. It must not be open. A file that is not there,
// or cannot be read, has epoch 0.
func Discard(path string) (epoch uint32, err error) {
	if r, err := OpenReader(path); err == nil {
		_ = r.Query("SELECT epoch FROM _rockpool_meta", func(_ []string, row value.Row) error {
			epoch = uint32(row[0].Int())
			return nil
		})
		_ = r.Close()
	}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return epoch, fault.Wrap(fault.IO, "remove the store", err)
		}
	}
	return epoch, nil
}
