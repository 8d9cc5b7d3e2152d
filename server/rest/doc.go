// Package rest serves PostgREST's protocol at /rest/v1, so that supabase-js
// works before the first sync and without a page's own database. It reads the
// relay's store under the read policies of the caller's claims; writes go to the
// store where that is the truth, and reach every client by the log. It owns HTTP
// and who asks: package query/postgrest owns what requests mean.
package rest
