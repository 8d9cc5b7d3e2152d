package headless

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// The types of an answer.
const (
	typeOK   = "ok"
	typeFail = "fail"
)

// Op is the body of POST /sql-txn and of its answer: a transaction of several
// parts, in the contract's form.
type Op struct {
	Type  string `json:"type"`
	F     string `json:"f"`
	Value []Part `json:"value"`
	// Client names the kind of client; in answers.
	Client string `json:"clientType,omitempty"`
	Error  string `json:"error,omitempty"`
}

// Part is one step of a transaction:
//
//	readAll     V comes back as {k: v} over table mww
//	writeSome   V is {k: v}: each is written unless a readAll before saw a larger
//	            value; V comes back without those that were not
//	sql         ours: V is {"sql": …, "args": […]} and comes back as rows
//	operations  ours: V is [{"type": …, "table": …, "data": {…}}]; type is
//	            increment, insert, update or delete
//	rollback    ours: the transaction is rolled back, and ends as a failure
type Part struct {
	F string `json:"f"`
	// K is not used by any part, and comes back as it was.
	K json.RawMessage `json:"k,omitempty"`
	V json.RawMessage `json:"v,omitempty"`
}

// statement is what a part "sql" runs.
type statement struct {
	SQL  string `json:"sql"`
	Args []any  `json:"args"`
}

// operation is one element of a part "operations".
type operation struct {
	Type  string         `json:"type"`
	Table string         `json:"table"`
	Data  map[string]any `json:"data"`
}

// run runs the parts as one transaction and fills in what they read.
func (op *Op) run(ctx context.Context, c *Client) error {
	op.Client = "rockpool"
	return c.Transact(ctx, func(tx *Tx) error {
		read := map[int64]int64{}
		for i := range op.Value {
			if err := op.Value[i].run(tx, read); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *Part) run(tx *Tx, read map[int64]int64) (err error) {
	var out any
	switch p.F {
	case "readAll":
		out, err = p.readAll(tx, read)
	case "writeSome":
		out, err = p.writeSome(tx, read)
	case "sql":
		out, err = p.sql(tx)
	case "operations":
		return p.operations(tx)
	case "rollback":
		return errRollback
	default:
		err = fault.New(fault.InvalidArgument, "run transaction", "there is no part "+p.F).
			WithHint("readAll, writeSome, sql, operations or rollback")
	}
	if err == nil {
		p.V, err = json.Marshal(out)
	}
	return err
}

const selectAll = "SELECT k, v FROM mww ORDER BY k"

func (p *Part) readAll(tx *Tx, read map[int64]int64) (map[int64]int64, error) {
	rows, err := tx.SQL(selectAll)
	if err != nil {
		return nil, err
	}
	clear(read)
	for _, r := range rows {
		read[r[0].Int()] = r[1].Int()
	}
	return read, nil
}

func (p *Part) writeSome(tx *Tx, read map[int64]int64) (map[int64]int64, error) {
	var writes map[int64]int64
	if err := json.Unmarshal(p.V, &writes); err != nil {
		return nil, fault.Wrap(fault.InvalidArgument, "read writeSome", err)
	}
	for k, v := range writes {
		if seen, ok := read[k]; ok && v < seen {
			delete(writes, k)
			continue
		}
		rows, err := tx.SQL("UPDATE mww SET v = ? WHERE k = ? RETURNING k", value.Int(v), value.Int(k))
		if err != nil {
			return nil, err
		}
		if len(rows) != 1 {
			return nil, fault.New(fault.NotFound, "run writeSome", fmt.Sprintf("key %d has %d rows", k, len(rows)))
		}
	}
	return writes, nil
}

func (p *Part) sql(tx *Tx) ([][]any, error) {
	var s statement
	if err := json.Unmarshal(p.V, &s); err != nil {
		return nil, fault.Wrap(fault.InvalidArgument, "read sql", err)
	}
	args := make(value.Row, len(s.Args))
	for i, a := range s.Args {
		args[i] = fromJSON(a)
	}
	rows, err := tx.SQL(s.SQL, args...)
	out := make([][]any, len(rows))
	for i, r := range rows {
		for _, v := range r {
			out[i] = append(out[i], toJSON(v))
		}
	}
	return out, err
}

var operationTypes = map[string]wire.OperationType{
	"insert": wire.OpInsert, "update": wire.OpUpdate, "delete": wire.OpDelete, "increment": wire.OpIncrement,
}

func (p *Part) operations(tx *Tx) error {
	var list []operation
	if err := json.Unmarshal(p.V, &list); err != nil {
		return fault.Wrap(fault.InvalidArgument, "read operations", err)
	}
	var ops []wire.Operation
	for _, o := range list {
		op := wire.Operation{Type: operationTypes[o.Type], Table: o.Table}
		for name, v := range o.Data {
			op.Columns = append(op.Columns, name)
			op.Values = append(op.Values, fromJSON(v))
		}
		ops = append(ops, op)
	}
	return tx.Operations(ops...)
}

// fromJSON takes whole numbers as integers.
func fromJSON(v any) value.Value {
	switch v := v.(type) {
	case float64:
		if n := int64(v); float64(n) == v {
			return value.Int(n)
		}
		return value.Float(v)
	case string:
		return value.Text(v)
	case bool:
		if v {
			return value.Int(1)
		}
		return value.Int(0)
	}
	return value.Null
}

func toJSON(v value.Value) any {
	switch v.Kind() {
	case value.KindInt:
		return v.Int()
	case value.KindFloat:
		return v.Float()
	case value.KindText:
		return v.Str()
	}
	return nil
}

// selectAll is the contract's read outside of a transaction.
func (c *Client) selectAll(ctx context.Context) (map[string]int64, error) {
	rows, err := c.Query(ctx, selectAll)
	out := map[string]int64{}
	for _, r := range rows {
		out[strconv.FormatInt(r[0].Int(), 10)] = r[1].Int()
	}
	return out, err
}
