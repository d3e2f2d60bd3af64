package foreign

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"github.com/berthd/berth/internal/lxcconf/syntax"
)

// lxcSystem is LXC's own configuration, lxc.system.conf(5).
const lxcSystem = "/etc/lxc/lxc.conf"

// LXCPath returns the directory of LXC's containers: lxc.lxcpath of lxc.conf, or /var/lib/lxc.
func LXCPath(t *Tree) string {
	text, err := t.Read(lxcSystem)
	if err != nil {
		return "/var/lib/lxc"
	}
	dir := "/var/lib/lxc"
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, "=")
		if value = strings.TrimSpace(value); strings.TrimSpace(key) == "lxc.lxcpath" && strings.HasPrefix(value, "/") {
			dir = value
		}
	}
	return dir
}

// LXC finds the containers of LXC in a directory. default.conf is not read: LXC copies it into each configuration when
// it makes a container.
func LXC(t *Tree, dir string) (*Found, error) {
	dir = path.Clean(dir)
	if _, err := t.Kind(dir); err != nil {
		return nil, notThere(err, dir, "LXC has no containers here")
	}
	names, err := t.List(dir)
	if err != nil {
		return nil, err
	}
	f, running := &Found{}, map[string]bool{}
	if t.own {
		running = lxcSockets()
	}
	for _, name := range names {
		c := Container{Name: name, File: dir + "/" + name + "/config"}
		c.Text, c.Doubts, c.Fault = t.readDoubted(c.File)
		if errors.Is(c.Fault, fs.ErrNotExist) || errors.Is(c.Fault, syscall.ENOTDIR) || strings.HasPrefix(name, ".") {
			continue // no container
		}
		c.Running = running[dir+"/"+name+"/command"]
		f.Containers = append(f.Containers, c)
	}
	return f, nil
}

// Included reads the files that a line of LXC's configuration names, and returns who else can change them.
func (t *Tree) Included(name string) ([]syntax.Source, []Doubt, error) {
	k, err := t.Kind(name)
	if err != nil {
		return nil, nil, err
	}
	names := []string{name}
	if k.Dir {
		names = nil
		list, err := t.List(name)
		if err != nil {
			return nil, nil, err
		}
		for _, each := range list {
			if syntax.IsIncluded(each) {
				names = append(names, path.Join(name, each))
			}
		}
	}
	var sources []syntax.Source
	var doubts []Doubt
	for _, each := range names {
		text, more, err := t.readDoubted(each)
		if err != nil {
			return nil, nil, err
		}
		doubts = append(doubts, more...)
		sources = append(sources, syntax.Source{Name: each, Text: text})
	}
	return sources, doubts, nil
}

// lxcSockets returns the abstract sockets of the host: a container of LXC that runs has one with the name of its
// directory.
func lxcSockets() map[string]bool {
	found := map[string]bool{}
	f, err := os.Open("/proc/net/unix")
	if err != nil {
		return found
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if _, name, ok := strings.Cut(lines.Text(), " @"); ok {
			found[name] = true
		}
	}
	return found
}
