/* SQL functions, aggregates and collations that are written in Go. Arguments
   go over in their tagged form; the answer comes back in reply. */
#include "engine.h"

typedef struct Reply { uint32_t at, n; } Reply;
static Reply reply;
_Static_assert(sizeof(Reply) == 8, "Go writes two words");

/* Where Go puts address and length of a result or an error's text. */
EXPORT(sq_reply) Reply *sq_reply(void) { return &reply; }

static uint8_t *args;
static uint32_t argsCap;

static int argsRoom(uint32_t n) {
  if (n <= argsCap) return 1;
  uint8_t *p = sqlite3_realloc64(args, n);
  if (!p) return 0;
  args = p;
  argsCap = n;
  return 1;
}

/* Encodes the arguments; returns the bytes, or -1 without memory. */
static int encode(int n, sqlite3_value **v) {
  uint64_t size = 0;
  for (int i = 0; i < n; i++) {
    int type = sqlite3_value_type(v[i]);
    if (type == SQLITE_TEXT) sqlite3_value_text(v[i]);
    size += type == SQLITE_TEXT || type == SQLITE_BLOB ? 5 + (uint64_t)sqlite3_value_bytes(v[i]) : 9;
  }
  if (size > 0x40000000 || !argsRoom((uint32_t)size + 1)) return -1;
  uint8_t *p = args;
  for (int i = 0; i < n; i++) {
    switch (sqlite3_value_type(v[i])) {
      case SQLITE_INTEGER: { sqlite3_int64 x = sqlite3_value_int64(v[i]); *p = TAG_INT; memcpy(p + 1, &x, 8); p += 9; break; }
      case SQLITE_FLOAT: { double x = sqlite3_value_double(v[i]); *p = TAG_REAL; memcpy(p + 1, &x, 8); p += 9; break; }
      case SQLITE_TEXT: case SQLITE_BLOB: {
        int text = sqlite3_value_type(v[i]) == SQLITE_TEXT;
        const void *s = text ? (const void *)sqlite3_value_text(v[i]) : sqlite3_value_blob(v[i]);
        uint32_t len = (uint32_t)sqlite3_value_bytes(v[i]);
        *p = text ? TAG_TEXT : TAG_BLOB;
        memcpy(p + 1, &len, 4);
        if (len) memcpy(p + 5, s, len);
        p += 5 + len;
        break;
      }
      default: *p++ = TAG_NULL;
    }
  }
  return (int)(p - args);
}

static void answer(sqlite3_context *ctx, int failed) {
  const uint8_t *p = (const uint8_t *)(uintptr_t)reply.at;
  if (failed) { sqlite3_result_error(ctx, (const char *)p, (int)reply.n); return; }
  sqlite3_int64 i; double d; uint32_t n;
  switch (*p) {
    case TAG_INT: memcpy(&i, p + 1, 8); sqlite3_result_int64(ctx, i); break;
    case TAG_REAL: memcpy(&d, p + 1, 8); sqlite3_result_double(ctx, d); break;
    case TAG_TEXT: memcpy(&n, p + 1, 4); sqlite3_result_text(ctx, (const char *)p + 5, (int)n, SQLITE_TRANSIENT); break;
    case TAG_BLOB: memcpy(&n, p + 1, 4); sqlite3_result_blob(ctx, p + 5, (int)n, SQLITE_TRANSIENT); break;
    default: sqlite3_result_null(ctx);
  }
}

static int idOf(sqlite3_context *ctx) { return (int)(intptr_t)sqlite3_user_data(ctx); }

static void scalar(sqlite3_context *ctx, int n, sqlite3_value **v) {
  int len = encode(n, v);
  if (len < 0) { sqlite3_result_error_nomem(ctx); return; }
  answer(ctx, go_call(GO_SCALAR, idOf(ctx), (int)(uintptr_t)args, len, n, 0));
}

/* A group's state is a number that Go gave; 0 is none yet, -1 failed. */
static void step(sqlite3_context *ctx, int n, sqlite3_value **v) {
  int *group = sqlite3_aggregate_context(ctx, sizeof *group), len = encode(n, v);
  if (!group || len < 0) { sqlite3_result_error_nomem(ctx); return; }
  if (*group < 0) return;
  int got = go_call(GO_STEP, idOf(ctx), (int)(uintptr_t)args, len, n, *group);
  if (got < 0) answer(ctx, 1);
  *group = got;
}

static void final(sqlite3_context *ctx) {
  int *group = sqlite3_aggregate_context(ctx, 0);
  if (group && *group < 0) return;
  answer(ctx, go_call(GO_FINAL, idOf(ctx), group ? *group : 0, 0, 0, 0));
}

static int collate(void *id, int n1, const void *a, int n2, const void *b) {
  return go_call(GO_COLLATE, (int)(intptr_t)id, (int)(uintptr_t)a, n1, (int)(uintptr_t)b, n2);
}

EXPORT(sq_function) int sq_function(Conn *c, const char *name, int n, int deterministic, int aggregate, int id) {
  int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS | (deterministic ? SQLITE_DETERMINISTIC : 0);
  return sqlite3_create_function_v2(c->db, name, n, flags, (void *)(intptr_t)id,
    aggregate ? 0 : scalar, aggregate ? step : 0, aggregate ? final : 0, 0);
}

EXPORT(sq_collation) int sq_collation(Conn *c, const char *name, int id) {
  return sqlite3_create_collation_v2(c->db, name, SQLITE_UTF8, (void *)(intptr_t)id, collate, 0);
}

static int onProgress(void *ctx) { return go_call(GO_PROGRESS, ((Conn *)ctx)->id, 0, 0, 0, 0); }

EXPORT(sq_progress) void sq_progress(Conn *c, int steps) { sqlite3_progress_handler(c->db, steps, steps > 0 ? onProgress : 0, c); }
