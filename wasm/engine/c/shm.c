/* WAL's shared memory as plain heap: every connection is in this Worker.
   https://www.sqlite.org/walformat.html#wal_locks */
#include "node.h"

int fileShmMap(sqlite3_file *f, int i, int size, int extend, void volatile **out) {
  File *t = (File *)f;
  Node *n = t->node;
  *out = 0;
  if (!t->shm) { t->shm = 1; n->shmRefs++; }
  if (i >= n->regions) {
    if (!extend) return SQLITE_OK;
    char **r = sqlite3_realloc(n->region, (i + 1) * (int)sizeof(char *));
    if (!r) return SQLITE_IOERR_NOMEM;
    n->region = r;
    while (n->regions <= i) {
      char *m = sqlite3_malloc(size);
      if (!m) return SQLITE_IOERR_NOMEM;
      memset(m, 0, (size_t)size);
      n->region[n->regions++] = m;
    }
  }
  *out = n->region[i];
  return SQLITE_OK;
}

int fileShmLock(sqlite3_file *f, int first, int count, int flags) {
  File *t = (File *)f;
  Node *n = t->node;
  uint8_t mask = (uint8_t)(((1 << (first + count)) - 1) & ~((1 << first) - 1));
  if (flags & SQLITE_SHM_UNLOCK) {
    for (int i = first; i < first + count; i++) {
      uint8_t bit = (uint8_t)(1 << i);
      if (t->exclusive & bit) n->lock[i] = 0;
      else if (t->shared & bit) n->lock[i]--;
    }
    t->exclusive &= (uint8_t)~mask;
    t->shared &= (uint8_t)~mask;
    return SQLITE_OK;
  }
  if (flags & SQLITE_SHM_SHARED) {
    if (t->shared & mask) return SQLITE_OK;
    if (n->lock[first] < 0) return SQLITE_BUSY;
    n->lock[first]++;
    t->shared |= mask;
    return SQLITE_OK;
  }
  for (int i = first; i < first + count; i++)
    if (!(t->exclusive & (1 << i)) && n->lock[i]) return SQLITE_BUSY;
  for (int i = first; i < first + count; i++) n->lock[i] = -1;
  t->exclusive |= mask;
  return SQLITE_OK;
}

/* One thread: every write is seen at once. */
void fileShmBarrier(sqlite3_file *f) { (void)f; }

int fileShmUnmap(sqlite3_file *f, int del) {
  File *t = (File *)f;
  Node *n = t->node;
  (void)del;
  if (!t->shm) return SQLITE_OK;
  t->shm = 0;
  if (--n->shmRefs > 0) return SQLITE_OK;
  for (int i = 0; i < n->regions; i++) sqlite3_free(n->region[i]);
  sqlite3_free(n->region);
  n->region = 0;
  n->regions = 0;
  return SQLITE_OK;
}
