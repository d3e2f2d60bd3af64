package cli

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// openLimit is how long a console is tried to be opened while berthd or the bus is away.
const openLimit = 30 * time.Second

// The pauses between two attempts.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second
)

// opener opens the connections of one session.
type opener struct {
	*app
	daemon Daemon
	mine   bool // the opener has made the connection to the daemon
	path   client.Path
	device string
	run    uint32 // the id of the container's run; 0 before it is known
}

// open opens the console. It tries again while berthd is being restarted or the bus is away.
func (o *opener) open(ctx context.Context, options client.ConsoleOptions) (*os.File, error) {
	limit, cancel := context.WithTimeout(ctx, openLimit)
	defer cancel()
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		f, err := o.once(ctx, options)
		if err == nil || !temporary(err) {
			return f, err
		}
		select {
		case <-time.After(pause):
		case <-limit.Done():
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return nil, err
		}
		if errors.Is(err, client.ErrLost) || errors.Is(err, client.ErrConnect) {
			o.connectAgain(ctx)
		}
	}
}

// once makes one attempt. It returns errEnded if the container that the session is about has ended.
func (o *opener) once(ctx context.Context, options client.ConsoleOptions) (*os.File, error) {
	info, err := o.daemon.Info(ctx, o.path)
	if err == nil && o.run != 0 && info.ID != o.run {
		return nil, errEnded // and was perhaps started anew
	}
	var f *os.File
	if err == nil {
		f, err = o.daemon.OpenConsole(ctx, o.path, o.device, options)
	}
	switch client.NameOf(err) {
	case contract.ErrorNotRunning, contract.ErrorNoSuchContainer, contract.ErrorUnknownObject:
		if o.run != 0 {
			return nil, errEnded
		}
	case "":
		if err == nil {
			o.run = info.ID
		}
	}
	return f, err
}

// temporary reports whether an error is about a berthd or a bus that ends or begins.
func temporary(err error) bool {
	name := client.NameOf(err)
	return client.Restarting(err) || errors.Is(err, client.ErrLost) || errors.Is(err, client.ErrConnect) ||
		name == contract.ErrorTimedOut || strings.HasPrefix(name, "org.freedesktop.systemd1.") // it does not begin yet
}

func (o *opener) connectAgain(ctx context.Context) {
	d, err := o.connect(ctx)
	if err != nil {
		return // the next attempt says so
	}
	o.close()
	o.daemon, o.mine = d, true
}

// close closes the connection to the daemon, unless it is the caller's.
func (o *opener) close() {
	if o.mine {
		_ = o.daemon.Close()
	}
}
