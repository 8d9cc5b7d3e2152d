package sim

import (
	"os"
)

// A relay's files are a database and its WAL, on the operating system's disk.
// What a crash may lose is the end of the WAL: what is behind the length at the
// last flush may be there, gone, or cut in the middle of a frame.

// walBytes is the present length of a database's WAL.
func walBytes(name string) int64 {
	st, err := os.Stat(name + "-wal")
	if err != nil {
		return 0
	}
	return st.Size()
}

// crashCopy makes the files that a crash leaves: the database, and the first
// keep bytes of its WAL.
func crashCopy(from, to string, keep int64) error {
	main, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	wal, err := os.ReadFile(from + "-wal")
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.WriteFile(to, main, 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(to+"-wal", wal[:min(keep, int64(len(wal)))], 0o600); err != nil {
		return err
	}
	return nil
}

func removeFiles(name string) {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(name + suffix)
	}
}
