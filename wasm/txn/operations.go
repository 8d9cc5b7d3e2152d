package txn

import (
	"runtime"
	"slices"
	"strconv"
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/wasm/store"
	"rockpool.dev/wire"
)

// OperationsMax is the most operations of one call.
const OperationsMax = 100000

// collectEvery is how many operations run between two turns of the garbage
// collector: in the Worker it works only when the one thread is offered, and a
// long call would fill the memory with what is long dead.
const collectEvery = 256

// Operations runs operations as one transaction: all of them or none. It
// returns one row an operation: the row after it, or the key of a deleted one.
// Kinds: unknown_table, unknown_column, invalid_argument (a key is missing),
// not_found (update and increment of no row), type_mismatch, constraint.
func (m *Manager) Operations(ops []wire.Operation, key string) ([]wire.NamedRow, Result, error) {
	var rows []wire.NamedRow
	res, err := m.write(key, func(c *sqlite.Conn, info *store.CommitInfo) (err error) {
		if rows, err = m.operations(c, ops, &info.Deltas); err != nil || key == "" {
			return err
		}
		info.Result = (&wire.OperationsDone{Results: rows}).AppendTo(nil)
		return nil
	})
	if err != nil {
		return nil, Result{}, err
	}
	if res.Repeat {
		once, _, err := m.db.Known(key)
		if err != nil {
			return nil, Result{}, err
		}
		var done wire.OperationsDone
		if err := done.Decode(once.Result); err != nil {
			return nil, Result{}, fault.Wrap(fault.Corrupt, "read the first call's result", err)
		}
		rows = done.Results
	}
	return rows, res, nil
}

// operations runs ops on c, and notes the columns that were only incremented.
func (m *Manager) operations(c *sqlite.Conn, ops []wire.Operation, deltas *[]store.DeltaColumn) ([]wire.NamedRow, error) {
	if len(ops) > OperationsMax {
		return nil, fault.New(fault.LimitExceeded, "run operations", "more than OperationsMax operations, "+strconv.Itoa(OperationsMax)).
			WithHint("write in several transactions")
	}
	rows := make([]wire.NamedRow, 0, len(ops))
	var k known
	for i := range ops {
		if i%collectEvery == collectEvery-1 {
			runtime.Gosched()
		}
		o, err := m.prepare(c, &ops[i], &k)
		if err == nil {
			var row wire.NamedRow
			if row, err = o.run(c, deltas, &k); err == nil {
				rows = append(rows, row)
				continue
			}
		}
		return nil, fault.In("operation "+strconv.Itoa(i+1)+" of "+strconv.Itoa(len(ops)), err)
	}
	return rows, nil
}

// operation is one wire.Operation with its names looked up.
type operation struct {
	kind wire.OperationType
	t    *schema.Table
	// synced is false for a table that the app made beside the schema.
	synced bool
	cols   []int // indexes in t.Columns, one a value
	values value.Row
	key    value.Row
}

// prepare checks an operation's names, brings its values to their stored form
// and finds its key.
func (m *Manager) prepare(c *sqlite.Conn, op *wire.Operation, k *known) (*operation, error) {
	t, synced, err := k.lookup(m, c, op.Table)
	if err != nil {
		return nil, err
	}
	if len(op.Columns) != len(op.Values) {
		return nil, fault.New(fault.WrongParameters, "write table "+t.Name, "there are not as many values as columns").
			WithHint("give one value for each column")
	}
	o := &operation{kind: op.Type, t: t, synced: synced}
	for i, name := range op.Columns {
		col := t.Index(name)
		if col < 0 {
			return nil, fault.New(fault.UnknownColumn, "write table "+t.Name, "there is no column "+name).
				WithHint("columns are " + columnNames(t))
		}
		if slices.Contains(o.cols, col) {
			return nil, fault.New(fault.InvalidArgument, "write table "+t.Name, "column "+name+" is given twice").
				WithHint("give it once")
		}
		v := op.Values[i]
		if synced {
			if v, err = t.Columns[col].Canonical(v); err != nil {
				return nil, fault.In("write column "+name+" of table "+t.Name, err)
			}
		}
		o.cols, o.values = append(o.cols, col), append(o.values, v)
	}
	return o, o.findKey(m.opt.NewKey)
}

