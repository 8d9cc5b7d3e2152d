package sim

import (
	"strings"
	"sync"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// storageFS is the name of the VFS that clients' files are on: the operating
// system's, whose files can be made to grow no further.
const storageFS = "rockpool-sim"

func init() { vfs.Register(storageFS, storage{vfs.Find("os")}) }

// fullFiles holds the databases that have no room left, by name.
var fullFiles sync.Map

type storage struct{ vfs.VFS }

// OpenFilename implements vfs.VFSFilename, without which a file has no WAL.
func (s storage) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, out, err := s.VFS.(vfs.VFSFilename).OpenFilename(name, flags)
	if err != nil {
		return nil, out, err
	}
	return &storageFile{f, strings.TrimSuffix(name.String(), "-wal")}, out, nil
}

type storageFile struct {
	vfs.File
	database string
}

// Unwrap implements vfs.FileUnwrap.
func (f *storageFile) Unwrap() vfs.File { return f.File }

// SharedMemory implements vfs.FileSharedMemory.
func (f *storageFile) SharedMemory() vfs.SharedMemory {
	if m, ok := f.File.(vfs.FileSharedMemory); ok {
		return m.SharedMemory()
	}
	return nil
}

// WriteAt fails like a full disk where the file would grow.
func (f *storageFile) WriteAt(p []byte, off int64) (int, error) {
	if _, full := fullFiles.Load(f.database); full {
		if size, err := f.Size(); err != nil || off+int64(len(p)) > size {
			return 0, sqlite3.FULL
		}
	}
	return f.File.WriteAt(p, off)
}
