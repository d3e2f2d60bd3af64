package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
)

// unitDir is where an administrator's units are.
const unitDir = "/etc/systemd/system"

// shippedUnits are where the host's own units are. A pair in unitDir would take the place of one of these.
func shippedUnits() []string {
	return []string{"/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}
}

// unitMark is the first line of each file that socket-unit writes. It overwrites no other file.
const unitMark = "# Written by \"berthctl socket-unit\", which may overwrite it.\n"

// unitName is a name of a unit without the suffix, as systemd takes it (systemd.unit(5)), and one that needs no
// escaping.
var unitName = regexp.MustCompile(`^[A-Za-z0-9:_.-]{1,200}$`)

// socketUnit is a pair of units: a socket, and the service that starts a container with the first connection.
type socketUnit struct {
	domain  string
	unit    string     // without the suffix
	sockets [][]string // settings of [Socket] and their values
	proxy   string     // where the container listens; "" passes the sockets to it
	idle    string
	program string // berthctl
}

func (a *app) socketUnitCommand() *cobra.Command {
	var u socketUnit
	var noEnable bool
	lists := make([][]string, len(socketKinds()))
	cmd := &cobra.Command{Use: "socket-unit", Short: "Write units that start a container with the first connection to a socket"}
	for i, k := range socketKinds() {
		cmd.Flags().StringArrayVar(&lists[i], k.flag, nil, k.about)
	}
	cmd.Flags().StringVar(&u.unit, "unit", "", "`NAME` of the units, if not the container's")
	cmd.Flags().StringVar(&u.proxy, "proxy", "", "do not pass the sockets, but forward each connection to this `ADDRESS`: HOST:PORT or a path")
	cmd.Flags().StringVar(&u.idle, "idle", "", "with --proxy, stop the container when no connection is left for this `TIME`, such as 5min")
	cmd.Flags().BoolVar(&noEnable, "no-enable", false, "write the units only")
	return a.domainCommand(cmd, nameOrUUID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		var err error
		if u.domain, err = t.called(ctx, d); err != nil {
			return err
		}
		for i, k := range socketKinds() {
			for _, value := range lists[i] {
				u.sockets = append(u.sockets, []string{k.setting, value})
			}
		}
		if u.program, err = os.Executable(); err != nil {
			return err
		}
		if err := u.check(); err != nil {
			return err
		}
		if err := u.write(unitDir); err != nil {
			return err
		}
		if !noEnable {
			if err := enable(ctx, u.unit+".socket"); err != nil {
				return err
			}
		}
		a.say("Units '%s.socket' and '%s.service' written to %s", u.unit, u.unit, unitDir)
		return nil
	})
}

// socketKind is a flag for a setting of systemd.socket(5).
type socketKind struct{ flag, setting, about string }

func socketKinds() []socketKind {
	return []socketKind{
		{"listen", "ListenStream", "listen for connections at this `ADDRESS`: [HOST:]PORT, a path, or @NAME; may be given more than once"},
		{"listen-datagram", "ListenDatagram", "the same for datagrams at this `ADDRESS`"},
		{"listen-seqpacket", "ListenSequentialPacket", "the same for a unix socket of sequential packets at this `ADDRESS`"},
		{"listen-fifo", "ListenFIFO", "make a FIFO at this `PATH`"},
	}
}

// check returns an error if the units cannot be made.
func (u *socketUnit) check() error {
	if u.unit == "" {
		u.unit = u.domain
	}
	switch {
	case !unitName.MatchString(u.unit):
		return fmt.Errorf("%q cannot be the name of a unit; give another one by --unit", printable(u.unit))
	case len(u.sockets) == 0:
		return errors.New("command 'socket-unit' requires --listen or another socket")
	case u.proxy != "" && !unitName.MatchString(u.domain): // of berth@DOMAIN.service
		return fmt.Errorf("--proxy is not possible for a domain called %q", printable(u.domain))
	case u.idle != "" && u.proxy == "":
		return errors.New("--idle requires --proxy")
	}
	for _, value := range u.values() {
		if value == "" || strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
			return fmt.Errorf("%q is no address", value)
		}
	}
	for _, dir := range shippedUnits() {
		for _, suffix := range []string{".socket", ".service"} {
			if _, err := os.Lstat(filepath.Join(dir, u.unit+suffix)); err == nil {
				return fmt.Errorf("the host has a unit %s%s already; give another name by --unit", u.unit, suffix)
			}
		}
	}
	return nil
}

