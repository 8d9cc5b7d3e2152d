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

// refuse makes an Error; its code says the status.
func refuse(code, message string) *Error {
	return &Error{Status: statusOf(code), Code: code, Message: message}
}

// with adds details and a hint.
func (e *Error) with(details, hint string) *Error {
	e.Details, e.Hint = details, hint
	return e
}

// statusOf is the HTTP status of a code,
// https://docs.postgrest.org/en/v12/references/errors.html.
func statusOf(code string) int {
	switch code {
	case "PGRST126", "PGRST202", "PGRST205", "42883":
		return 404
	case "PGRST117":
		return 405
	case "PGRST106", "PGRST107", "PGRST116":
		return 406
	case "23000", "23503", "23505":
		return 409
	case "PGRST103":
		return 416
	case "42501":
		return 403
	case "54000", "54001", "XX000":
		return 500
	}
	return 400
}

// Error is the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Response is the answer that tells it.
func (e *Error) Response() *Response {
	details := e.Details
	if !e.raw {
		details = textOrNull(details)
	}
	body := `{"code":` + jsonText(e.Code) + `,"details":` + details + `,"hint":` + textOrNull(e.Hint) + `,"message":` + jsonText(e.Message) + "}"
	headers := []Header{{"content-type", "application/json; charset=utf-8"}, {"proxy-status", "PostgREST; error=" + e.Code}}
	if e.Status == 401 {
		headers = append(headers, Header{"www-authenticate", "Bearer"})
	}
	return &Response{Status: e.Status, Headers: headers, Body: []byte(body)}
}

func textOrNull(s string) string {
	if s == "" {
		return "null"
	}
	return jsonText(s)
}

// jsonText is s as JSON.
func jsonText(s string) string { return string(schema.AppendJSONText(nil, s)) }

// unsupported is what PostgREST can and SQLite cannot.
func unsupported(what string) *Error {
	return refuse("0A000", what+" is not served by the local database")
}

// noTable is a table that is not in the schema.
func noTable(s *schema.Schema, name string) *Error {
	e := refuse("PGRST205", "Could not find the table '"+publicSchema+"."+name+"' in the schema cache")
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
	return refuse("42703", "column "+table+"."+column+" does not exist")
}

// notEmbedded is a path of the URL that the select does not have.
func notEmbedded(name string) *Error {
	return refuse("PGRST108", "'"+name+"' is not an embedded resource in this request").with("", "Verify that '"+name+"' is included in the 'select' query parameter.")
}

func notOne(rows int) *Error {
	return refuse("PGRST116", "Cannot coerce the result to a single JSON object").with("The result contains "+strconv.Itoa(rows)+" rows", "")
}

// Failure is the answer for whatever ended a request: an Error as it is, a
// broken constraint as Postgres words it. It never shows SQL.
func (p *Plan) Failure(err error) *Error {
	if e, ok := err.(*Error); ok {
		return p.denied(e)
	}
	if e := p.constraint(err); e != nil {
		return e
	}
	switch kind := fault.KindOf(err); kind {
	case fault.TypeMismatch:
		return refuse("22P02", err.Error()).with("", fault.HintOf(err))
	case fault.Forbidden, fault.NoPolicy:
		return p.denied(refuse("42501", "new row violates row-level security policy for table \""+p.table.Name+"\""))
	case fault.LimitExceeded, fault.TooLarge:
		return refuse("54000", err.Error()).with("", fault.HintOf(err))
	case fault.InvalidSQL: // only a tree that is too deep for SQLite's parser is left
		return refuse("54001", "the request is too complex")
	default:
		return refuse("XX000", err.Error()).with(kind.String(), fault.HintOf(err))
	}
}

// denied makes a refusal 401 for who may sign in.
func (p *Plan) denied(e *Error) *Error {
	if e.Code == "42501" && p.env.Anonymous {
		e.Status = 401
	}
	return e
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
			return refuse("23503", "update or delete on table \""+t.Name+"\" violates foreign key constraint \""+name+"\" on table \""+child+"\"").with("Key is still referenced from table \""+child+"\".", "")
		}
		parent, _, _ := strings.Cut(between(why, "no such row in ", ""), " (")
		return refuse("23503", "insert or update on table \""+t.Name+"\" violates foreign key constraint \""+name+"\"").with("Key is not present in table \""+parent+"\".", "")
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
		return refuse("23503", "the write violates a foreign key constraint of table \""+t.Name+"\"")
	}
	return refuse("23000", msg).with("", fault.HintOf(err))
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
	return refuse("23502", "null value in column \""+column+"\" of relation \""+t.Name+"\" violates not-null constraint")
}

func checkFails(t *schema.Table, name string) *Error {
	name, _, _ = strings.Cut(name, " (")
	return refuse("23514", "new row for relation \""+t.Name+"\" violates check constraint \""+name+"\"")
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
			return refuse("23505", "duplicate key value violates unique constraint \""+name+"\"")
		}
	}
	return refuse("23505", "duplicate key value violates unique constraint \""+name+"\"").with("Key ("+cols+")=("+vals+") already exists.", "")
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
