/* Statements: compile, bind a whole set of values, run many sets in one call. */
#include "engine.h"

/* out, eight words: statement or 0, bytes of text used, parameters, columns,
   1 when it changes nothing by itself, 1 for EXPLAIN. */
EXPORT(sq_prepare) int sq_prepare(Conn *c, const char *sql, int n, int persistent, int guarded, uint32_t *out) {
  sqlite3_stmt *s = 0;
  const char *tail = sql;
  memset(out, 0, 24);
  c->guarded = guarded;
  c->savOp = SAVE_NONE;
  int rc = sqlite3_prepare_v3(c->db, sql, n, persistent ? SQLITE_PREPARE_PERSISTENT : 0, &s, &tail);
  out[1] = (uint32_t)(tail - sql);
  if (rc || !s) return rc;
  Stmt *t = sqlite3_malloc(sizeof *t);
  if (!t) { sqlite3_finalize(s); return SQLITE_NOMEM; }
  memset(t, 0, sizeof *t);
  t->s = s;
  t->c = c;
  t->params = sqlite3_bind_parameter_count(s);
  t->columns = sqlite3_column_count(s);
  t->guarded = guarded;
  t->writes = !sqlite3_stmt_readonly(s);
  if (c->savOp) { t->savOp = c->savOp; t->savName = c->savName; c->savName = 0; }
  out[0] = (uint32_t)(uintptr_t)t;
  out[2] = (uint32_t)t->params;
  out[3] = (uint32_t)t->columns;
  out[4] = (uint32_t)!t->writes;
  out[5] = (uint32_t)(sqlite3_stmt_isexplain(s) != 0);
  return SQLITE_OK;
}

EXPORT(sq_finalize) void sq_finalize(Stmt *t) {
  sqlite3_finalize(t->s);
  sqlite3_free(t->savName);
  sqlite3_free(t);
}

static uint32_t string(uint8_t *to, uint32_t at, uint32_t cap, const char *s) {
  uint32_t n = s ? (uint32_t)strlen(s) : 0;
  if (at + 4 + n <= cap) { memcpy(to + at, &n, 4); if (n) memcpy(to + at + 4, s, n); }
  return at + 4 + n;
}

/* Name, declared type, table and origin of each column, each as u32 bytes and
   text. Returns the bytes it needs; nothing is cut in the middle of a string. */
EXPORT(sq_columns) uint32_t sq_columns(Stmt *t, uint8_t *to, uint32_t cap) {
  uint32_t at = 0;
  for (int i = 0; i < t->columns; i++) {
    at = string(to, at, cap, sqlite3_column_name(t->s, i));
    at = string(to, at, cap, sqlite3_column_decltype(t->s, i));
    at = string(to, at, cap, sqlite3_column_table_name(t->s, i));
    at = string(to, at, cap, sqlite3_column_origin_name(t->s, i));
  }
  return at;
}

/* out: address and bytes of the parameter's name. */
EXPORT(sq_param_name) void sq_param_name(Stmt *t, int i, uint32_t *out) {
  const char *s = sqlite3_bind_parameter_name(t->s, i);
  out[0] = (uint32_t)(uintptr_t)s;
  out[1] = s ? (uint32_t)strlen(s) : 0;
}

/* The bytes of the value at p, or 0 when it is not whole. */
static uint32_t valueBytes(const uint8_t *p, const uint8_t *end) {
  if (p >= end) return 0;
  uint32_t room = (uint32_t)(end - p), n;
  switch (*p) {
    case TAG_NULL: return 1;
    case TAG_INT: case TAG_REAL: return room < 9 ? 0 : 9;
    case TAG_TEXT: case TAG_BLOB:
      if (room < 5) return 0;
      memcpy(&n, p + 1, 4);
      return n > room - 5 ? 0 : 5 + n;
  }
  return 0;
}

/* Binds one set; *used is its bytes. The values are not copied for keep = SQLITE_STATIC. */
static int bind(Stmt *t, const uint8_t *p, const uint8_t *end, sqlite3_destructor_type keep, uint32_t *used) {
  const uint8_t *from = p;
  int rc = SQLITE_OK;
  for (int i = 1; i <= t->params && !rc; i++) {
    sqlite3_int64 v; double f;
    uint32_t n = valueBytes(p, end);
    if (!n) return SQ_BAD_ARGS;
    switch (*p) {
      case TAG_NULL: rc = sqlite3_bind_null(t->s, i); break;
      case TAG_INT: memcpy(&v, p + 1, 8); rc = sqlite3_bind_int64(t->s, i, v); break;
      case TAG_REAL: memcpy(&f, p + 1, 8); rc = sqlite3_bind_double(t->s, i, f); break;
      case TAG_TEXT: rc = sqlite3_bind_text(t->s, i, (const char *)p + 5, (int)n - 5, keep); break;
      case TAG_BLOB: rc = n == 5 ? sqlite3_bind_zeroblob(t->s, i, 0) : sqlite3_bind_blob(t->s, i, p + 5, (int)n - 5, keep); break;
    }
    p += n;
  }
  *used = (uint32_t)(p - from);
  return rc;
}

/* The whole buffer is checked before the first set runs. */
static int whole(const Stmt *t, const uint8_t *p, const uint8_t *end, int sets) {
  for (int64_t i = (int64_t)sets * t->params; i > 0; i--) {
    uint32_t n = valueBytes(p, end);
    if (!n) return 0;
    p += n;
  }
  return p == end;
}

void stmtBegin(Stmt *t) { t->mark = t->c->log.n; t->pending = 0; t->c->log.lastName = 0; }

int stmtStep(Stmt *t) {
  t->c->guarded = t->guarded;
  return sqlite3_step(t->s);
}

/* Resets after the last step, which answered rc. */
int stmtEnd(Stmt *t, int rc) {
  (void)rc;
  t->pending = 0;
  return logSettle(t->c, sqlite3_reset(t->s), t);
}

static void drop(Stmt *t) { if (sqlite3_stmt_busy(t->s)) stmtEnd(t, SQLITE_OK); t->pending = 0; }

/* Runs the statement once for each set; *done counts the runs that succeeded. */
EXPORT(sq_run) int sq_run(Stmt *t, const uint8_t *args, int len, int sets, int *done) {
  const uint8_t *p = args, *end = args + len;
  *done = 0;
  if (!whole(t, p, end, sets)) return SQ_BAD_ARGS;
  drop(t);
  int rc = SQLITE_OK;
  for (; *done < sets; ++*done) {
    uint32_t used = 0;
    rc = bind(t, p, end, SQLITE_STATIC, &used);
    if (rc) break;
    stmtBegin(t);
    int got;
    while ((got = stmtStep(t)) == SQLITE_ROW) {}
    if ((rc = stmtEnd(t, got))) break;
    p += used;
  }
  if (t->params) sqlite3_clear_bindings(t->s); /* they point into the caller's bytes */
  return rc;
}

EXPORT(sq_start) int sq_start(Stmt *t, const uint8_t *args, int len) {
  uint32_t used = 0;
  drop(t);
  if (!whole(t, args, args + len, 1)) return SQ_BAD_ARGS;
  int rc = bind(t, args, args + len, SQLITE_TRANSIENT, &used);
  if (!rc) stmtBegin(t);
  return rc;
}

EXPORT(sq_reset) void sq_reset(Stmt *t) { stmtEnd(t, SQLITE_OK); }
