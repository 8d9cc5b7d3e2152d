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

// The columns of an image beside the row: the number of the changed row that it
// is of, whether it is what the row is after all changes, and 1 for what a
// change made, -1 for what it replaced.
const (
	imageColumn = sqlite.ReservedPrefix + "row"
	imageLast   = sqlite.ReservedPrefix + "last"
	imageSign   = sqlite.ReservedPrefix + "sign"
)

// images is a database in memory whose tables hold what changed rows were and
// are. A condition is asked there by SQLite itself, under the columns' own
// affinities and collations: nothing of its semantics is written twice.
type images struct {
	conn *sqlite.Conn
	// made is the tables that exist.
	made map[uint32]bool
	// kept counts the queries that are kept here.
	kept int
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
	*m = images{}
}

// forget ends what was kept of a query, which may be nil.
func (m *images) forget(k kept) {
	if k != nil {
		m.kept--
		k.forget(m)
	}
}

// run runs a statement once for each of n sets of values.
func (m *images) run(sql string, sets []byte, n int) error {
	s, err := m.conn.Cached(sql)
	if err == nil {
		_, err = s.RunBatch(sets, n)
	}
	return err
}

// load puts the images of changed rows in place of what was there, once.
func (m *images) load(x *changedTable) error {
	if x.loaded || x.failed != nil {
		return x.failed
	}
	x.failed = m.put(x)
	x.loaded = x.failed == nil
	return x.failed
}

func (m *images) put(x *changedTable) error {
	if err := m.open(); err != nil {
		return err
	}
	t := x.table
	if !m.made[t.ID] {
		if err := m.conn.Exec(schema.ImageDDL(t, imageColumn+" INTEGER", imageLast+" INTEGER", imageSign+" INTEGER")); err != nil {
			return err
		}
		m.made[t.ID] = true
	}
	if err := m.run("DELETE FROM "+schema.Quote(t.Name), nil, 1); err != nil {
		return err
	}
	last := x.last()
	var sets []byte
	n := 0
	add := func(row int, image []byte, isLast bool, sign int64) {
		if image != nil {
			sets = value.Row{value.Int(int64(row)), value.Bool(isLast), value.Int(sign)}.Append(append(sets, image...))
			n++
		}
	}
	for i := range x.rows {
		add(i, x.rows[i].old, false, -1)
		add(i, x.rows[i].now, last[i], 1)
	}
	return m.run("INSERT INTO "+schema.Quote(t.Name)+" VALUES (?, ?, ?"+strings.Repeat(", ?", len(t.Columns))+")", sets, n)
}

// matches reports whether one of the rows that touch read passes a condition.
// What cannot be decided does.
func (m *images) matches(x *changedTable, match sqlgen.Statement, read builder.Columns) bool {
	if m.load(x) != nil {
		return true
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
