/* The authorizer: Go decides (sqlite/guard.go), C asks only about what a guard
   can refuse, and only for statements that have one. It also notes what a
   statement does to savepoints. https://www.sqlite.org/c3ref/set_authorizer.html */
#include "engine.h"

static int length(const char *s) { return s ? (int)strlen(s) : 0; }

int onAuthorize(void *ctx, int action, const char *a, const char *b, const char *db, const char *inner) {
  Conn *c = ctx;
  (void)db; (void)inner;
  switch (action) {
    case SQLITE_READ: case SQLITE_SELECT: case SQLITE_FUNCTION: case SQLITE_RECURSIVE: case SQLITE_ANALYZE: case SQLITE_REINDEX:
      return SQLITE_OK;
    case SQLITE_SAVEPOINT:
      sqlite3_free(c->savName);
      c->savOp = a[0] == 'B' ? SAVE_BEGIN : a[1] == 'E' ? SAVE_RELEASE : SAVE_ROLLBACK;
      c->savName = sqlite3_mprintf("%s", b ? b : "");
      if (!c->savName) return SQLITE_DENY;
      break;
  }
  if (!c->guarded) return SQLITE_OK;
  /* The strings follow each other as address and length: four words. */
  uint32_t args[4] = { (uint32_t)(uintptr_t)a, (uint32_t)length(a), (uint32_t)(uintptr_t)b, (uint32_t)length(b) };
  return go_call(GO_AUTHORIZE, c->id, action, (int)(uintptr_t)args, 0, 0) ? SQLITE_DENY : SQLITE_OK;
}
