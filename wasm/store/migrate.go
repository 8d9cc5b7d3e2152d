package store

import (
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// migrations[v] brings the tables of storage version v to version v+1. A step
// is one transaction with the number that says so.
var migrations = map[int64][]string{
	// Bases may be baseGone from version 2 on, which a build of version 1 would
	// take for hidden rows: it must not open the file any more.
	1: {`DROP INDEX _rockpool_once_millis`},
	2: {`ALTER TABLE _rockpool_meta ADD COLUMN term INTEGER NOT NULL DEFAULT 0`},
	// Transactions may be txGivenUp from version 4 on, which a build of version 3
	// would show as refused ones without operations.
	3: nil,
}

// migrate runs the steps that a file of an older build lacks. A version that
// no step leads on from stays, and load refuses it.
func (db *DB) migrate() error {
	row, found, err := db.one(`SELECT storage FROM _rockpool_meta WHERE id = 1`)
	if err != nil || !found {
		return err
	}
	for v := row[0].Int(); v < int64(wire.StorageVersion); v++ {
		step, ok := migrations[v]
		if !ok {
			return nil
		}
		if err := db.atomic(func() error {
			for _, sql := range step {
				if err := db.exec(sql); err != nil {
					return err
				}
			}
			return db.run(`UPDATE _rockpool_meta SET storage = ? WHERE id = 1`, value.Int(v+1))
		}); err != nil {
			return err
		}
	}
	return nil
}
