/** Rockpool's SQLite engine in Node: synchronous, shaped like better-sqlite3. */

export { Database, type DatabaseOptions, type FunctionOptions, type AggregateOptions } from './database.ts'
export { Database as default } from './database.ts'
export { Statement, type ColumnDefinition, type RunResult } from './statement.ts'
export { SqliteError } from './error.ts'
