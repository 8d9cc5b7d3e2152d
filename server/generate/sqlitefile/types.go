package sqlitefile

import (
	"strconv"
	"strings"

	"rockpool.dev/schema"
)

// ours are the types that schema.DDL declares, with Postgres's name for each.
// INTEGER is 64 bits wide in SQLite.
var ours = map[string]string{
	"integer": "bigint", "boolean": "boolean", "real": "double precision", "text": "text", "blob": "bytea",
	"decimal_text": "numeric", "timestamptz_text": "timestamptz", "timestamp_text": "timestamp", "date_text": "date",
	"time_text": "time", "uuid_text": "uuid", "json_text": "json", "jsonb_text": "jsonb",
}

// theirs are names that other programs use for SQLite's columns.
var theirs = map[string]string{
	"int": "bigint", "tinyint": "smallint", "mediumint": "integer", "int8": "bigint", "int2": "smallint", "unsigned big int": "bigint",
	"datetime": "timestamp", "double": "double precision", "clob": "text", "nvarchar": "text", "nchar": "text", "varying character": "text",
	"native character": "text", "string": "text", "bool": "boolean", "number": "numeric", "bytes": "bytea",
}

// columnOf reads a declared type; not known when only SQLite's affinity says
// what it is (https://www.sqlite.org/datatype3.html#determination_of_column_affinity).
func columnOf(name, declared string) (c schema.Column, known bool) {
	c.Name = name
	plain := strings.ToLower(strings.TrimSpace(declared))
	base, modifier, hasModifier := strings.Cut(plain, "(")
	base = strings.TrimSpace(base)
	c.SourceType = ours[base]
	if c.SourceType == "" {
		c.SourceType = theirs[base]
	}
	if c.SourceType == "" && schema.TypeOf(plain) != schema.TypeUnknown {
		c.SourceType = plain
	}
	if c.SourceType == "" {
		c.SourceType = affinity(plain)
		c.Type = schema.TypeOf(c.SourceType)
		return c, plain == ""
	}
	c.Type = schema.TypeOf(c.SourceType)
	if c.Type == schema.TypeDecimal && hasModifier {
		c.SourceType = plain
		_, scale, hasScale := strings.Cut(strings.TrimSuffix(modifier, ")"), ",")
		n, err := strconv.ParseUint(strings.TrimSpace(scale), 10, 8)
		if err == nil || !hasScale {
			c.Scale, c.HasScale = uint32(n), true
		}
	}
	return c, true
}

// affinity is SQLite's rule, with a Postgres type that holds what such columns do.
func affinity(declared string) string {
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(declared, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("int"):
		return "bigint"
	case has("char", "clob", "text"):
		return "text"
	case declared == "" || has("blob"):
		return "bytea"
	case has("real", "floa", "doub"):
		return "double precision"
	}
	return "numeric"
}

// defaultOf is a default of SQLite's as Postgres would write it. What
// schema.DDL makes of now() and current_date is turned back.
func defaultOf(c *schema.Column, expr string) string {
	plain := strings.ToLower(strings.Trim(expr, "() "))
	switch {
	case strings.HasPrefix(plain, "strftime('%y-%m-%dt%h:%m:%f', 'now'"), plain == "datetime('now'", plain == "current_timestamp":
		return "now()"
	case c.Type == schema.TypeDate && strings.HasPrefix(plain, "date('now'"):
		return "CURRENT_DATE"
	case c.Type == schema.TypeBool && plain == "0":
		return "false"
	case c.Type == schema.TypeBool && plain == "1":
		return "true"
	case plain == "null":
		return ""
	}
	return expr
}
