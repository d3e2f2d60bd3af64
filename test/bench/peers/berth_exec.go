package peers

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"

	"github.com/godbus/dbus/v5"
)

// execWait is how long a call of Exec waits for the end of the command, in microseconds.
const execWait uint64 = 1_000_000

// Exec calls Container.Exec, which replies with the exit status.
func (b *berth) Exec(ctx context.Context, id int, argv []string) error {
	null := dbus.UnixFD(b.null.Fd())
	options := map[string]dbus.Variant{
		"stdio":     dbus.MakeVariant([]dbus.UnixFD{null, null, null}),
		"wait-usec": dbus.MakeVariant(execWait),
	}
	var process dbus.ObjectPath
	var ends map[string]dbus.Variant
	if err := b.containers[id].CallWithContext(ctx, berthContainer+".Exec", 0, argv, options).Store(&process, &ends); err != nil {
		return err
	}
	var code int32
	var kind string
	if err := dbus.Store([]any{ends["exit"].Value()}, &struct {
		Code *int32
		Kind *string
	}{&code, &kind}); err != nil {
		return fmt.Errorf("%s has not ended: %w", argv[0], err)
	}
	return ended(argv[0], kind, code)
}

// ended returns an error unless a command has ended with the exit status 0.
func ended(program, kind string, code int32) error {
	if kind == "exited" && code == 0 {
		return nil
	}
	return fmt.Errorf("%s: %s %d", program, kind, code)
}

// busCalls executes nothing. It is the part of an exec that no service on the message bus can do without, whatever it
// does: two calls and their answers.
type busCalls struct{ berth }

func (b *busCalls) Prepare(ctx context.Context, count int) (About, error) {
	about, err := b.berth.Prepare(ctx, count)
	about.Note = "two calls to systemd-machined that do nothing (org.freedesktop.DBus.Peer.Ping); it executes nothing"
	return about, err
}

func (b *busCalls) Exec(ctx context.Context, _ int, _ []string) error {
	for range 2 {
		err := b.conn.Object("org.freedesktop.machine1", "/org/freedesktop/machine1").CallWithContext(ctx, "org.freedesktop.DBus.Peer.Ping", 0).Err
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *berthctl) Exec(ctx context.Context, id int, argv []string) error {
	return logged(ctx, b.log(id), slices.Concat([]string{"berthctl", "exec", name(id), "--"}, argv)...)
}

// nsenter is util-linux's nsenter, which executes commands in Berth's containers.
type nsenter struct {
	berth
	leaders []uint32 // the pids of the inits
}

func (n *nsenter) Prepare(ctx context.Context, count int) (About, error) {
	about, err := n.berth.Prepare(ctx, count)
	if err != nil {
		return about, err
	}
	n.leaders = make([]uint32, count)
	if err := os.MkdirAll(n.roots.Work("berth"), 0o700); err != nil {
		return about, err
	}
	version, err := run(ctx, "nsenter", "--version")
	return About{
		Version: firstLine(version),
		Note:    "nsenter -a in containers of berth: all namespaces, but neither its control group nor its capabilities nor its seccomp filter",
	}, err
}

func (n *nsenter) Start(ctx context.Context, id int) error {
	if err := n.berth.Start(ctx, id); err != nil {
		return err
	}
	return n.containers[id].StoreProperty(berthContainer+".Leader", &n.leaders[id])
}

func (n *nsenter) Exec(ctx context.Context, id int, argv []string) error {
	leader := strconv.FormatUint(uint64(n.leaders[id]), 10)
	return logged(ctx, n.log(id), slices.Concat([]string{"nsenter", "-t", leader, "-a", "--"}, argv)...)
}
