//go:build !js

package sqlite

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
	_ "github.com/ncruces/go-sqlite3/vfs/mvcc" // databases in memory that connections share
	_ "github.com/ncruces/go-sqlite3/vfs/xts"  // Options.Key

	"rockpool.dev/fault"
)

// engine is the native half of a Conn.
type engine struct {
	c     *Conn
	db    *sqlite3.Conn
	stop  *stopper
	log   captureLog
	ids   map[string]uint32
	guard *Guard // of the statement that is compiled or run
	// What the authorizer saw while a statement was compiled.
	unique  bool
	denied  *refusal
	savOp   string
	savName string
}

// Version returns SQLite's version, as "3.53.2".
func Version() string {
	db, err := sqlite3.Open(":memory:")
	if err != nil {
		return ""
	}
	defer db.Close()
	s, _, err := db.Prepare("SELECT sqlite_version()")
	if err != nil || !s.Step() {
		return ""
	}
	defer s.Close()
	return s.ColumnText(0)
}

func (e *engine) open(c *Conn, o Options) (err error) {
	defer outOfMemory("open", &err)
	e.c, e.stop = c, &stopper{}
	flags := sqlite3.OPEN_READWRITE | sqlite3.OPEN_CREATE | sqlite3.OPEN_URI
	if o.ReadOnly {
		flags = sqlite3.OPEN_READONLY | sqlite3.OPEN_URI
	}
	name, err := fileURI(o)
	if err != nil {
		return err
	}
	if e.db, err = sqlite3.OpenFlags(name, flags); err != nil {
		return native("open", err, "")
	}
	e.db.SetInterrupt(e.stop)
	e.db.Limit(sqlite3.LIMIT_LENGTH, ValueBytesMax)
	if _, err := e.db.Config(sqlite3.DBCONFIG_DEFENSIVE, true); err != nil {
		return native("open", err, "")
	}
	if err := e.db.SetAuthorizer(e.authorize); err != nil {
		return native("open", err, "")
	}
	return nil
}

// fileURI names the file, its VFS and its key for ncruces.
func fileURI(o Options) (string, error) {
	if o.Memory {
		return ":memory:", nil
	}
	q := url.Values{}
	path := o.Name
	if vfs, ok := o.FS.(string); ok && vfs != "" {
		q.Set("vfs", vfs)
	} else if o.FS != nil {
		return "", fault.New(fault.InvalidArgument, "open", "Options.FS is not the name of a VFS").WithHint("give the name of a registered one, or nil")
	}
	if strings.HasPrefix(path, memoryPrefix) {
		if len(o.Key) > 0 {
			return "", fault.New(fault.InvalidArgument, "open", "a database in memory has no key").WithHint("leave Options.Key empty")
		}
		path = "/" + path
		q.Set("vfs", "mvcc")
	}
	if len(o.Key) > 0 {
		sum := sha512.Sum512(o.Key) // 64 bytes: AES-256-XTS
		q.Set("vfs", "xts")
		q.Set("hexkey", hex.EncodeToString(sum[:]))
	}
	return (&url.URL{Scheme: "file", OmitHost: true, Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String(), nil
}

func (e *engine) reserveChecksums() error {
	_, err := e.db.FileControl("main", sqlite3.FCNTL_RESERVE_BYTES, 8)
	return native("reserve page checksums", err, "")
}

func (e *engine) close() error {
	if e.db == nil {
		return nil
	}
	e.stop.fn = nil
	return native("close database", e.db.Close(), "")
}

func (e *engine) autocommit() bool    { return e.db.GetAutocommit() }
func (e *engine) changes() int64      { return e.db.Changes() }
func (e *engine) totalChanges() int64 { return e.db.TotalChanges() }
func (e *engine) lastInsertID() int64 { return e.db.LastInsertRowID() }
func (e *engine) setGuard(*Guard)     {}

func (e *engine) setProgress(n int, stop func() bool) {
	e.stop.fn, e.stop.every, e.stop.steps = stop, n, 0
}

func (e *engine) flush() error {
	if e.c.opt.Memory || strings.HasPrefix(e.c.opt.Name, memoryPrefix) {
		return nil
	}
	if e.c.opt.FS != nil {
		// The VFS is the test's own: a checkpoint is the only flush it can see.
		return nil
	}
	f, err := os.OpenFile(e.c.opt.Name+"-wal", os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fault.Wrap(fault.IO, "flush", err)
	}
	err = f.Sync()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return fault.Wrap(fault.IO, "flush", err)
}

func (e *engine) walBytes() int64 {
	info, err := os.Stat(e.c.opt.Name + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}

func (e *engine) checkpoint(mode CheckpointMode) (frames, done int, err error) {
	frames, done, err = e.db.WALCheckpoint("main", sqlite3.CheckpointMode(mode))
	return max(frames, 0), max(done, 0), native("checkpoint", err, "")
}

// stopper is the context that ncruces asks every 1,000 steps. It also asks
// before each call, which is not a step: skip says so.
type stopper struct {
	fn           func() bool
	every, steps int
	skip         bool
}

const stepsPerCheck = 1000

func (s *stopper) Deadline() (time.Time, bool) { return time.Time{}, false }
func (s *stopper) Done() <-chan struct{}       { return nil }
func (s *stopper) Value(any) any               { return nil }
func (s *stopper) Err() error {
	if s.skip {
		s.skip = false
		return nil
	}
	if s.fn == nil {
		return nil
	}
	if s.steps += stepsPerCheck; s.steps < s.every {
		return nil
	}
	s.steps = 0
	if s.fn() {
		return context.Canceled
	}
	return nil
}

// native turns an error of ncruces into ours. sql is the text that was
// compiled, for the offset.
func native(op string, err error, sql string) error {
	if err == nil {
		return nil
	}
	var code sqlite3.ExtendedErrorCode
	if !errors.As(err, &code) {
		return fault.Wrap(fault.Internal, op, err)
	}
	msg := strings.TrimPrefix(strings.TrimPrefix(err.Error(), code.Error()), ": ")
	offset := -1
	var e *sqlite3.Error
	if errors.As(err, &e) && sql != "" && e.SQL() != "" {
		offset = len(sql) - len(e.SQL())
	}
	return newError(op, int(code), msg, offset)
}

// outOfMemory turns ncruces's panic into an error.
func outOfMemory(op string, err *error) {
	if r := recover(); r != nil {
		if e, ok := r.(error); ok && strings.Contains(e.Error(), "out of memory") {
			*err = newError(op, codeNoMem, "", -1)
			return
		}
		panic(r)
	}
}
