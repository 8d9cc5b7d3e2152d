package postgrest

import (
	"slices"
	"strings"

	"rockpool.dev/query"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// Request is what came over HTTP.
type Request struct {
	Method string
	// Target is the path behind /rest/v1/, with the query string as it was sent.
	Target string
	// Headers, by lower-case names: accept, prefer, range, content-type,
	// accept-profile, content-profile.
	Headers map[string]string
	Body    string
}

// Header is one header of a response.
type Header struct{ Name, Value string }

// Response is what goes back.
type Response struct {
	Status  int
	Headers []Header
	Body    []byte
}

func (r *Response) add(name, value string) { r.Headers = append(r.Headers, Header{name, value}) }

// Env is what requests are answered with.
type Env struct {
	Schema *schema.Schema
	// Visible is what must hold of each row of a table that is read, changed or
	// deleted; as is the table's name in the query. Nil lets everything be seen.
	Visible func(t *schema.Table, as string) (*query.Expr, error)
	// NewKey makes a key for a row that comes without its UUID key; nil makes none.
	NewKey func() string
	// Identity numbers a row of a table whose column the source numbers, where
	// the source is here; nil leaves it to the server.
	Identity func(t *schema.Table, column int) (value.Value, error)
	// Anonymous says that the caller has no token: a refusal is then 401.
	Anonymous bool
}

// publicSchema is the one schema that is served.
const publicSchema = "public"

// preferences are what a Prefer header asks for.
type preferences struct {
	// applied are those that are known, as they were written.
	applied     []string
	maxAffected int64 // -1 for none
}

// The preferences that are known, each between blanks; max-affected is beside them.
const (
	representation = "return=representation"
	mergeRows      = "resolution=merge-duplicates"
	ignoreRows     = "resolution=ignore-duplicates"
	missingDefault = "missing=default"
	strict         = "handling=strict"
	rollback       = "tx=rollback"
	headersOnly    = "return=headers-only"

	knownPreferences = " " + representation + " return=minimal " + headersOnly + " count=exact count=planned count=estimated " +
		mergeRows + " " + ignoreRows + " " + missingDefault + " missing=null handling=lenient " + strict + " tx=commit " + rollback + " "
)

// read reads a Prefer header; with handling=strict an unknown one is an error.
func (p *preferences) read(header string) *Error {
	p.maxAffected = -1
	var unknown []string
	for _, one := range strings.Split(header, ",") {
		one = strings.TrimSpace(one)
		if one == "" {
			continue
		}
		val, most := strings.CutPrefix(one, "max-affected=")
		if most {
			p.maxAffected, most = digits(val)
		}
		if most || !strings.Contains(one, " ") && strings.Contains(knownPreferences, " "+one+" ") {
			p.applied = append(p.applied, one)
		} else {
			unknown = append(unknown, one)
		}
	}
	if !p.has(strict) {
		p.maxAffected = -1
	} else if len(unknown) > 0 {
		return refuse("PGRST122", "Invalid preferences given with handling=strict").with("Invalid preferences: "+strings.Join(unknown, ", "), "")
	}
	return nil
}

// has reports whether a preference is asked for.
func (p *preferences) has(one string) bool { return slices.Contains(p.applied, one) }

// counts reports whether rows are to be counted.
func (p *preferences) counts() bool {
	return p.has("count=exact") || p.has("count=planned") || p.has("count=estimated")
}

// digits reads a number of at most 15 digits.
func digits(s string) (n int64, ok bool) {
	if s == "" || len(s) > 15 {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}
