/* Rows as chunks: the layout is sqlite.Chunk's, which the page decodes;
   sqlite/chunk_notjs.go writes the same bytes. */
#include "engine.h"

#define HEAD_BYTES 32
enum { STATE_MORE = 0, STATE_DONE, STATE_SMALL };

typedef struct Head { uint32_t rows, columns, cells, text, textBytes, blobs, state, bytes; } Head;
_Static_assert(sizeof(Head) == HEAD_BYTES, "the page reads eight words");

/* UTF-16 units of valid UTF-8, or -1. */
static int utf16(const uint8_t *s, int n) {
  int i = 0, out = 0;
  while (i + 8 <= n) {
    uint64_t w;
    memcpy(&w, s + i, 8);
    if (w & 0x8080808080808080ull) break;
    i += 8;
    out += 8;
  }
  while (i < n) {
    uint8_t c = s[i];
    if (c < 0x80) { i++; out++; continue; }
    int more;
    uint32_t point;
    if (c >= 0xC2 && c <= 0xDF) { more = 1; point = c & 0x1F; }
    else if ((c & 0xF0) == 0xE0) { more = 2; point = c & 0x0F; }
    else if (c >= 0xF0 && c <= 0xF4) { more = 3; point = c & 0x07; }
    else return -1;
    if (i + more >= n) return -1;
    for (int j = 1; j <= more; j++) {
      if ((s[i + j] & 0xC0) != 0x80) return -1;
      point = point << 6 | (s[i + j] & 0x3F);
    }
    if (more == 2 && (point < 0x800 || (point >= 0xD800 && point <= 0xDFFF))) return -1;
    if (more == 3 && (point < 0x10000 || point > 0x10FFFF)) return -1;
    i += more + 1;
    out += more == 3 ? 2 : 1;
  }
  return out;
}

typedef struct Writer { uint8_t *buf; uint32_t cols, rows, cells, text, at, blobs, cap, moved; } Writer;

/* Encodes the current row; 0 when it does not fit, -1 without memory. */
static int add(Writer *w, sqlite3_stmt *s) {
  uint32_t at = w->at, blobs = w->blobs, moved = w->moved;
  uint8_t *tag = w->buf + HEAD_BYTES + w->rows * w->cols;
  uint32_t *cell = (uint32_t *)(w->buf + w->cells) + 2 * w->rows * w->cols;
  for (uint32_t i = 0; i < w->cols; i++, cell += 2) {
    switch (sqlite3_column_type(s, (int)i)) {
      case SQLITE_INTEGER: { sqlite3_int64 v = sqlite3_column_int64(s, (int)i); memcpy(cell, &v, 8); tag[i] = TAG_INT; continue; }
      case SQLITE_FLOAT: { double v = sqlite3_column_double(s, (int)i); memcpy(cell, &v, 8); tag[i] = TAG_REAL; continue; }
      case SQLITE_NULL: cell[0] = cell[1] = 0; tag[i] = TAG_NULL; continue;
    }
    int text = sqlite3_column_type(s, (int)i) == SQLITE_TEXT;
    const uint8_t *p = text ? sqlite3_column_text(s, (int)i) : sqlite3_column_blob(s, (int)i);
    uint32_t n = (uint32_t)sqlite3_column_bytes(s, (int)i);
    if (!p && sqlite3_errcode(sqlite3_db_handle(s)) == SQLITE_NOMEM) return -1;
    if (n > w->blobs - w->at) { w->at = at; w->blobs = blobs; w->moved = moved; return 0; }
    int units = text ? utf16(p, (int)n) : -1;
    cell[0] = n;
    if (units >= 0) {
      if (n) memcpy(w->buf + w->at, p, n);
      w->at += n;
      cell[1] = (uint32_t)units;
      tag[i] = TAG_TEXT;
    } else {
      w->blobs -= n;
      if (n) memcpy(w->buf + w->blobs, p, n);
      cell[1] = w->blobs;
      tag[i] = text ? TAG_RAW : TAG_BLOB;
      w->moved++;
    }
  }
  w->rows++;
  return 1;
}

/* The bytes of a chunk of the current row alone. */
static uint32_t need(sqlite3_stmt *s, uint32_t cols) {
  uint32_t n = HEAD_BYTES + 9 * cols + 16;
  for (uint32_t i = 0; i < cols; i++) {
    int type = sqlite3_column_type(s, (int)i);
    if (type == SQLITE_TEXT) sqlite3_column_text(s, (int)i);
    if (type == SQLITE_TEXT || type == SQLITE_BLOB) n += (uint32_t)sqlite3_column_bytes(s, (int)i);
  }
  return n;
}

/* Closes the gaps that unused rows and room left, and writes the header. */
static uint32_t finish(Writer *w, uint32_t state) {
  uint32_t n = w->rows * w->cols, cells = (HEAD_BYTES + n + 7) & ~7u, text = cells + 8 * n;
  uint32_t at = text + w->at - w->text, blobs = (at + 7) & ~7u, end = blobs + w->cap - w->blobs;
  uint8_t *b = w->buf;
  memmove(b + cells, b + w->cells, 8 * n);
  memmove(b + text, b + w->text, w->at - w->text);
  memmove(b + blobs, b + w->blobs, w->cap - w->blobs);
  if (w->moved) {
    uint32_t *cell = (uint32_t *)(b + cells);
    for (uint32_t i = 0; i < n; i++)
      if (b[HEAD_BYTES + i] >= TAG_BLOB) cell[2 * i + 1] -= w->blobs - blobs;
  }
  memset(b + HEAD_BYTES + n, 0, cells - HEAD_BYTES - n);
  memset(b + at, 0, blobs - at);
  *(Head *)b = (Head){ w->rows, w->cols, cells, text, at - text, blobs, state, end };
  return end;
}

/* Encodes up to maxRows rows into buf, 8-aligned, of cap bytes, a multiple of 8.
   out: state, bytes a chunk of one row needs (STATE_SMALL), bytes of the chunk. */
EXPORT(sq_fetch) int sq_fetch(Stmt *t, uint8_t *buf, uint32_t cap, uint32_t maxRows, uint32_t *out) {
  Writer w = { buf, (uint32_t)t->columns, 0, 0, 0, 0, cap, cap, 0 };
  w.cells = (HEAD_BYTES + maxRows * w.cols + 7) & ~7u;
  w.text = w.at = w.cells + maxRows * w.cols * 8;
  uint32_t state = STATE_MORE;
  if (w.text > cap) return SQLITE_TOOBIG;
  while (w.rows < maxRows) {
    if (!t->pending) {
      int rc = stmtStep(t);
      if (rc != SQLITE_ROW) {
        if ((rc = stmtEnd(t, rc))) return rc;
        state = STATE_DONE;
        break;
      }
      t->pending = 1;
    }
    int ok = add(&w, t->s);
    if (ok < 0) { stmtEnd(t, SQLITE_NOMEM); return SQLITE_NOMEM; }
    if (!ok) {
      if (w.rows) break;
      out[0] = STATE_SMALL;
      out[1] = need(t->s, w.cols);
      return SQLITE_OK;
    }
    t->pending = 0;
  }
  out[0] = state;
  out[2] = finish(&w, state);
  return SQLITE_OK;
}
