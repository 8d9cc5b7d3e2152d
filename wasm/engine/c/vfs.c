/* The VFS: files are handles that JavaScript has opened ahead of time, so
   every call is synchronous. https://www.sqlite.org/c3ref/vfs.html */
#include "node.h"

#define PAGE_MAX 65536
#define HEADER_BYTES 100
#define PAGE_SIZE_AT 16
#define RESERVED_AT 20
#define CHECKSUM_BYTES 8

/* The header of the file says whether its pages carry checksums, and how long a
   page is. All users of the file share it: one may write pages by a checkpoint
   and have seen the header only in the WAL.
   https://www.sqlite.org/fileformat2.html#page_size */
static void learn(Node *n, const uint8_t *p, int len, sqlite3_int64 at) {
  if (at != 0 || len < HEADER_BYTES || memcmp(p, "SQLite format 3", 16)) return;
  int page = p[PAGE_SIZE_AT] << 8 | p[PAGE_SIZE_AT + 1];
  n->checked = p[RESERVED_AT] != CHECKSUM_BYTES ? 0 : page == 1 ? PAGE_MAX : page;
}

static int fileClose(sqlite3_file *f) {
  File *t = (File *)f;
  fileUnlock(f, SQLITE_LOCK_NONE);
  fileShmUnmap(f, 0);
  if (--t->node->refs > 0) return SQLITE_OK;
  return host_close(t->node->slot) < 0 ? SQLITE_IOERR_CLOSE : SQLITE_OK;
}

static int fileRead(sqlite3_file *f, void *p, int n, sqlite3_int64 at) {
  File *t = (File *)f;
  int got = host_read(t->node->slot, p, n, (double)at);
  if (got < 0) return SQLITE_IOERR_READ;
  if (got < n) {
    memset((char *)p + got, 0, (size_t)(n - got));
    /* SQLite takes a short page for one that ends in zeros. */
    return t->mainDb && got > 0 && n == t->node->checked ? SQLITE_IOERR_DATA : SQLITE_IOERR_SHORT_READ;
  }
  if (!t->mainDb) return SQLITE_OK;
  learn(t->node, p, n, at);
  if (n == t->node->checked) {
    uint8_t sum[CHECKSUM_BYTES];
    checksum(p, n - CHECKSUM_BYTES, sum);
    if (memcmp(sum, (uint8_t *)p + n - CHECKSUM_BYTES, CHECKSUM_BYTES)) return SQLITE_IOERR_DATA;
  }
  return SQLITE_OK;
}

