/* What the engine needs from JavaScript and from Go: see ../README.md. */
#ifndef ROCKPOOL_HOST_H
#define ROCKPOOL_HOST_H

#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name)))
#define HOST(name) __attribute__((import_module("host"), import_name(#name)))
#define GO(name) __attribute__((import_module("go"), import_name(#name)))

/* Files. A slot is a small number, the same for all who open one name.
   Offsets and sizes are doubles: exact up to 2^53. Negative answers are
   errors: HOST_FULL when storage or quota is exhausted, HOST_IO for the rest. */
#define HOST_IO (-1)
#define HOST_FULL (-2)
HOST(open)     int host_open(const char *name, int len, int flags);
HOST(close)    int host_close(int slot);
HOST(read)     int host_read(int slot, void *to, int n, double at);
HOST(write)    int host_write(int slot, const void *from, int n, double at);
HOST(truncate) int host_truncate(int slot, double size);
HOST(flush)    int host_flush(int slot);
HOST(size)     double host_size(int slot);
HOST(delete)   int host_delete(const char *name, int len, int flush);
HOST(exists)   int host_exists(const char *name, int len);
/* Milliseconds since 1970. */
HOST(now)      double host_now(void);
HOST(random)   int host_random(void *to, int n);

/* The one call into Go, for what only Go knows: functions, collations, the
   guard, the deadline. It must not block and must not call the engine. */
enum { GO_SCALAR = 1, GO_STEP, GO_FINAL, GO_COLLATE, GO_AUTHORIZE, GO_PROGRESS };
GO(sqlite_call) int go_call(int what, int id, int a, int b, int c, int d);

#endif
