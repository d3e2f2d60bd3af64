package peers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// lxc is lxc-start in daemon mode, with a monitor process for each container.
type lxc struct {
	roots Roots
	veth  bool // with an interface
}

const lxcConfig = `lxc.uts.name = %s
lxc.rootfs.path = dir:%s
lxc.init.cmd = /tinit
lxc.mount.auto = proc:mixed sys:ro
lxc.autodev = 1
lxc.tty.max = 0
lxc.console.path = none
`

func (l *lxc) Prepare(ctx context.Context, count int) (About, error) {
	version, err := run(ctx, "lxc-start", "--version")
	if err != nil {
		return About{}, err
	}
	for id := range count {
		dir := filepath.Join(l.work(), name(id))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return About{}, err
		}
		config := fmt.Sprintf(lxcConfig, name(id), l.roots.Root(id))
		if l.veth {
			config += fmt.Sprintf(lxcVethConfig, vethAddress(id))
		} else {
			config += "lxc.net.0.type = none\n"
		}
		if err := os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600); err != nil {
			return About{}, err
		}
	}
	return About{
		Version:  "lxc " + strings.TrimSpace(version),
		Note:     "lxc-start -d, lxc-stop -k, lxc-attach; not registered",
		Programs: []string{"lxc-start"},
	}, nil
}

func (l *lxc) work() string {
	if l.veth {
		return l.roots.Work("lxc-veth")
	}
	return l.roots.Work("lxc")
}

func (l *lxc) log(id int) string { return filepath.Join(l.work(), name(id), "log") }

func (l *lxc) Start(ctx context.Context, id int) error {
	return logged(ctx, l.log(id), "lxc-start", "-P", l.work(), "-n", name(id), "-d")
}

func (l *lxc) Stop(ctx context.Context, id int) error {
	return logged(ctx, l.log(id), "lxc-stop", "-P", l.work(), "-n", name(id), "-k")
}

func (l *lxc) Exec(ctx context.Context, id int, argv []string) error {
	return logged(ctx, l.log(id), slices.Concat([]string{"lxc-attach", "-P", l.work(), "-n", name(id), "--"}, argv)...)
}

func (l *lxc) Explain(id int) string { return tail(l.log(id)) }

func (l *lxc) Close() error { return nil }
