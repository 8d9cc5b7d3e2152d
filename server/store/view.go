package store

import (
	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/source"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// readerCacheKiB is the page cache of a reading connection.
const readerCacheKiB = 8 << 10

// View is the store at one position: what is committed later does not show.
// It is for one goroutine. The caller closes it.
type View struct {
	s   *Store
	c   *sqlite.Conn
	pos version.Pos
}

// View opens a read transaction. It waits while readersMax are open.
func (s *Store) View() (*View, error) {
	c, err := s.reader()
	if err != nil {
		return nil, fault.In("read the store", err)
	}
	v := &View{s: s, c: c}
	err = c.Exec("BEGIN")
	if err == nil {
		var row value.Row
		if row, _, err = sqlite.OneRow(c, "SELECT epoch, seq FROM _rockpool_meta"); err == nil {
			v.pos = version.Pos{Epoch: uint32(row[0].Int()), Seq: uint64(row[1].Int())}
			return v, nil
		}
	}
	v.Close()
	return nil, fault.In("read the store", err)
}

func (s *Store) reader() (*sqlite.Conn, error) {
	s.state.Lock()
	for {
		if s.closed {
			s.state.Unlock()
			return nil, fault.New(fault.Closed, "read the store", "it is closed")
		}
		if n := len(s.readers); n > 0 {
			c := s.readers[n-1]
			s.readers = s.readers[:n-1]
			s.lent++
			s.state.Unlock()
			return c, nil
		}
		if s.lent < readersMax {
			s.lent++
			s.state.Unlock()
			c, err := connect(s.opt.Path, readerCacheKiB)
			if err != nil {
				s.giveBack(nil)
			}
			return c, err
		}
		s.freed.Wait()
	}
}

func (s *Store) giveBack(c *sqlite.Conn) {
	s.state.Lock()
	defer s.state.Unlock()
	s.lent--
	if c != nil && !s.closed {
		s.readers = append(s.readers, c)
		c = nil
	}
	s.freed.Signal()
	if c != nil {
		_ = c.Close()
	}
}

// Conn is the connection, in a read transaction, for statements that package
// query/postgrest makes.
func (v *View) Conn() *sqlite.Conn { return v.c }

// Pos is where the view stands.
func (v *View) Pos() version.Pos { return v.pos }

// Close ends the read transaction. It is idempotent.
func (v *View) Close() {
	if v.c == nil {
		return
	}
	c := v.c
	v.c = nil
	if c.InTransaction() {
		if err := c.Exec("ROLLBACK"); err != nil {
			_ = c.Close()
			c = nil
		}
	}
	v.s.giveBack(c)
}

// Scan hands f the rows of a table in key order whose columns cols equal vals.
// A NULL among vals finds nothing, as in SQL.
func (v *View) Scan(table uint32, cols []uint32, vals value.Row, f func(value.Row) error) error {
	t, err := v.s.table(table)
	if err != nil {
		return err
	}
	sql := "SELECT " + t.columns + " FROM " + quoteName(t)
	if len(cols) > 0 {
		sql += " WHERE " + matches(t.Table, cols)
	}
	sql += " ORDER BY " + quoteKeys(t)
	return each(v.c, sql, f, vals...)
}

// Get returns a row, or nil.
func (v *View) Get(table uint32, key value.Row) (value.Row, error) {
	t, err := v.s.table(table)
	if err != nil {
		return nil, err
	}
	row, _, err := sqlite.OneRow(v.c, t.sel, key...)
	return row, err
}

// Last returns the last write of a row; the zero Meta when it was not written
// since the store was built.
func (v *View) Last(table uint32, key value.Row) (source.Meta, error) {
	return lastWrite(v.c, v.pos.Epoch, table, key)
}

func lastWrite(c *sqlite.Conn, epoch uint32, table uint32, key value.Row) (source.Meta, error) {
	row, found, err := sqlite.OneRow(c, "SELECT seq, actor, mid, clean, hlc, deleted, micros FROM _rockpool_row WHERE tbl = ? AND pk = ?",
		value.Int(int64(table)), blob(key.Append(nil)))
	if err != nil || !found {
		return source.Meta{}, err
	}
	m := source.Meta{
		Pos: version.Pos{Epoch: epoch, Seq: uint64(row[0].Int())}, Actor: row[1].Str(), Mid: uint64(row[2].Int()),
		Clean: row[3].Int() != 0, HLC: version.HLC(row[4].Int()), Deleted: row[5].Int() != 0,
	}
	if m.HLC == 0 { // a direct write has no clock but its commit's (SYNC.md §2)
		m.HLC = version.At(row[6].Int() / 1000)
	}
	return m, nil
}

// Row returns a row and its last write at one position (source.Replica).
func (s *Store) Row(table uint32, key value.Row) (value.Row, source.Meta, error) {
	v, err := s.View()
	if err != nil {
		return nil, source.Meta{}, err
	}
	defer v.Close()
	row, err := v.Get(table, key)
	if err != nil {
		return nil, source.Meta{}, err
	}
	last, err := v.Last(table, key)
	if err == nil && last.Pos.IsZero() {
		last.Pos.Epoch = v.pos.Epoch
	}
	return row, last, err
}

// Digest is the order-independent sum of a table's rows, and where they stood.
func (s *Store) Digest(table string) (sum uint64, rows int64, at version.Pos, err error) {
	t := s.schema.Table(table)
	if t == nil {
		return 0, 0, at, fault.New(fault.UnknownTable, "digest", "there is no table "+table)
	}
	v, err := s.View()
	if err != nil {
		return 0, 0, at, err
	}
	defer v.Close()
	var d value.Digest
	err = v.Scan(t.ID, nil, nil, func(row value.Row) error {
		rows++
		d.Add(row)
		return nil
	})
	return d.Sum64(), rows, v.pos, err
}

func quoteName(t *table) string { return schema.Quote(t.Name) }

func quoteKeys(t *table) string {
	out := ""
	for i, k := range t.Key {
		if i > 0 {
			out += ", "
		}
		out += schema.Quote(t.Columns[k].Name)
	}
	return out
}
