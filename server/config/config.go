// Package config reads rockpool.yaml, the relay's one file: tables with their
// policies and conflict strategies, shapes, auth, limits. A field that it does
// not know is an error. It owns the file's form, not what the rules mean.
package config

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/goccy/go-yaml"

	"rockpool.dev/fault"
)

// Config is the file.
type Config struct {
	// Listen is the address to serve on, as "127.0.0.1:7400".
	Listen string `yaml:"listen"`
	// Origins are the web origins that may connect, as "https://app.example".
	Origins []string `yaml:"origins"`
	// DatabaseURL is the Postgres to follow; empty for the embedded source.
	// DATABASE_URL in the environment does the same without a secret in a file.
	DatabaseURL string `yaml:"database_url"`
	// Store is the path of the relay's SQLite file.
	Store    string           `yaml:"store"`
	Tables   map[string]Table `yaml:"tables"`
	Shapes   map[string]Shape `yaml:"shapes"`
	Auth     Auth             `yaml:"auth"`
	Postgres Postgres         `yaml:"postgres"`
	Limits   Limits           `yaml:"limits"`
	// Audit is the path of the audit file; empty for none.
	Audit string `yaml:"audit"`
}

// Table is who may read and write a table, and what happens when two met.
// Read and Write are a predicate, true or false; absent is nobody.
type Table struct {
	Read     Predicate `yaml:"read"`
	Write    Predicate `yaml:"write"`
	Conflict Conflict  `yaml:"conflict"`
}

// Shape is a named part of a table.
type Shape struct {
	Table string `yaml:"table"`
	Where string `yaml:"where"`
}

// Auth says which tokens count.
type Auth struct {
	JWKS     string `yaml:"jwks"`
	Audience string `yaml:"audience"`
	Issuer   string `yaml:"issuer"`
	// HS256Env names the environment variable that holds the key;
	// ROCKPOOL_JWT_SECRET by default.
	HS256Env string `yaml:"hs256_env"`
	// Anonymous lets everybody in as one user, without a token: for a demo on
	// one machine. A relay takes it on a loopback address only.
	Anonymous bool `yaml:"anonymous"`
}

// Postgres is how the source is reached.
type Postgres struct {
	Slot        string   `yaml:"slot"`
	Publication string   `yaml:"publication"`
	Roles       []string `yaml:"roles"`
}

// Limits override the defaults where they are not 0.
type Limits struct {
	Sessions           int     `yaml:"sessions"`
	WindowBytes        int     `yaml:"window_bytes"`
	Subscriptions      int     `yaml:"subscriptions"`
	MutationsPerSecond float64 `yaml:"mutations_per_second"`
	MutationsBurst     float64 `yaml:"mutations_burst"`
	SnapshotBytes      uint64  `yaml:"snapshot_bytes"`
	PingMillis         int64   `yaml:"ping_millis"`
	LogDays            int     `yaml:"log_days"`
}

// fileBytesMax bounds the file.
const fileBytesMax = 1 << 20

// Read reads a file. fault.NotFound, fault.InvalidArgument with line and column.
func Read(path string) (*Config, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "read the configuration", "there is no file "+path).
			WithHint("write a rockpool.yaml with tables, policies and auth, or name another with --config")
	}
	if err != nil {
		return nil, fault.Wrap(fault.IO, "read the configuration", err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, fileBytesMax))
	if err != nil {
		return nil, fault.Wrap(fault.IO, "read the configuration", err)
	}
	c, err := Parse(text)
	if err != nil {
		return nil, fault.In("read "+path, err)
	}
	return c, nil
}

// Parse reads a file's text.
func Parse(text []byte) (*Config, error) {
	c := &Config{}
	dec := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict())
	if err := dec.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return nil, fault.New(fault.InvalidArgument, "read the configuration", strings.TrimSpace(yaml.FormatError(err, false, true))).
			WithHint("the fields are: listen, origins, database_url, store, tables, shapes, auth, postgres, limits, audit")
	}
	for name, t := range c.Tables {
		if err := t.Conflict.check(); err != nil {
			return nil, fault.In("tables."+name+".conflict", err)
		}
	}
	for name, s := range c.Shapes {
		if s.Table == "" {
			return nil, fault.New(fault.InvalidArgument, "shapes."+name, "it names no table")
		}
	}
	return c, nil
}
