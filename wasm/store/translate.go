package store

import (
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// translate turns a transaction of an older schema version into the columns
// of the one in force, for the fold and for people. Values of a column that is
// gone drop out here and stay in the outbox. Tables are known by name, as they
// are to the app.
func (db *DB) translate(tx *mutation.Tx) error {
	old, err := db.schemaOf(tx.Schema)
	if err != nil || old == db.schema {
		return err
	}
	kept := tx.Ops[:0]
	for _, op := range tx.Ops {
		before := old.ByID(op.Table)
		if before == nil {
			continue
		}
		t := db.schema.Table(before.Name)
		if t == nil {
			continue
		}
		kept = append(kept, translateOp(before, t, op))
	}
	tx.Ops = kept
	return nil
}

// schemaOf returns a schema version that something kept was made in.
func (db *DB) schemaOf(version uint32) (*schema.Schema, error) {
	if version == db.schema.Version {
		return db.schema, nil
	}
	row, found, err := db.one(`SELECT body FROM _rockpool_schema WHERE version = ?`, value.Int(int64(version)))
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fault.New(fault.Corrupt, "read stored schema", "the schema that a transaction was made in is missing")
	}
	s := new(schema.Schema)
	if err := s.Decode([]byte(row[0].Str())); err != nil {
		return nil, fault.Wrap(fault.Corrupt, "read stored schema", err)
	}
	return s, nil
}

func translateOp(before, t *schema.Table, op mutation.Op) mutation.Op {
	out := mutation.Op{Table: t.ID, Kind: op.Kind, Key: op.Key}
	if op.Kind == mutation.Delete {
		out.Old = moved(before, t, op.Old)
		return out
	}
	isDelta := map[uint32]bool{}
	for _, d := range op.Deltas {
		isDelta[d] = true
	}
	// Ascending by the new index: the order that Op.Cols promises.
	for i := range t.Columns {
		j := before.Index(t.Columns[i].Name)
		if j < 0 {
			continue
		}
		for n, col := range op.Cols {
			if col != uint32(j) {
				continue
			}
			if isDelta[uint32(n)] {
				out.Deltas = append(out.Deltas, uint32(len(out.Cols)))
			}
			out.Cols = append(out.Cols, uint32(i))
			now, _ := converted(&before.Columns[j], &t.Columns[i], op.New[n])
			out.New = append(out.New, now)
			if n < len(op.Old) {
				was, _ := converted(&before.Columns[j], &t.Columns[i], op.Old[n])
				out.Old = append(out.Old, was)
			}
		}
	}
	return out
}

// converted returns a value of one version of a column in the stored form of
// another; false, and the value as it is, when it has none.
func converted(before, c *schema.Column, v value.Value) (value.Value, bool) {
	if v.IsNull() {
		return v, true
	}
	text := v
	if before.Type != c.Type {
		text = value.Text(before.ToText(v))
	}
	out, err := c.Canonical(text)
	if err != nil {
		return v, false
	}
	return out, true
}