// findKey cuts the key out of the data. An insert without its UUID key gets one.
func (o *operation) findKey(newKey func() string) error {
	for _, k := range o.t.Key {
		at := slices.Index(o.cols, int(k))
		if at >= 0 && !o.values[at].IsNull() {
			o.key = append(o.key, o.values[at])
			continue
		}
		col := &o.t.Columns[k]
		creates := o.kind == wire.OpInsert || o.kind == wire.OpUpsert
		if creates && len(o.t.Key) == 1 && col.Type == schema.TypeUUID && newKey != nil {
			id := value.Text(newKey())
			if at >= 0 {
				o.values[at] = id
			} else {
				o.cols, o.values = append(o.cols, int(k)), append(o.values, id)
			}
			o.key = append(o.key, id)
			continue
		}
		if creates && !o.synced && len(o.t.Key) == 1 {
			o.key = nil // SQLite may number the row
			return nil
		}
		return fault.New(fault.InvalidArgument, "write table "+o.t.Name, "the key column "+col.Name+" is missing in the data").
			WithHint("give the primary key: " + keyNames(o.t))
	}
	return nil
}

// run performs the operation and returns its result.
func (o *operation) run(c *sqlite.Conn, deltas *[]store.DeltaColumn, k *known) (wire.NamedRow, error) {
	var args value.Row
	switch o.kind {
	case wire.OpInsert:
		args = o.values
	case wire.OpUpsert:
		args = o.values
		o.forget(deltas)
	case wire.OpUpdate:
		args = o.settings()
		o.forget(deltas)
	case wire.OpIncrement:
		if err := o.numbers(); err != nil {
			return wire.NamedRow{}, err
		}
		args = o.settings()
		o.note(deltas)
	case wire.OpDelete:
		args = o.key
	default:
		return wire.NamedRow{}, fault.New(fault.InvalidArgument, "write table "+o.t.Name, "unknown type of operation").
			WithHint("use insert, update, delete or increment")
	}
	if sql := k.text(o); sql != "" {
		s, err := c.Cached(sql)
		if err != nil {
			return wire.NamedRow{}, err
		}
		if err := s.Run(args...); err != nil {
			return wire.NamedRow{}, err
		}
	}
	if o.kind == wire.OpDelete {
		return wire.NamedRow{Columns: strings.Split(keyNames(o.t), ", "), Values: o.key}, nil
	}
	return o.after(c, k)
}

// text is the operation's statement, "" when there is nothing to do.
func (o *operation) text() string {
	switch o.kind {
	case wire.OpInsert:
		return o.insert()
	case wire.OpUpsert:
		return o.insert() + o.onConflict()
	case wire.OpUpdate:
		return o.update(" = ?")
	case wire.OpIncrement:
		return o.update(" + ?")
	case wire.OpDelete:
		return "DELETE FROM " + schema.Quote(o.t.Name) + " WHERE " + o.match()
	}
	return ""
}

// after reads the row that the operation wrote.
func (o *operation) after(c *sqlite.Conn, k *known) (wire.NamedRow, error) {
	names, sql := k.reading(o)
	args := o.key
	if o.key == nil {
		args = value.Row{value.Int(c.LastInsertID())}
	}
	row, found, err := sqlite.OneRow(c, sql, args...)
	if err != nil {
		return wire.NamedRow{}, err
	}
	if !found {
		return wire.NamedRow{}, fault.New(fault.NotFound, "write table "+o.t.Name, "there is no row with this key").
			WithHint("insert it, or leave it: it may have been deleted meanwhile")
	}
	return wire.NamedRow{Columns: names, Values: row}, nil
}

func (o *operation) insert() string {
	var names []string
	for _, col := range o.cols {
		names = append(names, schema.Quote(o.t.Columns[col].Name))
	}
	if names == nil {
		return "INSERT INTO " + schema.Quote(o.t.Name) + " DEFAULT VALUES"
	}
	return "INSERT INTO " + schema.Quote(o.t.Name) + "(" + strings.Join(names, ", ") + ") VALUES (?" +
		strings.Repeat(", ?", len(names)-1) + ")"
}

func (o *operation) onConflict() string {
	var keys, set []string
	for _, k := range o.t.Key {
		keys = append(keys, schema.Quote(o.t.Columns[k].Name))
	}
	for _, col := range o.cols {
		if !slices.Contains(o.t.Key, uint32(col)) {
			name := schema.Quote(o.t.Columns[col].Name)
			set = append(set, name+" = excluded."+name)
		}
	}
	if set == nil {
		return " ON CONFLICT(" + strings.Join(keys, ", ") + ") DO NOTHING"
	}
	return " ON CONFLICT(" + strings.Join(keys, ", ") + ") DO UPDATE SET " + strings.Join(set, ", ")
}