func (u *socketUnit) values() (list []string) {
	for _, s := range u.sockets {
		list = append(list, s[1])
	}
	if u.proxy != "" {
		list = append(list, u.proxy)
	}
	if u.idle != "" {
		list = append(list, u.idle)
	}
	return list
}

// escape has systemd take a text as it is (systemd.unit(5), "Specifiers").
func escape(text string) string { return strings.ReplaceAll(text, "%", "%%") }

// word is an argument of a command line in a unit (systemd.service(5), "Command lines").
func word(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%", "$", "$$").Replace(text) + `"`
}

// files returns the texts of the units, by their paths below a directory.
func (u *socketUnit) files() map[string]string {
	var socket strings.Builder
	socket.WriteString("[Unit]\nDescription=Sockets of container " + escape(u.domain) + "\n\n[Socket]\n")
	for _, s := range u.sockets {
		socket.WriteString(s[0] + "=" + escape(s[1]) + "\n")
	}
	files := map[string]string{u.unit + ".socket": socket.String() + "\n[Install]\nWantedBy=sockets.target\n"}
	if u.proxy != "" {
		container := "berth@" + u.domain + ".service"
		files[u.unit+".service"] = "[Unit]\nDescription=Connections to container " + escape(u.domain) + "\n" +
			"Requires=" + container + "\nAfter=" + container + "\n\n[Service]\nExecStart=/lib/systemd/systemd-socket-proxyd " + u.exit() + word(u.proxy) + "\n"
		if u.idle != "" {
			files[container+".d/socket-unit.conf"] = "[Unit]\nStopWhenUnneeded=yes\n"
		}
	} else {
		files[u.unit+".service"] = "[Unit]\nDescription=Container " + escape(u.domain) + "\n" +
			"After=dbus.service berthd.service systemd-machined.service remote-fs.target network.target\n\n" +
			"[Service]\nType=oneshot\nRemainAfterExit=yes\n" +
			"ExecStart=" + u.program + " start --quiet --ready --pass-listen-fds --unit %n " + word(u.domain) + "\n" +
			"ExecStop=" + u.program + " shutdown --quiet --wait --timeout 60 --destroy " + word(u.domain) + "\nTimeoutStopSec=90s\n"
	}
	for name, text := range files {
		files[name] = unitMark + text
	}
	return files
}

func (u *socketUnit) exit() string {
	if u.idle == "" {
		return ""
	}
	return "--exit-idle-time=" + escape(u.idle) + " "
}

// write writes the units. It overwrites only what it has written before.
func (u *socketUnit) write(dir string) error {
	files := u.files()
	for name := range files {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil && !strings.HasPrefix(string(text), unitMark) {
			return fmt.Errorf("%s is not of berthctl; give another name by --unit", filepath.Join(dir, name))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // units are for everybody to read
			return err
		}
	}
	return nil
}

// enable has systemd read the units, listen now, and listen after each boot.
func enable(ctx context.Context, socket string) error {
	for _, args := range [][]string{{"daemon-reload"}, {"enable", "--quiet", "--now", socket}} {
		out, err := exec.CommandContext(ctx, "systemctl", args...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("systemctl %s: %w: %s", strings.Join(args, " "), err, strings.ReplaceAll(strings.TrimSpace(string(out)), "\n", "; "))
		}
	}
	return nil
}
