package sqlgen

// withPostgres is false in the browser, whose database is SQLite: what renders
// for Postgres is not shipped, and done refuses the dialect.
const withPostgres = false
