package testpg

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// account is whom the server runs as.
type account struct {
	uid, gid uint32
	isOther  bool // another user than ours
}

// serverAccount returns the user postgres when we are root, else ourselves.
func serverAccount() (*account, error) {
	if os.Geteuid() != 0 {
		return &account{}, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("root may not run Postgres and there is no user postgres (`make setup` installs it): %w", err)
	}
	uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
	if errUID != nil || errGID != nil {
		return nil, fmt.Errorf("user postgres has uid %q and gid %q", u.Uid, u.Gid)
	}
	return &account{uid: uint32(uid), gid: uint32(gid), isOther: true}, nil
}

// own gives a folder to the account.
func (a *account) own(dir string) error {
	if !a.isOther {
		return nil
	}
	return os.Chown(dir, int(a.uid), int(a.gid))
}

// reaches says whether the account may make files in a folder: as root's
// helper it has no way through a folder of root's own.
func (a *account) reaches(dir string) bool {
	cmd := exec.Command("test", "-w", dir, "-a", "-x", dir)
	cmd.Dir, cmd.SysProcAttr = "/", a.attributes()
	return cmd.Run() == nil
}

// attributes makes a process run as the account, in a process group of its
// own: Kill9 reaches its backends, and a Ctrl-C meant for us does not reach it.
func (a *account) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if a.isOther {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attr
}

// findBin returns the folder of Postgres's server programs: of initdb on the
// PATH, else the newest under Debian's /usr/lib/postgresql.
func findBin() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		// A link on the PATH may have no server beside it: look where it leads.
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), nil
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("no initdb on the PATH nor under /usr/lib/postgresql: run `make setup` (Debian: apt-get install postgresql)")
	}
	slices.SortFunc(found, func(a, b string) int { return major(a) - major(b) })
	return filepath.Dir(found[len(found)-1]), nil
}

// major returns the version in /usr/lib/postgresql/VERSION/bin/initdb.
func major(path string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	if err != nil {
		return 0
	}
	return n
}
