package postgres

import (
	"strconv"
	"strings"

	"github.com/jackc/pglogrepl"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/server/source"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// translator turns pgoutput's messages into records. It remembers the Relation
// messages of its connection: they say which column is where.
type translator struct {
	schema    *schema.Schema
	relations map[uint32]*relation
	// changed compares the catalog with the schema; nil does not.
	changed func() error
}

type relation struct {
	namespace, name string
	table           *schema.Table // nil for Rockpool's own tables
	columns         []int         // index in table.Columns of each column sent, or -1
	names           []string
}

func newTranslator(s *schema.Schema) *translator {
	return &translator{schema: s, relations: map[uint32]*relation{}}
}

// record translates one committed transaction. Its Pos is the store's to give.
func (tr *translator) record(tx *rawTx) (*source.Record, error) {
	rec := &record{Record: source.Record{LSN: uint64(tx.lsn), CommitMicros: tx.micros, Schema: tr.schema.Version}}
	for _, r := range tx.rows {
		if err := tr.row(rec, r.msg); err != nil {
			return nil, err
		}
	}
	if err := rec.attribute(tr.schema); err != nil {
		return nil, err
	}
	return &rec.Record, nil
}

// record is a record under way.
type record struct {
	source.Record
	rows []string // of each origin: rockpool.tx.rows in text form
}

// attribute says of each change which of several client transactions wrote its
// row last, as lastWriter does.
func (rec *record) attribute(tables *schema.Schema) error {
	if len(rec.Origins) < 2 {
		return nil
	}
	by := map[int64]uint32{}
	for i, text := range rec.rows {
		for sum := range strings.SplitSeq(strings.Trim(text, "{}"), ",") {
			if sum == "" {
				continue
			}
			n, err := strconv.ParseInt(sum, 10, 64)
			if err != nil {
				return fault.Wrap(fault.SourceUnavailable, "decode the stream of rockpool.tx", err)
			}
			by[n] = uint32(i) + 1
		}
	}
	for i := range rec.Changes {
		c := &rec.Changes[i]
		if c.Truncate {
			continue
		}
		key := c.Key
		if c.New != nil {
			key = tables.ByID(c.Table).KeyOf(c.New)
		}
		c.Origin = by[rowSum(c.Table, key)]
	}
	return nil
}

func (tr *translator) row(rec *record, msg pglogrepl.Message) error {
	switch m := msg.(type) {
	case *pglogrepl.RelationMessageV2:
		return tr.relation(&m.RelationMessage)
	case *pglogrepl.InsertMessageV2:
		return tr.insert(rec, &m.InsertMessage)
	case *pglogrepl.UpdateMessageV2:
		return tr.update(rec, &m.UpdateMessage)
	case *pglogrepl.DeleteMessageV2:
		return tr.delete(rec, &m.DeleteMessage)
	case *pglogrepl.TruncateMessageV2:
		for _, id := range m.RelationIDs {
			if rel := tr.relations[id]; rel != nil && rel.table != nil {
				rec.Changes = append(rec.Changes, source.Change{Table: rel.table.ID, Truncate: true})
			}
		}
	}
	return nil
}

// relation remembers where columns are, and notices DDL: a Relation message
// comes before the first row after it, and has the catalog compared, as its
// columns alone do not show all.
func (tr *translator) relation(m *pglogrepl.RelationMessage) error {
	rel := &relation{namespace: m.Namespace, name: m.RelationName}
	for _, c := range m.Columns {
		rel.names = append(rel.names, c.Name)
	}
	tr.relations[m.RelationID] = rel
	if m.Namespace != "public" {
		return nil
	}
	rel.table = tr.schema.Table(m.RelationName)
	if rel.table == nil {
		return nil
	}
	if tr.changed != nil {
		if err := tr.changed(); err != nil {
			return err
		}
	}
	for _, c := range m.Columns {
		at := rel.table.Index(c.Name)
		if at < 0 {
			return ddlError("column "+m.RelationName+" "+c.Name, " was added")
		}
		rel.columns = append(rel.columns, at)
	}
	if len(m.Columns) < len(rel.table.Columns) {
		return ddlError("column "+m.RelationName, " was dropped or renamed")
	}
	return nil
}

// tuple decodes a row's values; toast lists the columns that were not sent
// because they did not change.
func (rel *relation) tuple(data *pglogrepl.TupleData) (row value.Row, toast []uint32, err error) {
	row = make(value.Row, len(rel.table.Columns))
	if int(data.ColumnNum) > len(rel.columns) {
		return nil, nil, fault.New(fault.SourceUnavailable, "decode the stream", "table "+rel.name+" sent more columns than it announced")
	}
	for i, c := range data.Columns {
		at := rel.columns[i]
		switch c.DataType {
		case pglogrepl.TupleDataTypeNull:
		case pglogrepl.TupleDataTypeToast:
			toast = append(toast, uint32(at))
		case pglogrepl.TupleDataTypeText:
			if row[at], err = rel.table.Columns[at].FromText(string(c.Data)); err != nil {
				return nil, nil, fault.In("decode the stream of "+rel.name, err)
			}
		default:
			return nil, nil, fault.New(fault.SourceUnavailable, "decode the stream", "table "+rel.name+" sent a value in a form that was not asked for")
		}
	}
	return row, toast, nil
}

func (tr *translator) insert(rec *record, m *pglogrepl.InsertMessage) error {
	rel := tr.relations[m.RelationID]
	if rel == nil {
		return fault.New(fault.SourceUnavailable, "decode the stream", "a row came before its table")
	}
	if rel.namespace == "rockpool" {
		return rel.origin(rec, m.Tuple)
	}
	if rel.table == nil {
		return nil
	}
	row, _, err := rel.tuple(m.Tuple)
	if err != nil {
		return err
	}
	rec.Changes = append(rec.Changes, source.Change{Table: rel.table.ID, Key: rel.table.KeyOf(row), New: row})
	return nil
}

func (tr *translator) update(rec *record, m *pglogrepl.UpdateMessage) error {
	rel := tr.relations[m.RelationID]
	if rel == nil || rel.table == nil {
		return nil
	}
	row, toast, err := rel.tuple(m.NewTuple)
	if err != nil {
		return err
	}
	key := rel.table.KeyOf(row)
	if m.OldTuple != nil { // the key changed, or REPLICA IDENTITY FULL
		old, _, err := rel.tuple(m.OldTuple)
		if err != nil {
			return err
		}
		key = rel.table.KeyOf(old)
	}
	rec.Changes = append(rec.Changes, source.Change{Table: rel.table.ID, Key: key, New: row, Unchanged: toast})
	return nil
}

func (tr *translator) delete(rec *record, m *pglogrepl.DeleteMessage) error {
	rel := tr.relations[m.RelationID]
	if rel == nil || rel.table == nil {
		return nil
	}
	old, _, err := rel.tuple(m.OldTuple)
	if err != nil {
		return err
	}
	rec.Changes = append(rec.Changes, source.Change{Table: rel.table.ID, Key: rel.table.KeyOf(old)})
	return nil
}

// origin reads a row of rockpool.tx or rockpool.outcome: the acknowledgement
// of a client's transaction, in the log record that carries its effect.
func (rel *relation) origin(rec *record, data *pglogrepl.TupleData) error {
	var o source.Origin
	var rows string
	for i, c := range data.Columns {
		if i >= len(rel.names) || c.DataType != pglogrepl.TupleDataTypeText {
			continue
		}
		switch rel.names[i] {
		case "client_id":
			o.Client = string(c.Data)
		case "hlc":
			n, err := strconv.ParseInt(string(c.Data), 10, 64)
			if err != nil {
				return fault.Wrap(fault.SourceUnavailable, "decode the stream of rockpool."+rel.name, err)
			}
			o.HLC = version.HLC(n)
		case "rows":
			rows = string(c.Data)
		case "clean":
			o.Clean = string(c.Data) == "t"
		case "outcome":
			v, err := bytea.FromText(string(c.Data))
			if err == nil {
				err = o.Outcome.Decode([]byte(v.Str()))
			}
			if err != nil {
				return fault.In("decode the stream of rockpool."+rel.name, err)
			}
		}
	}
	if rel.name == "outcome" && o.Outcome.Status == mutation.Applied {
		return fault.New(fault.Internal, "decode the stream", "an applied mutation was recorded as one that was not")
	}
	rec.Origins, rec.rows = append(rec.Origins, o), append(rec.rows, rows)
	return nil
}

var bytea = schema.Column{Name: "outcome", Type: schema.TypeBytes, SourceType: "bytea"}
