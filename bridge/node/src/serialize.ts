/** Pages of a database as a file of their own, as sqlite.Conn.Pages makes them. */

/** Places in the header of a database file, https://www.sqlite.org/fileformat2.html#the_database_header. */
const VERSIONS_AT = 18
const RESERVED_AT = 20
const JOURNAL = 1
const CHECKSUM_BYTES = 8

/** Joins them: not in WAL mode, so that the file stands alone, and with checksums where pages have room for them. */
export function joinPages(pages: readonly Uint8Array[]): Buffer {
  const file = Buffer.concat(pages)
  const size = pages[0]?.length ?? 0
  if (size === 0) return file
  file.fill(JOURNAL, VERSIONS_AT, VERSIONS_AT + 2)
  if (file[RESERVED_AT] === CHECKSUM_BYTES)
    for (let at = 0; at < file.length; at += size) seal(new DataView(file.buffer, file.byteOffset + at, size))
  return file
}

/** Writes a page's checksum into its last bytes, https://www.sqlite.org/cksumvfs.html. */
function seal(page: DataView): void {
  let s1 = 0,
    s2 = 0
  const end = page.byteLength - CHECKSUM_BYTES
  for (let at = 0; at < end; at += 8) {
    s1 = (s1 + page.getUint32(at, true) + s2) >>> 0
    s2 = (s2 + page.getUint32(at + 4, true) + s1) >>> 0
  }
  page.setUint32(end, s1, true)
  page.setUint32(end + 4, s2, true)
}
