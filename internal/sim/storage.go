package sim

import (
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// storageFS is the name of the VFS that clients' files are on: memory that
// knows what has been flushed. A crash may keep, lose or tear every write that
// was not, each for itself; a file may be made to grow no further, and a
// process to die at its nth write.
const storageFS = "rockpool-sim"

func init() { vfs.Register(storageFS, &disk) }

// sectorBytes is what a device writes as a whole: torn writes end between two.
const sectorBytes = 512

// disk holds every run's files, by path.
var disk = storage{files: map[string]*storedFile{}}

type storage struct {
	mu    sync.Mutex
	files map[string]*storedFile
}

// storedFile is one file; its run's thread alone touches it.
type storedFile struct {
	data  []byte
	fresh []storedWrite // since the last flush, oldest first
	*storedDatabase
}

// storedDatabase is what a database's files have in common.
type storedDatabase struct {
	full bool   // nothing may grow
	fuse int    // writes and flushes until the process dies, 0 for no such end
	dead bool   // it has died: nothing is written any more
	died func() // told once
}

// storedWrite is a write, or a truncation where data is nil, and what it
// replaced.
type storedWrite struct {
	off  int
	data []byte
	size int // of the file before
	old  []byte
}

// file returns a file by its path, or nil.
func (s *storage) file(name string) *storedFile {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.files[name]
}

// database returns what the files of a database have in common, or nil.
func (s *storage) database(name string) *storedDatabase {
	if f := s.file(name); f != nil {
		return f.storedDatabase
	}
	return nil
}

func (s *storage) put(name string, data []byte, db *storedDatabase) *storedFile {
	f := &storedFile{data: data, storedDatabase: db}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[name] = f
	return f
}

// flush makes what a database has written durable.
func (s *storage) flush(name string) {
	for _, suffix := range []string{"", "-wal"} {
		if f := s.file(name + suffix); f != nil && !f.burn() {
			f.fresh = nil
		}
	}
}

// crash makes the files that a crash leaves of a database. What has not been
// flushed is decided by the random numbers: all of it there, none, or each write
// there, lost or cut between two sectors. Without them it is none.
func (s *storage) crash(from, to string, rng *rand.Rand) (kept, lost, torn int) {
	db := &storedDatabase{}
	mode := 0
	if rng != nil {
		mode = rng.IntN(4)
	}
	for _, suffix := range []string{"", "-wal"} {
		f := s.file(from + suffix)
		if f == nil {
			continue
		}
		data := slices.Clone(f.data)
		for _, w := range slices.Backward(f.fresh) {
			data = w.undo(data)
		}
		for _, w := range f.fresh {
			keep := len(w.data)
			switch {
			case mode == 0 || mode > 1 && rng.IntN(4) == 0:
				lost++
				continue
			case mode > 1 && keep > sectorBytes && rng.IntN(4) == 0:
				keep = sectorBytes * rng.IntN(keep/sectorBytes)
				torn++
			default:
				kept++
			}
			data = w.redo(data, keep)
		}
		s.put(to+suffix, data, db)
	}
	return kept, lost, torn
}

// remove deletes a database's files.
func (s *storage) remove(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.files, name)
	delete(s.files, name+"-wal")
}

// clear deletes every file of a folder.
func (s *storage) clear(dir string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.files {
		if strings.HasPrefix(name, dir) {
			delete(s.files, name)
		}
	}
}

func (w *storedWrite) redo(data []byte, keep int) []byte {
	if w.data == nil {
		return data[:min(w.off, len(data))]
	}
	if missing := w.off + keep - len(data); missing > 0 {
		data = append(data, make([]byte, missing)...)
	}
	copy(data[w.off:], w.data[:keep])
	return data
}

func (w *storedWrite) undo(data []byte) []byte {
	if w.data == nil {
		return append(data[:w.off], w.old...)
	}
	copy(data[w.off:], w.old)
	return data[:w.size]
}

