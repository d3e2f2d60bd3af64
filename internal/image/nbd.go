package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/berthd/berth/internal/linux/nbd"
	"github.com/berthd/berth/internal/plan"
)

// imageUser is the container that needs an image, and the path at which the image's server listens if it
// has one. No other file system of any container has the same path.
type imageUser struct {
	container string
	socket    string
}

// The sockets of the servers, in the run directory.
const imageSockets = "image*.sock"

func imageSocket(runDir string, n int) string {
	return filepath.Join(runDir, strings.Replace(imageSockets, "*", strconv.Itoa(n), 1))
}

// serveNBD attaches an image that is not raw to a network block device, which qemu-nbd(8) serves. The
// device is disconnected with its last mount. The server then exits; until then it holds the image's lock.
func (m *Images) serveNBD(ctx context.Context, image *os.File, src plan.Source, by imageUser) (*os.File, error) {
	program, err := exec.LookPath("qemu-nbd")
	if err != nil {
		return nil, fmt.Errorf("format '%s' needs the program qemu-nbd (Debian's package qemu-utils): %w", src.Format, err)
	}
	locked, err := m.openLocked(ctx, image, src.ReadOnly, by)
	if err != nil {
		return nil, err
	}
	defer func() { _ = locked.Close() }()
	server, err := startServer(program, src, locked, by.socket)
	if err != nil {
		return nil, err
	}
	device, err := server.attach(ctx)
	if err == nil {
		if err = m.startHelper(ctx, by.container, uint32(server.cmd.Process.Pid)); err == nil {
			return device, nil
		}
		_ = device.Close()
	}
	return nil, server.end(err)
}

// server is a qemu-nbd under way.
type server struct {
	cmd  *exec.Cmd
	conn *net.UnixConn
	said lastWords
	done chan struct{} // closed at its end
}

// wordsFor bounds the wait for the last words of a server that has ended: a child that it left behind may
// still hold its standard error open.
const wordsFor = time.Second

// startServer executes qemu-nbd with a socket that listens already, so that nobody waits for a socket to
// appear. A later daemon finds the server by the socket's path.
func startServer(program string, src plan.Source, locked *os.File, socket string) (*server, error) {
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return nil, err
	}
	listener.SetUnlinkOnClose(false)
	defer func() { _ = listener.Close() }() // at once: with the server's own the last one is gone, and the end is seen
	theirs, err := listener.File()
	if err != nil {
		return nil, err
	}
	defer func() { _ = theirs.Close() }()
	s := &server{done: make(chan struct{})}
	// The socket is for the process of this number alone (sd_listen_fds(3)), which the shell knows.
	args := []string{"-c", `LISTEN_PID=$$ exec "$0" "$@"`, program, "--format=" + src.Format, "--discard=unmap"}
	if src.ReadOnly {
		args = append(args, "--read-only")
	}
	s.cmd = exec.Command("/bin/sh", append(args, "--", src.Path)...)
	s.cmd.Env = []string{"LISTEN_FDS=1", "PATH=" + os.Getenv("PATH")}
	s.cmd.ExtraFiles = []*os.File{theirs, locked}
	s.cmd.Stderr = &s.said
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	s.cmd.WaitDelay = wordsFor
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(s.done)
		_ = s.cmd.Wait()
	}()
	s.conn, err = net.DialUnix("unix", nil, &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return nil, s.end(err)
	}
	return s, nil
}

// attach connects the server to a device. When ctx ends, so does the server: the kernel, which asks it for
// partitions when the device is opened, waits without limit for one that hangs.
func (s *server) attach(ctx context.Context) (*os.File, error) {
	defer func() { _ = s.conn.Close() }()
	stop := context.AfterFunc(ctx, func() {
		_ = s.cmd.Process.Kill()
		_ = s.conn.Close()
	})
	defer stop()
	export, err := nbd.Negotiate(s.conn)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	socket, err := s.conn.File()
	if err != nil {
		return nil, err
	}
	defer func() { _ = socket.Close() }()
	return nbd.Attach(socket, export)
}

// end kills a server and returns the reason. The server's own last words are the reason if it exited by
// itself; otherwise they may be a mere warning, and err is returned.
func (s *server) end(err error) error {
	_ = s.cmd.Process.Kill()
	<-s.done
	if words := s.said.String(); words != "" && errors.Is(err, nbd.ErrEnded) {
		return errors.New(words)
	}
	return err
}

// lastWords keeps the last line that a server said, and passes all on to the daemon's own messages.
type lastWords struct {
	mu   sync.Mutex
	line string
}

func (w *lastWords) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if line := bytes.TrimSpace(p); len(line) > 0 {
		w.line = string(line[bytes.LastIndexByte(line, '\n')+1:])
	}
	return os.Stderr.Write(p)
}

// String gives the line without the program's name.
func (w *lastWords) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.TrimPrefix(w.line, "qemu-nbd: ")
}

// StopOrphans ends qemu-nbd processes whose daemon died before it connected a device: it connects once and
// hangs up, upon which they exit. One whose device is in use accepts no second client. It does not wait.
func (*Images) StopOrphans(runDir string) {
	sockets, _ := filepath.Glob(filepath.Join(runDir, imageSockets)) // the pattern is well-formed
	for _, path := range sockets {
		go func() {
			conn, err := net.Dial("unix", path)
			if err != nil {
				return
			}
			defer func() { _ = conn.Close() }()
			_, _ = nbd.Negotiate(conn)
		}()
	}
}
