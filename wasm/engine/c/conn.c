/* Connections. */
#include "engine.h"

/* The largest value or row; sqlite.ValueBytesMax. */
#define VALUE_BYTES_MAX (24 << 20)

/* key is the file's key of n bytes, or none. *out is set even when it fails:
   sq_error tells why, sq_close frees. */
EXPORT(sq_open) int sq_open(const char *name, int flags, const void *key, int n, int id, Conn **out) {
  Conn *c = sqlite3_malloc(sizeof *c);
  *out = c;
  if (!c) return SQLITE_NOMEM;
  memset(c, 0, sizeof *c);
  c->id = id;
  int rc = sqlite3_open_v2(name, &c->db, flags, 0);
  if (!rc && n > 0) rc = sqlite3_key(c->db, key, n);
  if (!rc) {
    sqlite3_extended_result_codes(c->db, 1);
    sqlite3_limit(c->db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
    /* No SQL may damage the file: not the schema table, not a shadow table, not a page. */
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
    rc = sqlite3_set_authorizer(c->db, onAuthorize, c);
  }
  return rc;
}

EXPORT(sq_close) int sq_close(Conn *c) {
  int rc = sqlite3_close(c->db);
  if (rc) return rc;
  logFree(&c->log);
  sqlite3_free(c->savName);
  sqlite3_free(c);
  return rc;
}

/* out: u32 address and bytes of the message, i32 offset in the SQL text or -1,
   i32 the extended code. */
EXPORT(sq_error) void sq_error(Conn *c, uint32_t *out) {
  const char *msg = sqlite3_errmsg(c->db);
  out[0] = (uint32_t)(uintptr_t)msg;
  out[1] = (uint32_t)strlen(msg);
  out[2] = (uint32_t)sqlite3_error_offset(c->db);
  out[3] = (uint32_t)sqlite3_extended_errcode(c->db);
}

EXPORT(sq_autocommit) int sq_autocommit(Conn *c) { return sqlite3_get_autocommit(c->db); }
EXPORT(sq_changes) sqlite3_int64 sq_changes(Conn *c) { return sqlite3_changes64(c->db); }
EXPORT(sq_total_changes) sqlite3_int64 sq_total_changes(Conn *c) { return sqlite3_total_changes64(c->db); }
EXPORT(sq_last_id) sqlite3_int64 sq_last_id(Conn *c) { return sqlite3_last_insert_rowid(c->db); }
EXPORT(sq_reserve) int sq_reserve(Conn *c, int n) { return sqlite3_file_control(c->db, "main", SQLITE_FCNTL_RESERVE_BYTES, &n); }

/* out: i32 frames of the WAL, i32 frames copied. */
EXPORT(sq_checkpoint) int sq_checkpoint(Conn *c, int mode, int *out) {
  return sqlite3_wal_checkpoint_v2(c->db, "main", mode, &out[0], &out[1]);
}

/* The WAL's file, or 0 when none is open. */
static sqlite3_file *wal(Conn *c) {
  sqlite3_file *f = 0;
  if (sqlite3_file_control(c->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &f) || !f || !f->pMethods) return 0;
  return f;
}

EXPORT(sq_flush) int sq_flush(Conn *c) {
  sqlite3_file *f = wal(c);
  return f ? f->pMethods->xSync(f, SQLITE_SYNC_NORMAL) : SQLITE_OK;
}

EXPORT(sq_wal_bytes) double sq_wal_bytes(Conn *c) {
  sqlite3_file *f = wal(c);
  sqlite3_int64 n = 0;
  return f && !f->pMethods->xFileSize(f, &n) ? (double)n : 0;
}
