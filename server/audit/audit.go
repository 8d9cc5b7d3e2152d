// Package audit keeps who did what: one JSON line for each client transaction
// that was settled, each with the hash of the line before it, so that a line
// that was changed or taken out shows. It owns the file; it records no values.
package audit

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"

	"rockpool.dev/changelog"
	"rockpool.dev/fault"
)

// Entry is one settled client transaction.
type Entry struct {
	Epoch  uint32 `json:"epoch"`
	Seq    uint64 `json:"seq"`
	Micros int64  `json:"micros"`
	Client string `json:"client"`
	User   string `json:"user,omitempty"`
	Mid    uint64 `json:"mid"`
	Status uint8  `json:"status"`
	// Rows counts the changed rows by table number.
	Rows map[uint32]int `json:"rows,omitempty"`
	// Prev is the SHA-256 of the line before, in hexadecimal.
	Prev string `json:"prev"`
}

// Log is an open audit file. For one goroutine at a time.
type Log struct {
	f    *os.File
	prev string
	err  error
}

// lineBytesMax bounds one line.
const lineBytesMax = 1 << 20

// Open opens or makes a file and finds its last hash; "" keeps nothing.
// fault.Corrupt when the chain is broken.
func Open(path string) (*Log, error) {
	if path == "" {
		return &Log{}, nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fault.Wrap(fault.IO, "open the audit file", err)
	}
	_, last, err := Verify(f)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &Log{f: f, prev: last}, nil
}

// Add writes what a log record settled. user is who the client belongs to, or
// "". Close tells an error.
func (l *Log) Add(rec *changelog.Tx, user func(client string) string) {
	if l.f == nil || l.err != nil {
		return
	}
	for i := range rec.Origins {
		o := &rec.Origins[i]
		e := Entry{
			Epoch: rec.Pos.Epoch, Seq: rec.Pos.Seq, Micros: rec.CommitMicros, Client: o.Client, User: user(o.Client),
			Mid: o.Outcome.Mid, Status: uint8(o.Outcome.Status), Rows: map[uint32]int{}, Prev: l.prev,
		}
		for j := range rec.Changes {
			if rec.By(&rec.Changes[j]) == o {
				e.Rows[rec.Changes[j].Table]++
			}
		}
		line, err := json.Marshal(e)
		if err == nil {
			_, err = l.f.Write(append(line, '\n'))
		}
		if err != nil {
			l.err = fault.Wrap(fault.IO, "write the audit file", err)
			return
		}
		l.prev = hash(line)
	}
}

// Close closes the file and tells the first error there was.
func (l *Log) Close() error {
	if l.f == nil {
		return nil
	}
	if err := l.f.Close(); l.err == nil && err != nil {
		l.err = fault.Wrap(fault.IO, "close the audit file", err)
	}
	l.f = nil
	return l.err
}

// Verify reads a file from its start and checks the chain. It returns the
// number of lines and the last one's hash. fault.Corrupt names the line.
func Verify(r io.ReadSeeker) (lines int, last string, err error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return 0, "", fault.Wrap(fault.IO, "read the audit file", err)
	}
	scan := bufio.NewScanner(r)
	scan.Buffer(nil, lineBytesMax)
	for scan.Scan() {
		var e Entry
		if err := json.Unmarshal(scan.Bytes(), &e); err != nil || e.Prev != last {
			return lines, last, fault.New(fault.Corrupt, "verify the audit file", "the chain is broken after line "+itoa(lines)).
				WithHint("keep the file as it is, and start a new one")
		}
		last = hash(scan.Bytes())
		lines++
	}
	if err := scan.Err(); err != nil && !errors.Is(err, io.EOF) {
		return lines, last, fault.Wrap(fault.IO, "read the audit file", err)
	}
	return lines, last, nil
}

func hash(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

func itoa(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}
