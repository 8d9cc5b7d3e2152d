package postgrest

import (
	"strconv"
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/query"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
)

// Error is a refusal as PostgREST words it. Details and Hint are null when "".
type Error struct {
	Status              int
	Code, Message, Hint string
	Details             string
	// raw says that Details is JSON already.
	raw bool
}

// refuse makes an Error. As a function it keeps the Worker's binary small.
func refuse(status int, code, message, details, hint string) *Error {
	return &Error{Status: status, Code: code, Message: message, Details: details, Hint: hint}
}

// Error is the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Response is the answer that tells it.
func (e *Error) Response() *Response {
	body := append([]byte(`{"code":`), schema.AppendJSONText(nil, e.Code)...)
	body = append(body, `,"details":`...)
	if e.raw {
		body = append(body, e.Details...)
	} else {
		body = appendOrNull(body, e.Details)
	}
	body = append(body, `,"hint":`...)
	body = appendOrNull(body, e.Hint)
	body = append(body, `,"message":`...)
	body = append(schema.AppendJSONText(body, e.Message), '}')
	headers := []Header{{"content-type", "application/json; charset=utf-8"}, {"proxy-status", "PostgREST; error=" + e.Code}}
	if e.Status == 401 {
		headers = append(headers, Header{"www-authenticate", "Bearer"})
	}
	return &Response{Status: e.Status, Headers: headers, Body: body}
}

func appendOrNull(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	return schema.AppendJSONText(dst, s)
}

// unsupported is what PostgREST can and SQLite cannot.
func unsupported(what string) *Error {
	return refuse(400, "0A000", what+" is not served by the local database", "", "")
}

// noTable is a table that is not in the schema.
func noTable(s *schema.Schema, name string) *Error {
	e := refuse(404, "PGRST205", "Could not find the table '"+publicSchema+"."+name+"' in the schema cache", "", "")
	var names []string
	for i := range s.Tables {
		names = append(names, s.Tables[i].Name)
	}
	if near := query.Suggest(name, names); near != "" {
		e.Hint = "Perhaps you meant the table '" + publicSchema + "." + near + "'"
	}
	return e
}

// noColumn is Postgres's error of a column that is not there; table is the name
// that the query knows the table by.
func noColumn(table, column string) *Error {
	return refuse(400, "42703", "column "+table+"."+column+" does not exist", "", "")
}

// notEmbedded is a path of the URL that the select does not have.
func notEmbedded(name string) *Error {
	return refuse(400, "PGRST108", "'"+name+"' is not an embedded resource in this request", "", "Verify that '"+name+"' is included in the 'select' query parameter.")
}

func notOne(rows int) *Error {
	return refuse(406, "PGRST116", "Cannot coerce the result to a single JSON object", "The result contains "+strconv.Itoa(rows)+" rows", "")
}

// Failure is the answer for whatever ended a request: an Error as it is, a
// broken constraint as Postgres words it. It never shows SQL.
func (p *Plan) Failure(err error) *Error {
	if e, ok := err.(*Error); ok {
		return e
	}
	if e := p.constraint(err); e != nil {
		return e
	}
	switch kind := fault.KindOf(err); kind {
	case fault.TypeMismatch:
		return refuse(400, "22P02", err.Error(), "", fault.HintOf(err))
	case fault.Forbidden, fault.NoPolicy:
		status := 403
		if p.env.Anonymous {
			status = 401
		}
		return refuse(status, "42501", "new row violates row-level security policy for table \""+p.table.Name+"\"", "", "")
	case fault.LimitExceeded, fault.TooLarge:
		return refuse(500, "54000", err.Error(), "", fault.HintOf(err))
	case fault.InvalidSQL: // only a tree that is too deep for SQLite's parser is left
		return refuse(500, "54001", "the request is too complex", "", "")
	default:
		return refuse(500, "XX000", err.Error(), kind.String(), fault.HintOf(err))
	}
}