// Open implements vfs.VFS, for files without a name.
func (s *storage) Open(_ string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	return &vfsutil.SliceFile{}, flags | vfs.OPEN_MEMORY, nil
}

// OpenFilename implements vfs.VFSFilename, without which a file has no WAL.
func (s *storage) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	if name == nil {
		return s.Open("", flags)
	}
	path := name.String()
	f := s.file(path)
	if f == nil {
		if flags&vfs.OPEN_CREATE == 0 {
			return nil, flags, sqlite3.CANTOPEN
		}
		db := s.database(strings.TrimSuffix(path, "-wal"))
		if db == nil {
			db = &storedDatabase{}
		}
		f = s.put(path, nil, db)
	}
	return &openFile{f, vfs.NewSharedMemory(path+"-shm", flags)}, flags, nil
}

// Delete implements vfs.VFS.
func (s *storage) Delete(name string, _ bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files[name] == nil {
		return sqlite3.IOERR_DELETE_NOENT
	}
	delete(s.files, name)
	return nil
}

// Access implements vfs.VFS.
func (s *storage) Access(name string, _ vfs.AccessFlag) (bool, error) {
	return s.file(name) != nil, nil
}

// FullPathname implements vfs.VFS.
func (s *storage) FullPathname(name string) (string, error) { return filepath.Abs(name) }

// openFile is a handle of a file. A database has one connection at a time, so
// nobody asks for a lock that another has.
type openFile struct {
	*storedFile
	shm vfs.SharedMemory
}

// SharedMemory implements vfs.FileSharedMemory.
func (f *openFile) SharedMemory() vfs.SharedMemory { return f.shm }

// Close implements vfs.File.
func (f *openFile) Close() error { return nil }

// ReadAt implements vfs.File.
func (f *openFile) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(f.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// burn counts a write or a flush, and reports whether the process is dead.
func (f *storedFile) burn() bool {
	if f.fuse > 0 {
		if f.fuse--; f.fuse == 0 {
			f.dead = true
			f.died()
		}
	}
	return f.dead
}

// WriteAt fails like a full disk where the file would grow.
func (f *openFile) WriteAt(p []byte, off int64) (int, error) {
	at, size := int(off), len(f.data)
	if f.full && at+len(p) > size {
		return 0, sqlite3.FULL
	}
	if f.burn() {
		return 0, sqlite3.IOERR_WRITE
	}
	w := storedWrite{off: at, data: slices.Clone(p), size: size}
	if at < size {
		w.old = slices.Clone(f.data[at:min(size, at+len(p))])
	}
	f.fresh = append(f.fresh, w)
	f.data = w.redo(f.data, len(p))
	return len(p), nil
}

// Truncate implements vfs.File.
func (f *openFile) Truncate(size int64) error {
	if f.burn() {
		return sqlite3.IOERR_TRUNCATE
	}
	n := int(size)
	if n >= len(f.data) {
		return nil
	}
	w := storedWrite{off: n, size: len(f.data), old: slices.Clone(f.data[n:])}
	f.fresh = append(f.fresh, w)
	f.data = f.data[:n]
	return nil
}

// Sync implements vfs.File.
func (f *openFile) Sync(vfs.SyncFlag) error {
	if f.burn() {
		return sqlite3.IOERR_FSYNC
	}
	f.fresh = nil
	return nil
}

// Size implements vfs.File.
func (f *openFile) Size() (int64, error) { return int64(len(f.data)), nil }

// Lock implements vfs.File.
func (f *openFile) Lock(vfs.LockLevel) error { return nil }

// Unlock implements vfs.File.
func (f *openFile) Unlock(vfs.LockLevel) error { return nil }

// CheckReservedLock implements vfs.File.
func (f *openFile) CheckReservedLock() (bool, error) { return false, nil }

// SectorSize implements vfs.File.
func (f *openFile) SectorSize() int { return sectorBytes }

// DeviceCharacteristics implements vfs.File.
func (f *openFile) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return vfs.IOCAP_POWERSAFE_OVERWRITE
}
