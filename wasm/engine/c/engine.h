/* Shared declarations of the shim. Everything that Go calls is exported as
   sq_*. Return values are SQLite's extended result codes unless said. */
#ifndef ROCKPOOL_ENGINE_H
#define ROCKPOOL_ENGINE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "host.h"
#include "sqlite3.h"

/* Not SQLite's: the encoded arguments are not whole sets of values. */
#define SQ_BAD_ARGS 0x7001

/* The tags of a value, package value. */
enum { TAG_NULL = 0, TAG_INT, TAG_REAL, TAG_TEXT, TAG_BLOB, TAG_RAW };

/* A captured table; real[i] is 1 for a column of REAL affinity. */
typedef struct Table { char *name; uint8_t *real; int nReal; uint32_t id; } Table;
typedef struct Save { char *name; uint32_t mark; } Save;

/* The changes of the open transaction, capture.c. */
typedef struct Log {
  uint8_t *p;
  uint32_t n, cap;
  int oom;               /* a change could not be recorded: the transaction must not commit */
  Table *tables; int nTables;
  const char *lastName; Table *last; int lastKnown; /* the table of the last change */
  Save *saves; int nSaves, capSaves;
} Log;

typedef struct Conn {
  sqlite3 *db;
  int id;                /* Go's name for it */
  int guarded;           /* the statement that is compiled or run has a guard */
  Log log;
  /* What the statement being compiled does to savepoints. */
  int savOp; char *savName;
} Conn;

typedef struct Stmt {
  sqlite3_stmt *s;
  Conn *c;
  int params, columns, guarded, writes;
  int pending;           /* a row is stepped to that no chunk holds yet */
  uint32_t mark;         /* where the log stood before the first step */
  int savOp; char *savName;
} Stmt;

enum { SAVE_NONE = 0, SAVE_BEGIN, SAVE_RELEASE, SAVE_ROLLBACK };

/* capture.c */
void logCut(Log *l, uint32_t n);
void logFree(Log *l);
void logSavepoint(Log *l, int op, const char *name);
int logSettle(Conn *c, int rc, const Stmt *s);
/* guard.c */
int onAuthorize(void *ctx, int action, const char *a, const char *b, const char *db, const char *inner);
/* stmt.c */
void stmtBegin(Stmt *s);
int stmtStep(Stmt *s);
int stmtEnd(Stmt *s, int rc);
/* checksum.c */
void checksum(const uint8_t *page, int n, uint8_t out[8]);

#endif
