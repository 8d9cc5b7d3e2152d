// Package prisma reads a schema.prisma: a parser of the Prisma schema language
// (https://www.prisma.io/docs/orm/reference/prisma-schema-reference) and what
// its models are as tables of a Postgres, or of an SQLite. It owns the language;
// it asks no database, and keeps nothing of what only the Prisma client needs.
package prisma
