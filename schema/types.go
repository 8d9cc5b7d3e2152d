package schema

import "strings"

// TypeOf returns the type of a Postgres type name: pg_type's own ("int4",
// "timestamptz", "bpchar") or the standard's ("integer", "character(5)"),
// in any case, with or without a modifier. What it does not know, ranges and
// composites among it, is TypeUnknown: Postgres text.
func TypeOf(pgTypeName string) Type {
	name := strings.ToLower(strings.TrimSpace(pgTypeName))
	if strings.HasSuffix(name, "[]") || strings.HasPrefix(name, "_") {
		return TypeArray
	}
	if open := strings.IndexByte(name, '('); open >= 0 {
		if end := strings.IndexByte(name[open:], ')'); end >= 0 {
			name = strings.TrimSpace(name[:open]) + name[open+end+1:]
		}
	}
	return typeNames[name]
}

var typeNames = map[string]Type{
	"int2": TypeInt, "int4": TypeInt, "int8": TypeInt, "smallint": TypeInt, "integer": TypeInt, "int": TypeInt, "bigint": TypeInt,
	"serial": TypeInt, "bigserial": TypeInt, "smallserial": TypeInt,
	"bool": TypeBool, "boolean": TypeBool,
	"float4": TypeFloat, "float8": TypeFloat, "real": TypeFloat, "double precision": TypeFloat, "float": TypeFloat,
	"text": TypeText, "varchar": TypeText, "bpchar": TypeText, "char": TypeText, "name": TypeText, "citext": TypeText,
	"character varying": TypeText, "character": TypeText,
	"numeric": TypeDecimal, "decimal": TypeDecimal,
	"timestamptz": TypeTimestampTZ, "timestamp with time zone": TypeTimestampTZ,
	"timestamp": TypeTimestamp, "timestamp without time zone": TypeTimestamp,
	"date": TypeDate,
	"time": TypeTime, "time without time zone": TypeTime,
	"uuid": TypeUUID, "json": TypeJSON, "jsonb": TypeJSONB, "bytea": TypeBytes, "interval": TypeInterval,
}

var typeLabels = [...]string{
	TypeUnknown: "text of an unknown type", TypeInt: "integer", TypeBool: "boolean", TypeFloat: "float", TypeText: "text",
	TypeDecimal: "decimal", TypeTimestampTZ: "timestamp with time zone", TypeTimestamp: "timestamp", TypeDate: "date",
	TypeTime: "time", TypeUUID: "uuid", TypeJSON: "json", TypeJSONB: "jsonb", TypeBytes: "bytes", TypeEnum: "enum",
	TypeInterval: "interval", TypeArray: "array",
}

// String returns the type's name for people.
func (t Type) String() string {
	if int(t) < len(typeLabels) {
		return typeLabels[t]
	}
	return typeLabels[TypeUnknown]
}

// declared is the column type in SQLite, which alone decides the affinity
// (https://www.sqlite.org/datatype3.html#determination_of_column_affinity): a
// name with INT in it would be an integer's, so "interval" must not stand
// there, and one without any of its words would be numeric and turn '007' into
// 7.
func (t Type) declared() string {
	switch t {
	case TypeInt:
		return "INTEGER"
	case TypeBool:
		return "BOOLEAN" // numeric affinity: 1.0 and '1' become 1
	case TypeFloat:
		return "REAL"
	case TypeDecimal:
		return "DECIMAL_TEXT"
	case TypeBytes:
		return "BLOB"
	case TypeTimestampTZ:
		return "TIMESTAMPTZ_TEXT"
	case TypeTimestamp:
		return "TIMESTAMP_TEXT"
	case TypeDate:
		return "DATE_TEXT"
	case TypeTime:
		return "TIME_TEXT"
	case TypeUUID:
		return "UUID_TEXT"
	case TypeJSON:
		return "JSON_TEXT"
	case TypeJSONB:
		return "JSONB_TEXT"
	default:
		return "TEXT"
	}
}

// base is the source type without its modifier, as Postgres names it:
// "character(5)" → "character".
func (c *Column) base() string {
	name := c.SourceType
	if open := strings.IndexByte(name, '('); open >= 0 {
		name = name[:open]
	}
	return strings.ToLower(strings.TrimSpace(name))
}
