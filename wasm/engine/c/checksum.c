/* Page checksums in the last 8 bytes of a page, as SQLite's own cksumvfs
   writes them (https://www.sqlite.org/cksumvfs.html), so that its tools and
   the native twin read the same files. */
#include "engine.h"

void checksum(const uint8_t *page, int n, uint8_t out[8]) {
  uint32_t s1 = 0, s2 = 0, w[2];
  for (int i = 0; i + 8 <= n; i += 8) {
    memcpy(w, page + i, 8);
    s1 += w[0] + s2;
    s2 += w[1] + s1;
  }
  memcpy(out, &s1, 4);
  memcpy(out + 4, &s2, 4);
}
