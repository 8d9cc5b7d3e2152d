/* What the open transaction has changed: the preupdate hook appends a record
   for each row of a captured table. Go reads the buffer before COMMIT. No call
   into Go. The record's layout is sqlite.CaptureLog's; sqlite/capture_notjs.go
   is the twin. https://www.sqlite.org/c3ref/preupdate_blobwrite.html */
#include "engine.h"

#define RECORD_BYTES 12
#define LOG_BYTES_FIRST 8192
enum { OP_INSERTED = 1, OP_UPDATED, OP_DELETED };

static int room(Log *l, uint32_t n) {
  if (n <= l->cap - l->n) return 1;
  uint64_t cap = l->cap ? (uint64_t)l->cap * 2 : LOG_BYTES_FIRST, want = (uint64_t)l->n + n;
  while (cap < want) cap *= 2;
  uint8_t *q = cap > 0x40000000 ? 0 : sqlite3_realloc64(l->p, cap);
  if (!q && want <= 0x40000000 && want < cap) { cap = want; q = sqlite3_realloc64(l->p, cap); }
  if (!q) { l->oom = 1; return 0; }
  l->p = q;
  l->cap = (uint32_t)cap;
  return 1;
}

/* real: the column has REAL affinity. A record of the file keeps a whole number
   of such a column as an integer, and SQLite 3.53 hands it out so on insert. */
static void put(Log *l, sqlite3_value *v, int real) {
  int type = v ? sqlite3_value_type(v) : SQLITE_NULL;
  if (real && type == SQLITE_INTEGER) type = SQLITE_FLOAT;
  if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
    if (!room(l, 9)) return;
    uint8_t *p = l->p + l->n;
    if (type == SQLITE_INTEGER) { sqlite3_int64 i = sqlite3_value_int64(v); p[0] = TAG_INT; memcpy(p + 1, &i, 8); }
    else { double d = sqlite3_value_double(v); p[0] = TAG_REAL; memcpy(p + 1, &d, 8); }
    l->n += 9;
  } else if (type == SQLITE_TEXT || type == SQLITE_BLOB) {
    const void *s = type == SQLITE_TEXT ? (const void *)sqlite3_value_text(v) : sqlite3_value_blob(v);
    uint32_t n = (uint32_t)sqlite3_value_bytes(v);
    if (n && !s) { l->oom = 1; return; }
    if (!room(l, 5 + n)) return;
    uint8_t *p = l->p + l->n;
    p[0] = type == SQLITE_TEXT ? TAG_TEXT : TAG_BLOB;
    memcpy(p + 1, &n, 4);
    if (n) memcpy(p + 5, s, n);
    l->n += 5 + n;
  } else if (room(l, 1)) l->p[l->n++] = TAG_NULL;
}

/* SQLite hands the same name pointer for the same table until the schema is
   read anew, when the statement after it compiles: a cheap first question. */
static int known(Log *l, const char *name) {
  if (name == l->lastName) return l->lastKnown;
  l->lastName = name;
  l->lastKnown = 0;
  for (int i = 0; i < l->nTables; i++)
    if (!sqlite3_stricmp(l->tables[i].name, name)) { l->lastKnown = 1; l->last = &l->tables[i]; break; }
  return l->lastKnown;
}

static void onPreupdate(void *ctx, sqlite3 *db, int op, const char *schema, const char *table, sqlite3_int64 k1, sqlite3_int64 k2) {
  Log *l = &((Conn *)ctx)->log;
  (void)k1; (void)k2;
  if (strcmp(schema, "main") || !known(l, table)) return;
  uint32_t start = l->n;
  int columns = sqlite3_preupdate_count(db), depth = sqlite3_preupdate_depth(db);
  if (!room(l, RECORD_BYTES)) return;
  uint8_t *p = l->p + start;
  uint16_t columns16 = (uint16_t)columns;
  p[4] = op == SQLITE_INSERT ? OP_INSERTED : op == SQLITE_UPDATE ? OP_UPDATED : OP_DELETED;
  p[5] = (uint8_t)(depth > 255 ? 255 : depth);
  memcpy(p + 6, &columns16, 2);
  memcpy(p + 8, &l->last->id, 4);
  l->n += RECORD_BYTES;
  sqlite3_value *v;
  if (op != SQLITE_INSERT) for (int i = 0; i < columns; i++) { v = 0; sqlite3_preupdate_old(db, i, &v); put(l, v, 0); }
  if (op != SQLITE_DELETE) for (int i = 0; i < columns; i++) { v = 0; sqlite3_preupdate_new(db, i, &v); put(l, v, i < l->last->nReal && l->last->real[i]); }
  if (l->oom) { l->n = start; return; }
  uint32_t size = l->n - start;
  memcpy(l->p + start, &size, 4);
}

