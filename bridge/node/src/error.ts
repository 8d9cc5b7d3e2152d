/** SQLite's errors, by the names of their codes. */

/** Result codes and their extended forms, https://www.sqlite.org/rescode.html. */
const PRIMARY = [
  'OK',
  'ERROR',
  'INTERNAL',
  'PERM',
  'ABORT',
  'BUSY',
  'LOCKED',
  'NOMEM',
  'READONLY',
  'INTERRUPT',
  'IOERR',
  'CORRUPT',
  'NOTFOUND',
  'FULL',
  'CANTOPEN',
  'PROTOCOL',
  'EMPTY',
  'SCHEMA',
  'TOOBIG',
  'CONSTRAINT',
  'MISMATCH',
  'MISUSE',
  'NOLFS',
  'AUTH',
  'FORMAT',
  'RANGE',
  'NOTADB',
  'NOTICE',
  'WARNING',
] as const
const CONSTRAINTS = [
  'CHECK',
  'COMMITHOOK',
  'FOREIGNKEY',
  'FUNCTION',
  'NOTNULL',
  'PRIMARYKEY',
  'TRIGGER',
  'UNIQUE',
  'VTAB',
  'ROWID',
  'PINNED',
  'DATATYPE',
] as const

const CONSTRAINT = 19

/** As `SQLITE_CONSTRAINT_UNIQUE`; codes without a name of their own have that of their primary code. */
export function codeName(code: number): string {
  const primary = `SQLITE_${PRIMARY[code & 0xff] ?? 'ERROR'}`
  const more = (code & 0xff) === CONSTRAINT ? CONSTRAINTS[(code >> 8) - 1] : undefined
  return more === undefined ? primary : `${primary}_${more}`
}

/** What SQLite refused. `code` is the name of its extended result code, as with better-sqlite3. */
export class SqliteError extends Error {
  override readonly name = 'SqliteError'
  readonly code: string
  /** SQLite's extended result code. */
  readonly extendedCode: number

  constructor(message: string, extendedCode: number) {
    super(message)
    this.extendedCode = extendedCode
    this.code = codeName(extendedCode)
  }
}
