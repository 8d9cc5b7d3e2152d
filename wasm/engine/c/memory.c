/* The engine's memory: a fixed region below Go's data. C never grows memory,
   so an exhausted heap is SQLITE_NOMEM, after which all works on. */
#include "engine.h"

#define PAGE_BYTES 4096
#define ALLOC_MIN 64

/* Called once by the loader. The first pages slots of the region are the page
   cache: memsys5 rounds up to powers of two and would spend 8 KiB on a page. */
EXPORT(sq_init) int sq_init(uint8_t *heap, int len, int pages) {
  int header = 0, rc = SQLITE_OK;
  if (pages > 0) {
    sqlite3_config(SQLITE_CONFIG_PCACHE_HDRSZ, &header);
    int slot = (PAGE_BYTES + header + 7) & ~7;
    if ((int64_t)slot * pages >= len) return SQLITE_NOMEM;
    rc = sqlite3_config(SQLITE_CONFIG_PAGECACHE, heap, slot, pages);
    heap += slot * pages;
    len -= slot * pages;
  }
  if (!rc) rc = sqlite3_config(SQLITE_CONFIG_HEAP, heap, len, ALLOC_MIN);
  return rc ? rc : sqlite3_initialize();
}

/* 0 heap bytes used, 1 the most so far, 2 page slots used, 3 the most, 4 page
   bytes that overflowed to the heap at most. */
EXPORT(sq_memory) int sq_memory(int what) {
  int cur = 0, high = 0;
  sqlite3_status(what < 2 ? SQLITE_STATUS_MEMORY_USED : what < 4 ? SQLITE_STATUS_PAGECACHE_USED : SQLITE_STATUS_PAGECACHE_OVERFLOW, &cur, &high, 0);
  return what == 0 || what == 2 ? cur : high;
}

EXPORT(sq_version) const char *sq_version(void) { return sqlite3_libversion(); }

/* The linker puts the stack above the static data, so an overflow would
   overwrite data without a word. paint fills the unused part and returns the
   size; without it the most bytes used since. */
extern unsigned char __stack_low, __stack_high;
EXPORT(sq_stack) int sq_stack(int paint) {
  unsigned char here, *p = &__stack_low, *end = &here - 1024;
  if (paint) {
    for (volatile unsigned char *q = p; q < end; q++) *q = 0xA5;
    return (int)(&__stack_high - &__stack_low);
  }
  while (p < end && *p == 0xA5) p++;
  return (int)(&__stack_high - p);
}
