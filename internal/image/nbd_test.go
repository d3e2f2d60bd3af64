package image

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/berthd/berth/internal/linux/nbd"
	"github.com/berthd/berth/internal/plan"
)

// program is a script in qemu-nbd's place.
func program(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "qemu-nbd")
	syscall.ForkLock.RLock()                                            // a child of another test would have it open for writing until it executes: ETXTBSY
	err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700) //nolint:gosec // it is executed
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestServerIsTold: the server is told what to serve and where to listen, and holds the image's
// lock until it ends.
func TestServerIsTold(t *testing.T) {
	t.Parallel()
	image, other := readers(t)
	l := unusedLocks(t)
	locked, err := l.take(t.Context(), image, false, "one")
	if err != nil {
		t.Fatal(err)
	}
	src := plan.Source{Path: "/images/-a b", Format: "qcow2", ReadOnly: true}
	const script = `[ "$LISTEN_PID $LISTEN_FDS" = "$$ 1" ] && echo "qemu-nbd: $*" >&2; exec sleep 1000`
	s, err := startServer(program(t, script), src, locked, filepath.Join(t.TempDir(), "sock"))
	if err != nil {
		t.Fatal(err)
	}
	_ = locked.Close()
	if _, err := l.take(t.Context(), other, false, "two"); !errors.Is(err, errImageInUse) {
		t.Errorf("while it serves: %v", err)
	}
	for end := time.Now().Add(time.Minute); s.stderr.String() == "" && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	const want = "--format=qcow2 --discard=unmap --read-only -- /images/-a b"
	if err := s.end(nbd.ErrEnded); err == nil || err.Error() != want {
		t.Errorf("it was told %q", err)
	}
	held, err := l.take(t.Context(), other, false, "two")
	if err != nil {
		t.Error(err)
	}
	_ = held.Close()
}

// TestServersInTurn: an image can be served at the place of one that is not served any more.
func TestServersInTurn(t *testing.T) {
	t.Parallel()
	locked, _ := readers(t)
	socket := filepath.Join(t.TempDir(), "sock")
	for range 2 {
		s, err := startServer(program(t, "exec sleep 1000"), plan.Source{}, locked, socket)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.end(nil); err != nil {
			t.Error(err)
		}
	}
}

// TestServerFails: a server that fails is quoted in the error.
func TestServerFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ script, want string }{
		"with words":    {`echo "qemu-nbd: warning" >&2; echo "qemu-nbd: Image is not in qcow2 format" >&2; exit 1`, "Image is not in qcow2 format"},
		"without words": {"exit 1", "the NBD server ended the connection"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			locked, _ := readers(t)
			s, err := startServer(program(t, c.script), plan.Source{}, locked, filepath.Join(t.TempDir(), "sock"))
			if err != nil {
				t.Fatal(err)
			}
			device, err := s.attach(t.Context())
			if err == nil {
				t.Fatal(device.Name())
			}
			if err = s.end(err); !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// TestNoServer: an image that needs qemu-nbd, on a host without it, names the package.
func TestNoServer(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	s := &Images{}
	image := file16(t)
	_, err := s.tree(t.Context(), plan.Source{Path: image, Kind: plan.SourceImage, Format: "vdi"}, imageUser{socket: filepath.Join(t.TempDir(), "sock")})
	if err == nil || !strings.Contains(err.Error(), "format 'vdi' needs the program qemu-nbd (Debian's package qemu-utils)") {
		t.Error(err)
	}
}
