/* Locks between the connections of this one Worker. There is no other process:
   the file handles are exclusive. https://www.sqlite.org/c3ref/io_methods.html */
#include "node.h"

static Node nodes[NODES_MAX];

/* The node of a slot, with one more user; 0 when too many files are open. */
Node *nodeOpen(int slot) {
  Node *unused = 0;
  for (int i = 0; i < NODES_MAX; i++) {
    if (nodes[i].refs && nodes[i].slot == slot) { nodes[i].refs++; return &nodes[i]; }
    if (!nodes[i].refs && !unused) unused = &nodes[i];
  }
  if (!unused) return 0;
  memset(unused, 0, sizeof *unused);
  unused->slot = slot;
  unused->refs = 1;
  return unused;
}

int fileLock(sqlite3_file *f, int want) {
  File *t = (File *)f;
  Node *n = t->node;
  if (t->level >= want) return SQLITE_OK;
  if (want == SQLITE_LOCK_SHARED) {
    if ((n->pending && n->pending != t) || (n->exclusive && n->exclusive != t)) return SQLITE_BUSY;
    n->nShared++;
    t->level = want;
    return SQLITE_OK;
  }
  if ((n->reserved && n->reserved != t) || (n->pending && n->pending != t)) return SQLITE_BUSY;
  if (want == SQLITE_LOCK_RESERVED) {
    n->reserved = t;
    t->level = want;
    return SQLITE_OK;
  }
  n->pending = t;
  t->level = SQLITE_LOCK_PENDING;
  if (want == SQLITE_LOCK_EXCLUSIVE) {
    if (n->nShared > 1) return SQLITE_BUSY;
    n->exclusive = t;
    t->level = want;
  }
  return SQLITE_OK;
}

int fileUnlock(sqlite3_file *f, int to) {
  File *t = (File *)f;
  Node *n = t->node;
  if (t->level <= to) return SQLITE_OK;
  if (n->exclusive == t) n->exclusive = 0;
  if (n->pending == t) n->pending = 0;
  if (n->reserved == t) n->reserved = 0;
  if (to == SQLITE_LOCK_NONE && t->level >= SQLITE_LOCK_SHARED) n->nShared--;
  t->level = to;
  return SQLITE_OK;
}

int fileCheckReserved(sqlite3_file *f, int *out) {
  *out = ((File *)f)->node->reserved != 0;
  return SQLITE_OK;
}
