package store

import (
	"rockpool.dev/fault"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// blocks notes the rows of a frame: those of followed shapes in c.touched,
// those of shapes on their way in the staging tables. A block of a bucket
// that nobody follows any more is passed over.
func (c *change) blocks(blocks []wire.Block) error {
	for i := range blocks {
		b := &blocks[i]
		x, err := c.db.table("read rows of a transaction", b.Table)
		if err != nil {
			return err
		}
		for _, s := range c.db.shapes {
			if s.Table != b.Table || s.Bucket != b.Bucket || !c.db.bound[s.ID] {
				continue
			}
			var sink blockSink
			if s.Staging {
				sink = &stageSink{c.db, x, s, newStage(x, s.ID)}
			} else {
				sink = &liveSink{c, x, s, c.db.shared(s.Table)}
			}
			if err := walkBlock(x, b.Data, sink); err != nil {
				return err
			}
		}
	}
	return nil
}

// blockSink takes the changes of one block for one shape.
type blockSink interface {
	put(key string, row []byte) error
	out(key string) error
	clear() error
}

// walkBlock splits a block's data into changes. Rows share the data's bytes.
func walkBlock(x *table, data []byte, sink blockSink) error {
	starts := make([]int, len(x.Columns)+1)
	for len(data) > 0 {
		op := data[0]
		data = data[1:]
		var err error
		switch op {
		case wire.BlockPut:
			n := 0
			for i := range x.Columns {
				starts[i] = n
				size := value.EncodedLen(data[n:])
				if size == 0 {
					return badBlock(x, "a row is cut short")
				}
				n += size
			}
			starts[len(x.Columns)] = n
			var key []byte
			for _, k := range x.Key {
				key = append(key, data[starts[k]:starts[k+1]]...)
			}
			err = sink.put(string(key), data[:n:n])
			data = data[n:]
		case wire.BlockOut:
			n := 0
			for range x.Key {
				size := value.EncodedLen(data[n:])
				if size == 0 {
					return badBlock(x, "a key is cut short")
				}
				n += size
			}
			err = sink.out(string(data[:n]))
			data = data[n:]
		case wire.BlockClear:
			err = sink.clear()
		default:
			return badBlock(x, "unknown operation")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func badBlock(x *table, msg string) error {
	return fault.New(fault.Protocol, "read rows of table "+x.Name, msg)
}

// liveSink notes changes of a shape whose rows are shown.
type liveSink struct {
	c      *change
	x      *table
	shape  *Shape
	shared bool // another shape covers the same table: rows have members
}

func (s *liveSink) put(key string, row []byte) error {
	if s.shared {
		if err := s.c.db.addMember(s.x.ID, key, s.shape.ID); err != nil {
			return err
		}
	}
	s.c.touch(rowKey{s.x.ID, key}, row)
	return nil
}

func (s *liveSink) out(key string) error {
	if s.shared {
		if still, err := s.c.db.dropMember(s.x.ID, key, s.shape.ID); err != nil || still {
			return err
		}
	}
	s.c.touch(rowKey{s.x.ID, key}, nil)
	return nil
}

// clear takes every row of the shape out. Rows that this frame has brought
// before are among them.
func (s *liveSink) clear() error {
	keys, err := s.c.db.shapeKeys(s.x, s.shape, s.shared)
	if err != nil {
		return err
	}
	for _, key := range s.c.order {
		if key.table == s.x.ID && s.c.touched[key] != nil && !s.shared {
			keys = append(keys, key.key)
		}
	}
	for _, key := range keys {
		if err := s.out(key); err != nil {
			return err
		}
	}
	return nil
}

// shapeKeys returns the keys of every row that a shape has brought: of the
// visible ones and of those whose base alone is kept.
func (db *DB) shapeKeys(x *table, s *Shape, shared bool) ([]string, error) {
	var keys []string
	if shared {
		rows, err := db.all(`SELECT pk FROM _rockpool_member WHERE tbl = ? AND shape = ?`,
			value.Int(int64(x.ID)), value.Int(int64(s.ID)))
		for _, row := range rows {
			keys = append(keys, row[0].Str())
		}
		return keys, err
	}
	rows, err := db.all(x.keys)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		keys = append(keys, encodeKey(row))
	}
	based, err := db.all(`SELECT pk FROM _rockpool_base WHERE tbl = ?`, value.Int(int64(x.ID)))
	for _, row := range based {
		keys = append(keys, row[0].Str())
	}
	return keys, err
}
