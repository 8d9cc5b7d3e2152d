package prisma

import (
	"maps"
	"slices"
)

// scalars are Prisma's types with what they are in Postgres, without @db.
var scalars = map[string]string{
	"String": "text", "Boolean": "boolean", "Int": "integer", "BigInt": "bigint", "Float": "double precision",
	"Decimal": "numeric(65,30)", "DateTime": "timestamp(3) without time zone", "Json": "jsonb", "Bytes": "bytea",
}

// sqliteScalars are those that differ in SQLite, which has neither fixed scales nor jsonb.
var sqliteScalars = map[string]string{"Decimal": "numeric", "DateTime": "timestamp without time zone", "Json": "json"}

// natives are the types of @db.X that Postgres and CockroachDB have, then those
// of MySQL, each as Postgres's nearest. A % takes the arguments.
var natives = map[string]string{
	"Text": "text", "VarChar": "character varying%", "Char": "character%", "Citext": "citext", "Uuid": "uuid", "Xml": "xml", "Inet": "inet",
	"Bit": "bit%", "VarBit": "bit varying%", "SmallInt": "smallint", "Integer": "integer", "BigInt": "bigint", "Oid": "oid",
	"Real": "real", "DoublePrecision": "double precision", "Decimal": "numeric%", "Money": "money", "Boolean": "boolean",
	"Timestamp": "timestamp% without time zone", "Timestamptz": "timestamp% with time zone", "Date": "date",
	"Time": "time% without time zone", "Timetz": "time% with time zone", "Json": "json", "JsonB": "jsonb", "ByteA": "bytea",
	"String": "text", "Int2": "smallint", "Int4": "integer", "Int8": "bigint", "Float4": "real", "Float8": "double precision", "Bool": "boolean", "Bytes": "bytea",

	"TinyText": "text", "MediumText": "text", "LongText": "text", "TinyInt": "smallint", "MediumInt": "integer", "Int": "integer",
	"UnsignedTinyInt": "smallint", "UnsignedSmallInt": "integer", "UnsignedMediumInt": "integer", "UnsignedInt": "bigint", "UnsignedBigInt": "numeric(20,0)",
	"Float": "real", "Double": "double precision", "DateTime": "timestamp% without time zone", "Year": "smallint",
	"TinyBlob": "bytea", "Blob": "bytea", "MediumBlob": "bytea", "LongBlob": "bytea", "Binary": "bytea", "VarBinary": "bytea",
}

// providers are the datasources whose schemas can be read.
var providers = []string{"postgresql", "postgres", "cockroachdb", "sqlite", "mysql"}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
