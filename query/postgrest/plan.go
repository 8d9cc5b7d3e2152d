package postgrest

import (
	"strconv"
	"strings"

	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// Plan is a request that was understood.
type Plan struct {
	env    *Env
	method string
	table  *schema.Table
	root   *node
	nodes  int // embeds so far, for their names
	prefer preferences
	media  media
	// key are the columns of on_conflict, or of the primary key.
	conflict []string
	columns  []string // of the columns parameter; nil without one
	rows     []newRow // of the body
	writing  *newRow  // being written, for the error of a key that is taken
	created  bool     // an upsert has written a row that was not there
}

// Elsewhere reports whether an error is of something that another server may
// have: a table that is not in the schema, a function, another schema.
func (e *Error) Elsewhere() bool {
	return e.Code == "PGRST205" || e.Code == "PGRST202" || e.Code == "PGRST106" || e.Code == "PGRST126"
}

// Prepare reads a request. What it returns is for one run.
func Prepare(r Request, env *Env) (*Plan, *Error) {
	p := &Plan{env: env, method: strings.ToUpper(r.Method)}
	path, params, err := splitTarget(r.Target)
	if err != nil {
		return nil, err
	}
	if p.table, err = p.findTable(path, r.Headers); err != nil {
		return nil, err
	}
	if err = p.prefer.read(r.Headers["prefer"]); err != nil {
		return nil, err
	}
	if p.media, err = readMedia(r.Headers["accept"]); err != nil {
		return nil, err
	}
	switch p.method {
	case "GET", "HEAD", "POST", "PATCH", "DELETE":
	default:
		return nil, refuse("PGRST117", "Unsupported HTTP method: "+p.method)
	}
	if err = p.readParams(params); err != nil {
		return nil, err
	}
	if !p.Writes() {
		return p, p.readRange(r.Headers["range"])
	}
	return p, p.readBody(r)
}

// Writes reports whether the plan changes rows.
func (p *Plan) Writes() bool { return p.method != "GET" && p.method != "HEAD" }

// Table is the name of the table that is written, or read first.
func (p *Plan) Table() string { return p.table.Name }

func (p *Plan) findTable(path string, headers map[string]string) (*schema.Table, *Error) {
	path = strings.Trim(path, "/")
	profile := headers["content-profile"]
	if !p.Writes() {
		profile = headers["accept-profile"]
	}
	if profile != "" && profile != publicSchema {
		return nil, refuse("PGRST106", "Invalid schema: "+profile).with("", "Only the following schemas are exposed: "+publicSchema)
	}
	if name, ok := strings.CutPrefix(path, "rpc/"); ok {
		return nil, refuse("PGRST202", "Could not find the function "+publicSchema+"."+name+" in the schema cache").with("Functions run at the database alone.", "")
	}
	if path == "" {
		return nil, refuse("PGRST126", "Root endpoint metadata is disabled")
	}
	t := p.env.Schema.Table(path)
	if t == nil {
		return nil, noTable(p.env.Schema, path)
	}
	return t, nil
}

// readParams builds the tree of nodes and hangs filters, orders and limits on it.
func (p *Plan) readParams(params []param) (err *Error) {
	items := []item{{field: field{name: "*"}}}
	for _, one := range params {
		switch one.key {
		case "select":
			if items, err = readSelect(one.value); err != nil {
				return err
			}
		case "columns":
			if p.columns, err = readNames("columns parameter", one.value); err != nil {
				return err
			}
		case "on_conflict":
			if p.conflict, err = readNames("on_conflict parameter", one.value); err != nil {
				return err
			}
		}
	}
	if p.root, err = p.newNode(p.table, items, nil, nil, ""); err != nil {
		return err
	}
	for _, one := range params {
		if one.key == "select" || one.key == "columns" || one.key == "on_conflict" {
			continue
		}
		if err = p.readParam(one); err != nil {
			return err
		}
	}
	return nil
}

// readParam reads a parameter of one node: its key ends in a word, or it is a
// filter.
func (p *Plan) readParam(one param) *Error {
	parent, word := "", one.key
	if dot := strings.LastIndexByte(one.key, '.'); dot >= 0 {
		parent, word = one.key[:dot], one.key[dot+1:]
	}
	switch word {
	case "and", "or":
		f, err := readLogic(one.key, one.value)
		if err != nil {
			return err
		}
		return p.filter(f)
	case "order", "limit", "offset":
		var names []string
		if parent != "" {
			path, last, err := readPath(parent)
			if err != nil {
				return err
			}
			names = append(path, last.name)
		}
		n, err := p.root.at(names)
		if err != nil {
			return err
		}
		return n.ranged(word, one.value)
	}
	f, err := readFilter(one.key, one.value)
	if err != nil {
		return err
	}
	return p.filter(f)
}

func (p *Plan) filter(f *filter) *Error {
	n, err := p.root.at(f.path)
	if err == nil {
		n.where = append(n.where, f.logic)
	}
	return err
}

// ranged sets the order, the limit or the offset. What is no number is none, as
// with PostgREST.
func (n *node) ranged(word, text string) (err *Error) {
	if word == "order" {
		if text != "" {
			n.order, err = readOrder(text)
		}
		return err
	}
	count, ok := digits(text)
	switch {
	case !ok && strings.HasPrefix(text, "-") && word == "limit":
		if _, ok := digits(text[1:]); ok {
			return badRange("Limit should be greater than or equal to zero.")
		}
	case ok && word == "limit":
		n.limit = count
	case ok:
		n.offset = count
	}
	return nil
}

func badRange(details string) *Error {
	return refuse("PGRST103", "Requested range not satisfiable").with(details, "")
}

// readRange reads "from-to" or "from-" of a Range header, within limit and offset.
func (p *Plan) readRange(header string) *Error {
	header = strings.TrimPrefix(header, "items=")
	first, last, ok := strings.Cut(header, "-")
	from, good := digits(first)
	if !ok || !good {
		return nil
	}
	p.root.offset += from
	if to, ok := digits(last); ok {
		if to < from {
			return badRange("The lower boundary must be lower than or equal to the upper boundary in the Range header.")
		}
		if n := to - from + 1; p.root.limit < 0 || n < p.root.limit {
			p.root.limit = n
		}
	}
	return nil
}

// readNames reads a list of names.
func readNames(what, text string) (names []string, err *Error) {
	s := &scanner{what: what, text: text}
	for {
		s.blanks()
		name, err := s.name()
		if err != nil {
			return nil, err
		}
		names = append(names, name)
		if s.blanks(); !s.comma() {
			break
		}
	}
	if !s.end() {
		return nil, s.fail(`"," or end of input`)
	}
	return names, nil
}

func (p *Plan) options() sqlgen.Options {
	return sqlgen.Options{Dialect: sqlgen.SQLite, Schema: p.env.Schema}
}

// lastWritten is a column's value in the row that is being written.
func (p *Plan) lastWritten(column int) (value.Value, bool) {
	if p.writing != nil {
		for i, at := range p.writing.columns {
			if at == column {
				return p.writing.values[i], true
			}
		}
	}
	return value.Null, false
}

// span is the rows of an answer in a Content-Range header.
func span(offset, rows int64) string {
	if rows == 0 {
		return "*"
	}
	return strconv.FormatInt(offset, 10) + "-" + strconv.FormatInt(offset+rows-1, 10)
}

func (p *Plan) headers(contentRange string) []Header {
	h := []Header{{"content-range", contentRange}}
	if len(p.prefer.applied) > 0 {
		h = append(h, Header{"preference-applied", strings.Join(p.prefer.applied, ", ")})
	}
	return h
}
