package sqlite

import "encoding/binary"

// Places in the header of a database file, and the bytes of a page checksum:
// https://www.sqlite.org/fileformat2.html#the_database_header,
// https://www.sqlite.org/cksumvfs.html.
const (
	headerPageSizeAt = 16 // two bytes, big-endian; 1 is pageBytesMax
	headerVersionsAt = 18 // one byte for writers, one for readers: 1 journal, 2 WAL
	headerReservedAt = 20
	checksumBytes    = 8
	pageBytesMax     = 65536
)

// Pages returns up to n pages of the main database from page first on (the
// first is 1), one behind the other, and how many there are: fewer than n at
// the end. Inside a transaction all calls read its snapshot. All pages together
// are a database file of their own: not in WAL mode, so that it stands alone,
// and with page checksums where pages have room for them. Under Options.Key
// they are in the clear. Natively each call copies the whole database.
func (c *Conn) Pages(first, n int) (pages []byte, count int, err error) {
	if c.closed {
		return nil, 0, closed("read pages")
	}
	pages, count, reserved, err := c.eng.pages(first, n)
	if err != nil || count == 0 {
		return nil, 0, err
	}
	if first == 1 {
		pages[headerVersionsAt], pages[headerVersionsAt+1] = 1, 1
	}
	if reserved == checksumBytes {
		size := len(pages) / count
		for at := 0; at < len(pages); at += size {
			seal(pages[at : at+size])
		}
	}
	return pages, count, nil
}

// seal writes a page's checksum into its last bytes.
func seal(page []byte) {
	var s1, s2 uint32
	body := page[:len(page)-checksumBytes]
	for at := 0; at < len(body); at += 8 {
		s1 += binary.LittleEndian.Uint32(body[at:]) + s2
		s2 += binary.LittleEndian.Uint32(body[at+4:]) + s1
	}
	binary.LittleEndian.PutUint32(page[len(body):], s1)
	binary.LittleEndian.PutUint32(page[len(body)+4:], s2)
}
