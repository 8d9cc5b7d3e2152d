package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// sessionParams fix the text form of every value (SYNC.md §2, Values), so that
// COPY, the stream and reads under lock give equal text for equal values.
var sessionParams = map[string]string{
	"DateStyle":          "ISO, YMD",
	"IntervalStyle":      "postgres",
	"TimeZone":           "UTC",
	"bytea_output":       "hex",
	"extra_float_digits": "1",
	"client_encoding":    "UTF8",
}

func applySession(config *pgconn.Config, application string) {
	for k, v := range sessionParams {
		config.RuntimeParams[k] = v
	}
	config.RuntimeParams["application_name"] = application
}

// dialReplication opens a connection that speaks the replication protocol.
func dialReplication(ctx context.Context, url string) (*pgconn.PgConn, error) {
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	applySession(config, "rockpool stream")
	config.RuntimeParams["replication"] = "database"
	return pgconn.ConnectConfig(ctx, config)
}

func dial(ctx context.Context, url, application string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	applySession(&config.Config, application)
	return pgx.ConnectConfig(ctx, config)
}
