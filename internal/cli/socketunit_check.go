package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// isUnitName reports whether a name can be that of a unit without the suffix, as systemd takes it (systemd.unit(5)),
// and needs no escaping.
func isUnitName(name string) bool {
	const most = 200
	return name != "" && len(name) <= most && strings.IndexFunc(name, func(r rune) bool {
		return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_.-", r)
	}) < 0
}

// isUnitSuffix reports whether a word, with its dot, is the suffix of a unit's name.
func isUnitSuffix(word string) bool {
	return slices.Contains([]string{
		".service", ".socket", ".device", ".mount", ".automount", ".swap", ".target", ".path", ".timer", ".slice", ".scope",
	}, word)
}

// check returns an error if the units cannot be made, or would be broken ones.
func (u *socketUnit) check(ctx context.Context) error {
	if err := u.checkName(); err != nil {
		return err
	}
	switch {
	case len(u.sockets) == 0:
		return errors.New("command 'socket-unit' requires --listen or another socket")
	case u.proxy != "" && !isUnitName(u.domain): // of berth@DOMAIN.service
		return fmt.Errorf("--proxy is not possible for a domain called %q", printable(u.domain))
	case u.idle != "" && u.proxy == "":
		return errors.New("--idle requires --proxy")
	}
	for _, s := range u.sockets {
		if !listens(s[0], s[1]) {
			return fmt.Errorf("%q is no address for %s", s[1], flagOf(s[0]))
		}
	}
	if u.proxy != "" && !isUnixAddress(u.proxy) && !isHostPort(u.proxy) {
		return fmt.Errorf("%q is no address for --proxy: HOST:PORT or a path", u.proxy)
	}
	if err := u.checkIdle(ctx); err != nil {
		return err
	}
	return u.checkShipped()
}

// checkName returns an error if the units cannot have their name. Without one they have the container's.
func (u *socketUnit) checkName() error {
	if u.unit == "" {
		u.unit = u.domain
	}
	switch {
	case !isUnitName(u.unit):
		return fmt.Errorf("%q cannot be the name of a unit; give another one by --unit", printable(u.unit))
	case isUnitSuffix(filepath.Ext(u.unit)):
		return fmt.Errorf("%q has the suffix of a unit; give a name without one by --unit", u.unit)
	}
	return nil
}

// checkIdle has systemd itself say whether it takes the time.
func (u *socketUnit) checkIdle(ctx context.Context) error {
	if u.idle == "" {
		return nil
	}
	if isWord(u.idle) {
		err := exec.CommandContext(ctx, "systemd-analyze", "timespan", "--", u.idle).Run()
		if _, refused := errors.AsType[*exec.ExitError](err); !refused {
			return err
		}
	}
	return fmt.Errorf("%q is no time for --idle, such as 5min", u.idle)
}

// checkShipped returns an error if the pair would take the place of the host's own units.
func (u *socketUnit) checkShipped() error {
	for _, dir := range shippedUnits() {
		for _, suffix := range []string{".socket", ".service"} {
			if _, err := os.Lstat(filepath.Join(dir, u.unit+suffix)); err == nil {
				return fmt.Errorf("the host has a unit %s%s already; give another name by --unit", u.unit, suffix)
			}
		}
	}
	return nil
}

// flagOf says which flag a setting comes from, and what that takes.
func flagOf(setting string) string {
	for _, k := range socketKinds() {
		if k.setting == setting {
			return "--" + k.flag + ": " + k.takes
		}
	}
	return setting
}

// listens reports whether systemd can listen at an address that is the value of a setting (systemd.socket(5)).
func listens(setting, value string) bool {
	switch setting {
	case "ListenFIFO":
		return isWord(value) && filepath.IsAbs(value) && len(value) < 4096
	case "ListenSequentialPacket":
		return isUnixAddress(value)
	}
	if isUnixAddress(value) || isPort(value) {
		return true
	}
	if strings.HasPrefix(value, "[") { // [ADDRESS]:PORT%INTERFACE
		value, _, _ = strings.Cut(value, "%")
	}
	at, err := netip.ParseAddrPort(value)
	return err == nil && at.Port() != 0
}

// isUnixAddress reports whether a word is a path, or the name of an abstract socket after an @, and fits into sun_path.
func isUnixAddress(s string) bool {
	return isWord(s) && len(s) < 108 && (filepath.IsAbs(s) || strings.HasPrefix(s, "@") && s != "@")
}

func isPort(s string) bool {
	port, err := strconv.ParseUint(s, 10, 16)
	return err == nil && port != 0 && s[0] != '0'
}

func isHostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	return err == nil && isWord(host) && isPort(port)
}

// isWord reports whether a text has a character, and none that would end a value or a word in a unit.
func isWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) })
}

// proxyAddress is an address as systemd-socket-proxyd takes it: an IPv6 address without brackets.
func proxyAddress(s string) string {
	if host, port, err := net.SplitHostPort(s); err == nil && !isUnixAddress(s) {
		return host + ":" + port
	}
	return s
}
