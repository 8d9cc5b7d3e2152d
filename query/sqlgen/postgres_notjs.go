//go:build !js

package sqlgen

// withPostgres says that this program renders for Postgres too.
const withPostgres = true
