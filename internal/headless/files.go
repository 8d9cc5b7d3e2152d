package headless

import (
	"errors"
	"os"
	"syscall"

	"rockpool.dev/fault"
)

// files implements provider.Files on the working folder. A lock keeps a second
// process off a database; the system lets go of it when its process dies,
// however it dies.
type files struct {
	c    *Client
	lock map[string]*os.File
}

// Open takes the lock. SQLite makes the files.
func (f *files) Open(id uint32, name string) {
	status, msg := uint16(0), ""
	if err := f.take(name); err != nil {
		status, msg = uint16(fault.StorageUnavailable), err.Error()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			status = uint16(fault.StorageLocked)
		}
	}
	f.c.later(func() { f.c.host.Files(id, status, msg) })
}

func (f *files) take(name string) error {
	if f.lock[name] != nil {
		return nil
	}
	file, err := os.OpenFile(name+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		return err
	}
	f.lock[name] = file
	return nil
}

// Close lets go of the lock.
func (f *files) Close(name string) {
	if file := f.lock[name]; file != nil {
		delete(f.lock, name)
		_ = file.Close()
	}
}

// Delete removes a closed database.
func (f *files) Delete(id uint32, name string) {
	status, msg := uint16(0), ""
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(name + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			status, msg = uint16(fault.StorageUnavailable), err.Error()
		}
	}
	f.c.later(func() { f.c.host.Files(id, status, msg) })
}
