package cli

import (
	"context"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// unitDir is where an administrator's units are.
const unitDir = "/etc/systemd/system"

// shippedUnits are where the host's own units are. A pair in unitDir would take the place of one of these.
func shippedUnits() []string {
	return []string{"/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}
}

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
	var noEnable, remove bool
	lists := make([][]string, len(socketKinds()))
	cmd := &cobra.Command{Use: "socket-unit", Short: "Write units that start a container with the first connection to a socket"}
	for i, k := range socketKinds() {
		cmd.Flags().StringArrayVar(&lists[i], k.flag, nil, k.about)
		_ = cmd.RegisterFlagCompletionFunc(k.flag, completePath) // the only error is that the flag does not exist
	}
	cmd.Flags().StringVar(&u.unit, "unit", "", "`NAME` of the units, if not the container's")
	cmd.Flags().StringVar(&u.proxy, "proxy", "", "do not pass the sockets, but forward each connection to this `ADDRESS`: HOST:PORT or a path")
	cmd.Flags().StringVar(&u.idle, "idle", "", "with --proxy, stop the container when no connection is left for this `TIME`, such as 5min")
	cmd.Flags().BoolVar(&noEnable, "no-enable", false, "write the units only")
	cmd.Flags().BoolVar(&remove, "remove", false, "disable and remove the units; a container that runs goes on")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		for _, other := range []string{"proxy", "idle", "no-enable"} {
			if err := exclusive(cmd, "remove", other); err != nil {
				return err
			}
		}
		for _, k := range socketKinds() {
			if err := exclusive(cmd, "remove", k.flag); err != nil {
				return err
			}
		}
		return nil
	}
	return a.domainCommand(cmd, nameOrUUID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		info, err := d.Info(ctx, t.path)
		if err != nil {
			return err
		}
		u.domain = info.Name
		if remove {
			return a.removeUnits(ctx, &u)
		}
		for i, k := range socketKinds() {
			for _, value := range lists[i] {
				u.sockets = append(u.sockets, []string{k.setting, value})
			}
		}
		if u.program, err = os.Executable(); err != nil {
			return err
		}
		if err := u.check(ctx); err != nil {
			return err
		}
		before, err := u.write(unitDir)
		if err != nil {
			return err
		}
		if !noEnable {
			if err := a.listen(ctx, &u, before, info.State != "shutoff"); err != nil {
				return err
			}
		}
		a.say("Units '%s.socket' and '%s.service' written to %s", u.unit, u.unit, unitDir)
		return nil
	})
}

// socketKind is a flag for a setting of systemd.socket(5).
type socketKind struct{ flag, setting, about, takes string }

func socketKinds() []socketKind {
	const address = "[IP:]PORT, a path, or @NAME"
	return []socketKind{
		{"listen", "ListenStream", "listen for connections at this `ADDRESS`: " + address + "; may be given more than once", address},
		{"listen-datagram", "ListenDatagram", "the same for datagrams at this `ADDRESS`", address},
		{"listen-seqpacket", "ListenSequentialPacket", "the same for a unix socket of sequential packets at this `ADDRESS`", "a path, or @NAME"},
		{"listen-fifo", "ListenFIFO", "make a FIFO at this `PATH`", "a path from /"},
	}
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
			"Requires=" + container + "\nAfter=" + container + "\n\n[Service]\nExecStart=/lib/systemd/systemd-socket-proxyd " + u.exit() + word(proxyAddress(u.proxy)) + "\n"
		if u.idle != "" {
			files[u.dropIn()] = "[Unit]\nStopWhenUnneeded=yes\n"
		}
	} else {
		files[u.unit+".service"] = "[Unit]\nDescription=Container " + escape(u.domain) + "\n" +
			"After=dbus.service berthd.service systemd-machined.service remote-fs.target network.target\n\n" +
			"[Service]\nType=oneshot\nRemainAfterExit=yes\n" +
			"ExecStart=" + u.program + " start --quiet --ready --pass-listen-fds --unit %n " + word(u.domain) + "\n" +
			"ExecStop=" + u.program + " shutdown --quiet --wait --timeout 60 --destroy " + word(u.domain) + "\nTimeoutStopSec=90s\n"
	}
	for name, text := range files {
		files[name] = unitMark(u.domain) + text
	}
	return files
}

// dropIn is the path of the pair's file for the container's unit, which --idle needs. Several pairs of a container have
// a file each.
func (u *socketUnit) dropIn() string {
	return "berth@" + u.domain + ".service.d/socket-unit-" + u.unit + ".conf"
}

// paths returns the paths of all files that the pair may have, below a directory.
func (u *socketUnit) paths() []string {
	list := []string{u.unit + ".socket", u.unit + ".service"}
	if isUnitName(u.domain) { // others have no unit of their own
		list = append(list, u.dropIn())
	}
	return list
}

func (u *socketUnit) exit() string {
	if u.idle == "" {
		return ""
	}
	return "--exit-idle-time=" + escape(u.idle) + " "
}
