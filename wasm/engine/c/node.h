/* One open file as all its users share it: locks and WAL's shared memory. */
#ifndef ROCKPOOL_NODE_H
#define ROCKPOOL_NODE_H

#include "engine.h"

#define SHM_LOCKS 8
/* Open files at once, of all databases: each has at most three. */
#define NODES_MAX 64

typedef struct File File;

typedef struct Node {
  int slot, refs;
  int nShared;                       /* users with a shared lock or more */
  File *reserved, *pending, *exclusive;
  char **region; int regions;        /* WAL index, 32 KiB each, plain heap */
  int shmRefs;
  int lock[SHM_LOCKS];               /* -1 exclusive, n shared */
  int checked;                       /* bytes of a page when pages carry checksums, else 0 */
} Node;

struct File {
  sqlite3_file base;
  Node *node;
  int level;                         /* SQLITE_LOCK_* */
  uint8_t shared, exclusive;         /* WAL-index locks held, one bit each */
  uint8_t shm;                       /* has mapped the WAL index */
  uint8_t mainDb;
};

Node *nodeOpen(int slot);

int fileLock(sqlite3_file *, int);
int fileUnlock(sqlite3_file *, int);
int fileCheckReserved(sqlite3_file *, int *);
int fileShmMap(sqlite3_file *, int, int, int, void volatile **);
int fileShmLock(sqlite3_file *, int, int, int);
void fileShmBarrier(sqlite3_file *);
int fileShmUnmap(sqlite3_file *, int);

#endif