// constraint reads which constraint an error is of: SQLite's words, or those of
// the checks before a write is queued (wasm/store). Nil for any other error.
func (p *Plan) constraint(err error) *Error {
	if fault.KindOf(err) != fault.Constraint {
		return nil
	}
	t, msg := p.table, err.Error()
	if _, rest, ok := strings.Cut(msg, "foreign key "); ok && !strings.HasPrefix(rest, "constraint") {
		name, why, _ := strings.Cut(rest, ": ")
		if child, ok := strings.CutSuffix(between(why, "rows of ", " to it"), " refer"); ok {
			return refuse(409, "23503", "update or delete on table \""+t.Name+"\" violates foreign key constraint \""+name+"\" on table \""+child+"\"", "Key is still referenced from table \""+child+"\".", "")
		}
		parent, _, _ := strings.Cut(between(why, "no such row in ", ""), " (")
		return refuse(409, "23503", "insert or update on table \""+t.Name+"\" violates foreign key constraint \""+name+"\"", "Key is not present in table \""+parent+"\".", "")
	}
	if _, rest, ok := strings.Cut(msg, "column "); ok && strings.Contains(rest, " must not be NULL") {
		name, _, _ := strings.Cut(rest, " must")
		return notNull(t, unqualified(name))
	}
	if _, rest, ok := strings.Cut(msg, "the check "); ok {
		name, _, _ := strings.Cut(rest, " fails")
		return checkFails(t, name)
	}
	_, failed, _ := strings.Cut(msg, "constraint failed: ")
	switch sqlite.ExtendedCode(err) {
	case sqlite.ConstraintUnique, sqlite.ConstraintPrimaryKey, sqlite.ConstraintRowID:
		return p.duplicate(failed)
	case sqlite.ConstraintNotNull:
		return notNull(t, unqualified(failed))
	case sqlite.ConstraintCheck:
		return checkFails(t, failed)
	case sqlite.ConstraintForeignKey:
		return refuse(409, "23503", "the write violates a foreign key constraint of table \""+t.Name+"\"", "", "")
	}
	return refuse(409, "23000", msg, "", fault.HintOf(err))
}

// between is what stands behind before, up to after or to the end.
func between(s, before, after string) string {
	_, rest, ok := strings.Cut(s, before)
	if !ok {
		return ""
	}
	if after != "" {
		rest, _, _ = strings.Cut(rest, after)
	}
	return rest
}

// unqualified is the column of SQLite's "t.c (…)".
func unqualified(s string) string {
	s, _, _ = strings.Cut(s, " (")
	return strings.TrimSpace(s[strings.LastIndexByte(s, '.')+1:])
}

func notNull(t *schema.Table, column string) *Error {
	return refuse(400, "23502", "null value in column \""+column+"\" of relation \""+t.Name+"\" violates not-null constraint", "", "")
}

func checkFails(t *schema.Table, name string) *Error {
	name, _, _ = strings.Cut(name, " (")
	return refuse(400, "23514", "new row for relation \""+t.Name+"\" violates check constraint \""+name+"\"", "", "")
}

// duplicate is the error of a key that is taken; failed are SQLite's words for
// its columns.
func (p *Plan) duplicate(failed string) *Error {
	failed, _, _ = strings.Cut(failed, " (")
	t := p.table
	var columns []int
	for _, one := range strings.Split(failed, ", ") {
		if at := t.Index(unqualified(one)); at >= 0 {
			columns = append(columns, at)
		}
	}
	name, cols := constraintName(t, columns), ""
	vals := ""
	for i, at := range columns {
		if i > 0 {
			cols, vals = cols+", ", vals+", "
		}
		cols += t.Columns[at].Name
		if v, ok := p.lastWritten(at); ok {
			vals += t.Columns[at].ToText(v)
		} else {
			return refuse(409, "23505", "duplicate key value violates unique constraint \""+name+"\"", "", "")
		}
	}
	return refuse(409, "23505", "duplicate key value violates unique constraint \""+name+"\"", "Key ("+cols+")=("+vals+") already exists.", "")
}

// constraintName is the name of the unique constraint over columns, as Postgres
// would have named it where the schema does not tell.
func constraintName(t *schema.Table, columns []int) string {
	if sameColumns(t.Key, columns) {
		return t.Name + "_pkey"
	}
	for i := range t.Unique {
		if u := &t.Unique[i]; sameColumns(u.Columns, columns) && u.Name != "" {
			return u.Name
		}
	}
	name := t.Name
	for _, at := range columns {
		name += "_" + t.Columns[at].Name
	}
	return name + "_key"
}

func sameColumns(a []uint32, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for _, x := range a {
		found := false
		for _, y := range b {
			found = found || int(x) == y
		}
		if !found {
			return false
		}
	}
	return true
}
