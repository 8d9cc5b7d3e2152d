//go:build !js

package sqlite

import (
	"encoding/binary"

	"github.com/ncruces/go-sqlite3/ext/serdes"
)

// pages reads what Conn.Pages returns, and the reserved bytes of a page.
func (e *engine) pages(first, n int) (pages []byte, count, reserved int, err error) {
	// This read also begins the snapshot of an open transaction: a backup does not.
	row, _, err := OneRow(e.c, "SELECT page_count, (SELECT count(*) FROM sqlite_schema) FROM pragma_page_count")
	if err != nil || row[0].Int() == 0 {
		return nil, 0, 0, err
	}
	file, err := serdes.Serialize(e.db, "main")
	if err != nil {
		return nil, 0, 0, native("read pages", err, "")
	}
	size := int(binary.BigEndian.Uint16(file[headerPageSizeAt:]))
	if size == 1 {
		size = pageBytesMax
	}
	from := min((first-1)*size, len(file))
	pages = file[from:min(from+n*size, len(file))]
	return pages, len(pages) / size, int(file[headerReservedAt]), nil
}