/* A change that is not recorded must not commit: this turns COMMIT into ROLLBACK. */
static int onCommit(void *ctx) { return ((Conn *)ctx)->log.oom; }

void logCut(Log *l, uint32_t n) { if (n < l->n) l->n = n; }

static void dropSaves(Log *l, int keep) { while (l->nSaves > keep) sqlite3_free(l->saves[--l->nSaves].name); }

static void reset(Log *l) { l->n = 0; l->oom = 0; dropSaves(l, 0); }

/* Follows SAVEPOINT, RELEASE and ROLLBACK TO once they have run. */
void logSavepoint(Log *l, int op, const char *name) {
  if (op == SAVE_BEGIN) {
    if (l->nSaves == l->capSaves) {
      int cap = l->capSaves ? l->capSaves * 2 : 8;
      Save *s = sqlite3_realloc(l->saves, cap * (int)sizeof(Save));
      if (!s) { l->oom = 1; return; }
      l->saves = s;
      l->capSaves = cap;
    }
    char *copy = sqlite3_mprintf("%s", name);
    if (!copy) { l->oom = 1; return; }
    l->saves[l->nSaves++] = (Save){ copy, l->n };
    return;
  }
  for (int i = l->nSaves - 1; i >= 0; i--) {
    if (sqlite3_stricmp(l->saves[i].name, name)) continue;
    if (op == SAVE_ROLLBACK) { logCut(l, l->saves[i].mark); dropSaves(l, i + 1); }
    else dropSaves(l, i);
    return;
  }
}

/* After each statement: a failed one leaves no records, and a finished
   transaction none at all. INSERT OR FAIL, which keeps its first rows, must
   not be run on captured tables. */
int logSettle(Conn *c, int rc, const Stmt *s) {
  Log *l = &c->log;
  if (rc && s->writes) logCut(l, s->mark);
  else if (!rc && s->savOp) logSavepoint(l, s->savOp, s->savName ? s->savName : "");
  if (sqlite3_get_autocommit(c->db)) reset(l);
  else if (!rc && l->oom) rc = SQLITE_NOMEM;
  return rc;
}

static void freeTables(Log *l) {
  for (int i = 0; i < l->nTables; i++) { sqlite3_free(l->tables[i].name); sqlite3_free(l->tables[i].real); }
  sqlite3_free(l->tables);
  l->tables = 0;
  l->nTables = 0;
  l->lastName = 0;
}

void logFree(Log *l) {
  reset(l);
  freeTables(l);
  sqlite3_free(l->saves);
  sqlite3_free(l->p);
}

/* Copies u32 length and bytes, with a zero behind them; returns what follows. */
static const uint8_t *copy(const uint8_t *p, uint8_t **out, int *n) {
  uint32_t len;
  memcpy(&len, p, 4);
  *out = sqlite3_malloc64((uint64_t)len + 1);
  if (*out) { memcpy(*out, p + 4, len); (*out)[len] = 0; }
  if (n) *n = (int)len;
  return p + 4 + len;
}

/* tables is n entries of u32 id, u32 bytes, name, u32 columns, a byte for each
   that is 1 for REAL affinity; n = 0 ends capturing. */
EXPORT(sq_capture) int sq_capture(Conn *c, const uint8_t *tables, int n) {
  Log *l = &c->log;
  reset(l);
  freeTables(l);
  if (n > 0 && !(l->tables = sqlite3_malloc64((uint64_t)n * sizeof(Table)))) return SQLITE_NOMEM;
  for (int i = 0; i < n; i++) {
    Table *t = &l->tables[l->nTables++];
    memset(t, 0, sizeof *t);
    memcpy(&t->id, tables, 4);
    tables = copy(tables + 4, (uint8_t **)&t->name, 0);
    tables = copy(tables, &t->real, &t->nReal);
    if (!t->name || !t->real) { freeTables(l); return SQLITE_NOMEM; }
  }
  sqlite3_preupdate_hook(c->db, n ? onPreupdate : 0, c);
  sqlite3_commit_hook(c->db, n ? onCommit : 0, c);
  /* Statements compiled before may skip the hook (DELETE of a whole table):
     setting the authorizer makes SQLite compile them again. */
  return sqlite3_set_authorizer(c->db, onAuthorize, c);
}

/* out: u32 address, u32 bytes. */
EXPORT(sq_captured) void sq_captured(Conn *c, uint32_t *out) {
  Log *l = &c->log;
  if (sqlite3_get_autocommit(c->db)) reset(l);
  l->lastName = 0;
  out[0] = (uint32_t)(uintptr_t)l->p;
  out[1] = l->n;
}
