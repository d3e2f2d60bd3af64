package cli

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// systemctl runs a command of systemctl and returns its output. The error says what systemctl said.
func systemctl(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "systemctl", args...).CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err == nil {
		return text, nil
	}
	if _, exited := errors.AsType[*exec.ExitError](err); exited && text != "" {
		err = errors.New(strings.ReplaceAll(text, "\n", "; "))
	}
	return "", fmt.Errorf("systemctl %s: %w", strings.Join(args, " "), err)
}

// listen has systemd read the units, listen now at the addresses that they say, and listen after each boot. If systemd
// cannot, listen restores what was there before. It gives notice if the container runs, and so cannot take the sockets.
func (a *app) listen(ctx context.Context, u *socketUnit, before earlier, running bool) error {
	socket := u.unit + ".socket"
	for _, args := range [][]string{{"daemon-reload"}, {"enable", "--quiet", "--", socket}} {
		if _, err := systemctl(ctx, args...); err != nil {
			return errors.Join(err, withdraw(ctx, socket, before))
		}
	}
	// systemd would refuse to restart the socket of a service that is not off.
	if off, err := isUnitOff(ctx, u.unit+".service"); err != nil {
		return err
	} else if !off {
		fmt.Fprintf(a.Err, "notice: %s.service runs; stop it, then \"systemctl restart %s\"\n", u.unit, socket)
		return nil
	}
	// A start would not open an address that is new to a socket which listens already.
	if _, err := systemctl(ctx, "restart", "--", socket); err != nil {
		err = fmt.Errorf("systemd cannot listen, and nothing was changed; \"journalctl -u %s\" says why", socket)
		return errors.Join(err, withdraw(ctx, socket, before))
	}
	if running && u.proxy == "" { // the container's own unit, which a proxy needs, takes what runs
		fmt.Fprintf(a.Err, "notice: domain '%s' is running, and takes no sockets now; shut it down, then \"systemctl restart %s\"\n", printable(u.domain), socket)
	}
	return nil
}

func isUnitOff(ctx context.Context, unit string) (bool, error) {
	state, err := systemctl(ctx, "show", "--property=ActiveState", "--value", "--", unit)
	return state == "inactive" || state == "failed", err
}

// withdraw has systemd do what it did before the units were written.
func withdraw(ctx context.Context, socket string, before earlier) error {
	if !before.socket {
		_, disabled := systemctl(ctx, "disable", "--quiet", "--", socket)
		_, _ = systemctl(ctx, "reset-failed", "--", socket) // it may not have failed
		if err := errors.Join(disabled, before.restore()); err != nil {
			return err
		}
		_, err := systemctl(ctx, "daemon-reload")
		return err
	}
	if err := before.restore(); err != nil {
		return err
	}
	if _, err := systemctl(ctx, "daemon-reload"); err != nil {
		return err
	}
	_, err := systemctl(ctx, "restart", "--", socket)
	return err
}
