package live

import (
	"strings"

	"rockpool.dev/query/sqlfn"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/wasm/builder"
)

// Limits of looking at changes row by row; beyond them a query runs again.
const (
	// ChangedRowsMax is how many changed rows of a table are looked at.
	ChangedRowsMax = 1000
	// imagesCacheKiB bounds the page cache of the images' database, which is
	// all of it.
	imagesCacheKiB = 4000
)

// imageColumn is the number of the changed row that an image is of.
const imageColumn = sqlite.ReservedPrefix + "row"

// images is a database in memory whose tables hold what changed rows were and
// are. A condition is asked there by SQLite itself, under the columns' own
// affinities and collations: nothing of its semantics is written twice.
type images struct {
	conn *sqlite.Conn
	// made is the tables that exist.
	made map[uint32]bool
}

func (m *images) open() error {
	if m.conn != nil {
		return nil
	}
	c, err := sqlite.Open(sqlite.Options{Name: "live", Memory: true, CacheKiB: imagesCacheKiB})
	if err != nil {
		return err
	}
	if err := sqlfn.Register(c); err != nil {
		_ = c.Close()
		return err
	}
	m.conn, m.made = c, map[uint32]bool{}
	return nil
}

func (m *images) close() {
	if m.conn != nil {
		_ = m.conn.Close() // it is memory
	}
	m.conn, m.made = nil, nil
}

// load puts the images of changed rows in place of what was there.
func (m *images) load(x *changedTable) error {
	if err := m.open(); err != nil {
		return err
	}
	t := x.table
	if !m.made[t.ID] {
		if err := m.conn.Exec(schema.ImageDDL(t, imageColumn+" INTEGER")); err != nil {
			return err
		}
		m.made[t.ID] = true
	}
	clear, err := m.conn.Cached("DELETE FROM " + schema.Quote(t.Name))
	if err == nil {
		err = clear.Run()
	}
	if err != nil {
		return err
	}
	insert, err := m.conn.Cached("INSERT INTO " + schema.Quote(t.Name) + " VALUES (?" + strings.Repeat(", ?", len(t.Columns)) + ")")
	if err != nil {
		return err
	}
	var sets []byte
	n := 0
	for i := range x.rows {
		for _, image := range [][]byte{x.rows[i].old, x.rows[i].now} {
			if image != nil {
				sets = value.Int(int64(i)).Append(append(sets, image...))
				n++
			}
		}
	}
	_, err = insert.RunBatch(sets, n)
	return err
}

// matches reports whether one of the rows that touch read passes a condition.
// What cannot be decided does.
func (m *images) matches(x *changedTable, match sqlgen.Statement, read builder.Columns) bool {
	if !x.loaded {
		if x.failed == nil {
			x.failed = m.load(x)
		}
		if x.loaded = x.failed == nil; !x.loaded {
			return true
		}
	}
	s, err := m.conn.Cached(match.SQL)
	if err != nil {
		return true
	}
	rows, err := s.Query(match.Args...)
	if err != nil {
		return true
	}
	defer rows.Close()
	for rows.Next() {
		if x.rows[rows.Value(0).Int()].touches(read) {
			return true
		}
	}
	return rows.Err() != nil
}
