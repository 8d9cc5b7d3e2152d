package main

import (
	"context"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"
)

// load runs a file of SQL in a database whose schema public has no table yet.
func load(ctx context.Context, dsn, file string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var empty bool
	if err := conn.QueryRow(ctx, "SELECT NOT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public')").Scan(&empty); err != nil || !empty {
		return err
	}
	sql, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, string(sql), pgx.QueryExecModeSimpleProtocol); err != nil {
		return fmt.Errorf("load %s: %w", file, err)
	}
	return nil
}
