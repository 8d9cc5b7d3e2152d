package postgres

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// pgCode is the SQLSTATE of an error, or "".
// https://www.postgresql.org/docs/15/errcodes-appendix.html
func pgCode(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// queryCanceled is the SQLSTATE of a statement that ran into its time limit.
const queryCanceled = "57014"

// transient reports whether the same transaction may succeed when it is run
// again: serialization failure, deadlock, lock time-out, no connection, or a
// server that goes down.
func transient(err error) bool {
	switch code := pgCode(err); {
	case code == "":
		return true // the connection's error, not the server's
	case code == "40001", code == "40P01", code == "55P03", code == queryCanceled:
		return true
	default:
		return code[:2] == "57" || code[:2] == "08" || code[:2] == "53"
	}
}

// pgMessage is the server's message and detail, without the SQL text.
func pgMessage(err error) string {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err.Error()
	}
	if pg.Detail != "" {
		return pg.Message + ": " + pg.Detail
	}
	return pg.Message
}
