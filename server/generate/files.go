package generate

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sort"

	"rockpool.dev/fault"
)

// Write puts files into a folder, by their names, and says which it changed.
func Write(dir string, files map[string][]byte) (changed []string, err error) {
	if changed, err = Stale(dir, files); err != nil || len(changed) == 0 {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fault.Wrap(fault.IO, "make "+dir, err)
	}
	for _, name := range changed {
		if err := os.WriteFile(filepath.Join(dir, name), files[name], 0o644); err != nil {
			return nil, fault.Wrap(fault.IO, "write "+name, err)
		}
	}
	return changed, nil
}

// Stale says which files of a folder are not there or differ, in the order of
// their names.
func Stale(dir string, files map[string][]byte) (names []string, err error) {
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fault.Wrap(fault.IO, "read "+name, err)
		}
		if err != nil || !bytes.Equal(got, want) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names, nil
}
