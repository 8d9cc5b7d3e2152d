// Package postgrest reads PostgREST's requests, which are what supabase-js
// sends: a method, a URL and headers become query trees and rows to write, and
// rows become PostgREST's answer, with its statuses, headers and error bodies
// (https://docs.postgrest.org/en/v12/references/api.html). The Worker runs it
// on a client's database, the relay on its own.
//
// A request is prepared first, which needs no database: what cannot be answered
// is told then. Names come from the schema, and every value is bound: no text of
// a URL reaches SQL. What a request asks that SQLite has no equal of, full text
// search, ranges and regular expressions, is refused with code 0A000.
package postgrest