// update is SET col = ?, or SET col = col + ?, for the columns beside the key;
// "" when there are none.
func (o *operation) update(form string) string {
	var set []string
	for _, col := range o.cols {
		if slices.Contains(o.t.Key, uint32(col)) {
			continue
		}
		name := schema.Quote(o.t.Columns[col].Name)
		if form == " + ?" {
			set = append(set, name+" = "+name+form)
		} else {
			set = append(set, name+form)
		}
	}
	if set == nil {
		return ""
	}
	return "UPDATE " + schema.Quote(o.t.Name) + " SET " + strings.Join(set, ", ") + " WHERE " + o.match()
}

// settings is the values of an update's text: those beside the key, then the key.
func (o *operation) settings() value.Row {
	args := make(value.Row, 0, len(o.values)+len(o.key))
	for i, col := range o.cols {
		if !slices.Contains(o.t.Key, uint32(col)) {
			args = append(args, o.values[i])
		}
	}
	return append(args, o.key...)
}

func (o *operation) match() string {
	var keys []string
	for _, k := range o.t.Key {
		keys = append(keys, schema.Quote(o.t.Columns[k].Name)+" = ?")
	}
	return strings.Join(keys, " AND ")
}

// numbers refuses amounts that are none, and columns that hold none.
func (o *operation) numbers() error {
	for i, col := range o.cols {
		if slices.Contains(o.t.Key, uint32(col)) {
			continue
		}
		c := &o.t.Columns[col]
		k := o.values[i].Kind()
		isNumber := k == value.KindInt || k == value.KindFloat
		if !isNumber || o.synced && c.Type != schema.TypeInt && c.Type != schema.TypeFloat {
			return fault.New(fault.TypeMismatch, "increment column "+c.Name+" of table "+o.t.Name, "only integer and float columns can be incremented, by a number").
				WithHint("use update")
		}
	}
	return nil
}

// note adds this increment to those that go as amounts.
func (o *operation) note(deltas *[]store.DeltaColumn) {
	if !o.synced {
		return
	}
	for _, col := range o.cols {
		if !slices.Contains(o.t.Key, uint32(col)) {
			*deltas = append(*deltas, store.DeltaColumn{Table: o.t.ID, Key: o.key, Column: uint32(col)})
		}
	}
}

// forget makes increments of this row plain updates: a value was set.
func (o *operation) forget(deltas *[]store.DeltaColumn) {
	kept := (*deltas)[:0:0]
	for _, d := range *deltas {
		if d.Table != o.t.ID || !d.Key.Equal(o.key) || !slices.Contains(o.cols, int(d.Column)) {
			kept = append(kept, d)
		}
	}
	*deltas = kept
}

// lookup finds a table of the schema, or one that the app made itself.
func (m *Manager) lookup(c *sqlite.Conn, name string) (*schema.Table, bool, error) {
	if t := m.db.Schema().Table(name); t != nil {
		return t, !t.LocalOnly, nil
	}
	unknown := fault.New(fault.UnknownTable, "write table "+name, "there is no table with this name").
		WithHint("correct the name, or create the table first; a synced table comes with its schema")
	if strings.HasPrefix(strings.ToLower(name), "_rockpool_") || strings.HasPrefix(strings.ToLower(name), "sqlite_") {
		return nil, false, fault.New(fault.Forbidden, "write table "+name, "the table is Rockpool's or SQLite's own").
			WithHint("write tables of the app's")
	}
	s, err := c.Cached("SELECT name, pk FROM pragma_table_info(?) ORDER BY cid")
	if err != nil {
		return nil, false, err
	}
	rows, err := s.Query(value.Text(name))
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	t := &schema.Table{Name: name, LocalOnly: true}
	keys := map[int64]uint32{}
	for rows.Next() {
		if pk := rows.Value(1).Int(); pk > 0 {
			keys[pk] = uint32(len(t.Columns))
		}
		t.Columns = append(t.Columns, schema.Column{Name: rows.Value(0).Str()})
	}
	if err := rows.Err(); err != nil {
		return nil, false, err
	}
	if len(t.Columns) == 0 {
		return nil, false, unknown
	}
	for i := int64(1); i <= int64(len(keys)); i++ {
		t.Key = append(t.Key, keys[i])
	}
	return t, false, nil
}

func columnNames(t *schema.Table) string {
	var names []string
	for i := range t.Columns {
		names = append(names, t.Columns[i].Name)
	}
	return strings.Join(names, ", ")
}

func keyNames(t *schema.Table) string {
	var names []string
	for _, k := range t.Key {
		names = append(names, t.Columns[k].Name)
	}
	return strings.Join(names, ", ")
}
