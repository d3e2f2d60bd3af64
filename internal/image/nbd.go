package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/berthd/berth/internal/linux/hostlimit"
	"github.com/berthd/berth/internal/linux/nbd"
	"github.com/berthd/berth/internal/plan"
)

// imageUser is the container that needs an image, and the path for the socket of the image's server. The path
// is unique among the file systems of all containers.
type imageUser struct {
	container string
	slice     string // systemd's, of the container's scope
	socket    string
	label     string // the security label of all files of the mount; "" if it has none
}

// imageSockets matches the sockets of the servers in a run directory.
const imageSockets = "image*.sock"

func imageSocket(runDir string, n int) string {
	return filepath.Join(runDir, strings.Replace(imageSockets, "*", strconv.Itoa(n), 1))
}

// serveNBD attaches an image that is not raw to a network block device. qemu-nbd(8) serves the device. The
// kernel disconnects the device with its last mount. Then the server exits; until then it holds the image's
// lock.
func (m *Images) serveNBD(ctx context.Context, image *os.File, src plan.Source, by imageUser) (*os.File, error) {
	program, err := exec.LookPath("qemu-nbd")
	if err != nil {
		return nil, fmt.Errorf("format '%s' needs the program qemu-nbd (Debian's package qemu-utils): %w", src.Format, err)
	}
	if !src.ReadOnly { // qemu-nbd would say less of why it cannot write
		writable, err := reopen(image, os.O_RDWR)
		if err != nil {
			return nil, err
		}
		_ = writable.Close()
	}
	held, err := m.locks.take(ctx, image, src.ReadOnly, by.socket)
	if err != nil {
		return nil, err
	}
	defer func() { _ = held.Close() }() // the server has it as well
	server, err := startServer(program, src, held, by.socket)
	if err != nil {
		return nil, err
	}
	device, err := server.attach(ctx)
	if err == nil {
		if err = m.startHelper(ctx, by.container, by.slice, uint32(server.cmd.Process.Pid)); err == nil {
			return device, nil
		}
		_ = device.Close()
	}
	return nil, server.end(err)
}

// server is a qemu-nbd that runs.
type server struct {
	cmd    *exec.Cmd
	conn   *net.UnixConn
	stderr lastLine
	done   chan struct{} // closed when the process has ended
}

// stderrLimit is how long to wait for the end of the standard error of a server that has ended: a child of
// the server may still hold it open.
const stderrLimit = time.Second

// startServer executes qemu-nbd and connects to it. The socket listens already when qemu-nbd starts, so
// nobody has to wait for it to appear. A later daemon finds the server by the socket's path.
func startServer(program string, src plan.Source, held *os.File, socket string) (*server, error) {
	// The server of an image that the run had at this place before has left its socket behind.
	if err := os.Remove(socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return nil, err
	}
	listener.SetUnlinkOnClose(false)
	defer func() { _ = listener.Close() }() // not kept: the server's copy must be the last, so that its end is seen
	theirs, err := listener.File()
	if err != nil {
		return nil, err
	}
	defer func() { _ = theirs.Close() }()
	s := &server{done: make(chan struct{})}
	// LISTEN_PID must be qemu-nbd's own pid (sd_listen_fds(3)). Only the shell that executes it knows that.
	args := []string{"-c", `LISTEN_PID=$$ exec "$0" "$@"`, program, "--format=" + src.Format, "--discard=unmap"}
	if src.ReadOnly {
		args = append(args, "--read-only")
	}
	s.cmd = exec.Command("/bin/sh", append(args, "--", src.Path)...)
	s.cmd.Env = []string{"LISTEN_FDS=1", "PATH=" + os.Getenv("PATH")}
	s.cmd.ExtraFiles = []*os.File{theirs, held}
	s.cmd.Stderr = &s.stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	s.cmd.WaitDelay = stderrLimit
	if err := s.cmd.Start(); err != nil {
		return nil, hostlimit.Explain(hostlimit.Fork, err)
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

// attach connects the server to a device. It kills the server when ctx ends: the kernel reads the partitions
// when the device is opened, and waits without limit if the server hangs.
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

// end kills a server and returns the reason of the failure. That is the server's last line if the server
// exited by itself. Otherwise the line may be a mere warning, and err is returned.
func (s *server) end(err error) error {
	_ = s.cmd.Process.Kill()
	<-s.done
	if line := s.stderr.String(); line != "" && errors.Is(err, nbd.ErrEnded) {
		return errors.New(line)
	}
	return err
}

// lastLine keeps the last line of a server's standard error. It copies everything to the daemon's.
type lastLine struct {
	mu   sync.Mutex
	line string
}

func (w *lastLine) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if line := bytes.TrimSpace(p); len(line) > 0 {
		w.line = string(line[bytes.LastIndexByte(line, '\n')+1:])
	}
	return os.Stderr.Write(p)
}

// String returns the line without the program's name.
func (w *lastLine) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.TrimPrefix(w.line, "qemu-nbd: ")
}

// StopOrphans ends qemu-nbd processes of a run whose daemon died before it connected a device. It connects to
// each once and hangs up, upon which the process exits. A qemu-nbd that serves a device accepts no second
// client. StopOrphans does not wait.
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
