package peers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// recipeAddress is the address of the socket. systemd inside knows a passed socket by it.
const recipeAddress = "127.0.0.1:2323"

// recipe is the recipe of libvirt's page: the first connection to a socket of the host starts a container, systemd
// inside takes the very socket, and starts a service for each connection.
type recipe struct{ systemd systemd }

func newRecipe(roots Roots) *recipe {
	return &recipe{systemd{berth: berth{roots: roots}, label: "bench-recipe"}}
}

func (r *recipe) Prepare(ctx context.Context, count int) (About, error) {
	about, err := r.systemd.Prepare(ctx, count)
	if err != nil {
		return about, err
	}
	about.Note = "the units of libvirt's page, with berthctl: the host's systemd, `berthctl start --pass-fds 3`, systemd inside, a service for the connection"
	inside := filepath.Join(r.systemd.root(), "etc/systemd/system")
	if err := errors.Join(
		write(filepath.Join(inside, "sshd.socket"), "[Socket]\nListenStream="+recipeAddress+"\nAccept=yes\n"),
		write(filepath.Join(inside, "sshd@.service"), "[Service]\nExecStart=-/bin/echo hello\nStandardInput=socket\n"),
		os.MkdirAll(filepath.Join(inside, "sockets.target.wants"), 0o755),
		os.Symlink("/etc/systemd/system/sshd.socket", filepath.Join(inside, "sockets.target.wants/sshd.socket")),
		write("/etc/systemd/system/"+r.unit()+".socket", "[Socket]\nListenStream="+recipeAddress+"\n"),
		write("/etc/systemd/system/"+r.unit()+".service", "[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\nRemainAfterExit=yes\nKillMode=none\n"+
			"ExecStart=/usr/bin/berthctl -c lxc:///system start --pass-fds 3 "+r.systemd.label+"\n"+
			"ExecStop=/usr/bin/berthctl -c lxc:///system destroy "+r.systemd.label+"\n"),
	); err != nil {
		return about, err
	}
	if _, err := run(ctx, "systemctl", "daemon-reload"); err != nil {
		return about, err
	}
	_, err = run(ctx, "systemctl", "start", r.unit()+".socket")
	return about, err
}

// unit returns the name of the host's units without the suffix.
func (r *recipe) unit() string { return r.systemd.label }

func write(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

// Start connects to the socket, and returns when the service has sent a byte.
func (r *recipe) Start(ctx context.Context, _ int) error {
	return firstByte(ctx, "tcp", recipeAddress)
}

// firstByte connects, and returns when a byte has come.
func firstByte(ctx context.Context, network, address string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetReadDeadline(deadline); err != nil {
			return err
		}
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		return fmt.Errorf("%s: no answer: %w", address, err)
	}
	return nil
}

// Stop stops the service. After that the socket listens again.
func (r *recipe) Stop(ctx context.Context, _ int) error {
	_, err := run(ctx, "systemctl", "stop", r.unit()+".service")
	return err
}

func (r *recipe) Explain(id int) string { return r.systemd.Explain(id) }

func (r *recipe) Close() error { return r.systemd.Close() }