static int fileWrite(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) {
  File *t = (File *)f;
  if (t->mainDb) {
    learn(t->node, p, n, at);
    /* The last bytes of the page are reserved: nobody else reads them. */
    if (n == t->node->checked) checksum(p, n - CHECKSUM_BYTES, (uint8_t *)(uintptr_t)p + n - CHECKSUM_BYTES);
  }
  int put = host_write(t->node->slot, p, n, (double)at);
  return put == n ? SQLITE_OK : put == HOST_FULL || put >= 0 ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int fileTruncate(sqlite3_file *f, sqlite3_int64 n) {
  int rc = host_truncate(((File *)f)->node->slot, (double)n);
  return rc == 0 ? SQLITE_OK : rc == HOST_FULL ? SQLITE_FULL : SQLITE_IOERR_TRUNCATE;
}

static int fileSync(sqlite3_file *f, int flags) {
  (void)flags;
  int rc = host_flush(((File *)f)->node->slot);
  return rc == 0 ? SQLITE_OK : rc == HOST_FULL ? SQLITE_FULL : SQLITE_IOERR_FSYNC;
}

static int fileSize(sqlite3_file *f, sqlite3_int64 *out) {
  double n = host_size(((File *)f)->node->slot);
  if (n < 0) return SQLITE_IOERR_FSTAT;
  *out = (sqlite3_int64)n;
  return SQLITE_OK;
}

/* A file with checksums keeps its page size, as under SQLite's cksumvfs: VACUUM
   writes pages of the new size in pieces of the old one, and a checksum in each
   piece would overwrite what is in the middle of a page. */
static int fileControl(sqlite3_file *f, int op, void *arg) {
  char **pragma = arg; /* result, name, argument */
  if (op == SQLITE_FCNTL_PRAGMA && ((File *)f)->node->checked && pragma[2] && !sqlite3_stricmp(pragma[1], "page_size"))
    return SQLITE_OK;
  return SQLITE_NOTFOUND;
}
static int fileSector(sqlite3_file *f) { (void)f; return 4096; }
/* A write does not damage the bytes beside it, and open files stay. */
static int fileDevice(sqlite3_file *f) { (void)f; return SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN | SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

static const sqlite3_io_methods methods = { 2, fileClose, fileRead, fileWrite, fileTruncate, fileSync, fileSize,
  fileLock, fileUnlock, fileCheckReserved, fileControl, fileSector, fileDevice,
  fileShmMap, fileShmLock, fileShmBarrier, fileShmUnmap, 0, 0 };

static int vfsOpen(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *outFlags) {
  (void)v;
  File *t = (File *)f;
  memset(t, 0, sizeof *t);
  int slot = host_open(name ? name : "", name ? (int)strlen(name) : 0, flags);
  if (slot < 0) return SQLITE_CANTOPEN;
  t->node = nodeOpen(slot);
  if (!t->node) return SQLITE_CANTOPEN;
  t->mainDb = (flags & SQLITE_OPEN_MAIN_DB) != 0;
  t->base.pMethods = &methods;
  if (outFlags) *outFlags = flags;
  return SQLITE_OK;
}

/* Always flushed, whatever SQLite asks: a journal that comes back after a power
   cut is hot and would undo the transactions that are durable in the WAL since. */
static int vfsDelete(sqlite3_vfs *v, const char *name, int flush) {
  (void)v; (void)flush;
  int rc = host_delete(name, (int)strlen(name), 1);
  return rc == 0 ? SQLITE_OK : rc == HOST_FULL ? SQLITE_FULL : SQLITE_IOERR_DELETE;
}

static int vfsAccess(sqlite3_vfs *v, const char *name, int flags, int *out) {
  (void)v; (void)flags;
  *out = host_exists(name, (int)strlen(name));
  return SQLITE_OK;
}

static int vfsFull(sqlite3_vfs *v, const char *name, int n, char *out) {
  (void)v;
  size_t len = strlen(name);
  if ((int)len + 1 > n) return SQLITE_CANTOPEN;
  memcpy(out, name, len + 1);
  return SQLITE_OK;
}

static int vfsRandom(sqlite3_vfs *v, int n, char *p) { (void)v; return host_random(p, n); }
static int vfsSleep(sqlite3_vfs *v, int us) { (void)v; return us; }
#define JULIAN_MS_1970 210866760000000LL
static int vfsTime64(sqlite3_vfs *v, sqlite3_int64 *out) { (void)v; *out = JULIAN_MS_1970 + (sqlite3_int64)host_now(); return SQLITE_OK; }
static int vfsTime(sqlite3_vfs *v, double *out) { sqlite3_int64 t; vfsTime64(v, &t); *out = (double)t / 86400000.0; return SQLITE_OK; }
static int vfsLastError(sqlite3_vfs *v, int n, char *p) { (void)v; (void)n; (void)p; return 0; }

#define NAME_MAX_BYTES 512
static sqlite3_vfs vfs = { 2, sizeof(File), NAME_MAX_BYTES, 0, "rockpool", 0, vfsOpen, vfsDelete, vfsAccess, vfsFull,
  0, 0, 0, 0, vfsRandom, vfsSleep, vfsTime, vfsLastError, vfsTime64, 0, 0, 0 };

int sqlite3_os_init(void) { return sqlite3_vfs_register(&vfs, 1); }
int sqlite3_os_end(void) { return SQLITE_OK; }

/* The cipher seeds itself with this; ours keeps the module free of WASI. */
int getentropy(void *p, size_t n) { return host_random(p, (int)n) == (int)n ? 0 : -1; }
