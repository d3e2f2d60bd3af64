package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrHost says that a text names no host.
var ErrHost = errors.New("not [USER@]HOST[:PORT]")

// Remote is a host that ssh(1) can reach.
type Remote struct{ destination, port string }

// ParseRemote reads [USER@]HOST[:PORT]. An IPv6 address with a port stands in brackets. It returns ErrHost for what
// ssh, a proxy command of its configuration, or a shell could take for anything else.
func ParseRemote(text string) (Remote, error) {
	form := regexp.MustCompile(`^(?:([A-Za-z0-9_][A-Za-z0-9_.\\+-]*)@)?(?:([A-Za-z0-9_][A-Za-z0-9_.-]*)|\[([0-9A-Fa-f:.]+(?:%[A-Za-z0-9_.-]+)?)\])(?::([0-9]{1,5}))?$`)
	if strings.Count(text, ":") > 1 && !strings.Contains(text, "[") { // an IPv6 address alone
		user, address, ok := strings.Cut(text, "@")
		if !ok {
			user, address = "", text
		}
		text = strings.TrimPrefix(user+"@["+address+"]", "@")
	}
	m := form.FindStringSubmatch(text)
	if m == nil {
		return Remote{}, fmt.Errorf("host '%s': %w", text, ErrHost)
	}
	r := Remote{destination: m[2] + m[3], port: m[4]}
	if m[1] != "" {
		r.destination = m[1] + "@" + r.destination
	}
	return r, nil
}

// arguments are those of ssh. Nothing of what the caller has given is in the command that the shell of the host gets.
func (r Remote) arguments() []string {
	args := []string{"-xT"}
	if r.port != "" {
		args = append(args, "-p", r.port)
	}
	return append(args, "--", r.destination, "systemd-stdio-bridge")
}

// ConnectHost connects to the system bus of another host, as busctl(1) does: ssh runs systemd-stdio-bridge there. Such
// a connection passes no descriptors.
func ConnectHost(ctx context.Context, host string) (*Client, error) {
	r, err := ParseRemote(host)
	if err != nil {
		return nil, err
	}
	var tunnel *tunnel
	c, err := connect(ctx, func(context.Context) (net.Conn, error) {
		tunnel, err = r.open()
		return tunnel, err
	})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil && tunnel != nil {
		_ = tunnel.Close() // then it is known how ssh ended
		err = fmt.Errorf("connect to %s: ssh: %w", host, errors.Join(tunnel.over, err))
	}
	return c, err
}

// tunnel is ssh, as the connection that it makes.
type tunnel struct {
	io.Reader
	io.WriteCloser
	ssh    *exec.Cmd
	closed sync.Once
	over   error // how ssh ended, once it is closed
}

func (r Remote) open() (*tunnel, error) {
	ssh := exec.Command("ssh", r.arguments()...) //nolint:noctx // Close ends it
	ssh.Stderr = os.Stderr
	in, err := ssh.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := ssh.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := ssh.Start(); err != nil {
		return nil, err
	}
	return &tunnel{Reader: out, WriteCloser: in, ssh: ssh}, nil
}

// Close ends ssh. To close twice is harmless.
func (t *tunnel) Close() error {
	t.closed.Do(func() {
		_ = t.WriteCloser.Close()
		_ = t.ssh.Process.Signal(syscall.SIGTERM)
		if err := t.ssh.Wait(); err != nil && t.ssh.ProcessState.ExitCode() > 0 {
			t.over = err
		}
	})
	return nil
}

type address struct{}

func (address) Network() string { return "ssh" }
func (address) String() string  { return "ssh" }

// The rest of net.Conn. Nobody sets deadlines.
func (*tunnel) LocalAddr() net.Addr              { return address{} }
func (*tunnel) RemoteAddr() net.Addr             { return address{} }
func (*tunnel) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (*tunnel) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (*tunnel) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }
