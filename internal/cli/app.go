package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/doctor"
	"github.com/berthd/berth/internal/figures"
)

// Daemon has the calls to berthd that the commands need. *client.Client implements it.
type Daemon interface {
	manager
	node
	container
	process
	networks
	links
	metadata
	describer
	converter
	observed
	// AutoDestroy makes what is started from now on end with the connection.
	AutoDestroy()
	// AskNobody and AskBy say who asks the user for a password.
	AskNobody()
	AskBy(agent func(context.Context) error)
	Close() error
}

type manager interface {
	Define(ctx context.Context, xml string) (client.Path, error)
	Create(ctx context.Context, xml string) (client.Path, error)
	CreateWith(ctx context.Context, xml string, list []client.Passed) (client.Path, error)
	List(ctx context.Context, f client.Filter) ([]client.Summary, error)
	AllStats(ctx context.Context, f client.StatsFilter) ([]client.ContainerStats, error)
	ByName(ctx context.Context, name string) (client.Path, error)
	ByUUID(ctx context.Context, uuid string) (client.Path, error)
	Version(ctx context.Context) (string, error)
	Security(ctx context.Context) (client.Security, error)
}

type container interface {
	owners
	Start(ctx context.Context, p client.Path) error
	WaitReady(ctx context.Context, p client.Path) error
	StartWith(ctx context.Context, p client.Path, o client.StartOptions) error
	Destroy(ctx context.Context, p client.Path) error
	AbortJob(ctx context.Context, p client.Path) error
	Undefine(ctx context.Context, p client.Path) error
	Suspend(ctx context.Context, p client.Path) error
	Resume(ctx context.Context, p client.Path) error
	Redefine(ctx context.Context, p client.Path, previous, xml string) error
	Rename(ctx context.Context, p client.Path, name string) error
	SetAutostart(ctx context.Context, p client.Path, on bool) error
	SetAutostartOnce(ctx context.Context, p client.Path, on bool) error
	GetGuestInfo(ctx context.Context, p client.Path, kinds ...string) (client.GuestInfo, error)
	Shutdown(ctx context.Context, p client.Path, modes []string) error
	Reboot(ctx context.Context, p client.Path, modes []string) error
	Reset(ctx context.Context, p client.Path) error
	AwaitEnd(ctx context.Context, p client.Path, id uint32) (state, reason string, err error)
	XML(ctx context.Context, p client.Path, d client.Definition) (string, error)
	Plan(ctx context.Context, p client.Path, d client.Definition) (string, error)
	Console(ctx context.Context, p client.Path, device string) ([]byte, error)
	OpenConsole(ctx context.Context, p client.Path, device string, o client.ConsoleOptions) (*os.File, error)
	Info(ctx context.Context, p client.Path) (client.Info, error)
	Resources(ctx context.Context, p client.Path, o client.TuneOptions) (client.Info, error)
	SetResources(ctx context.Context, p client.Path, r client.Resources, o client.TuneOptions) error
	AttachDevice(ctx context.Context, p client.Path, xml string, o client.TuneOptions) error
	DetachDevice(ctx context.Context, p client.Path, xml string, o client.TuneOptions) error
	DetachDeviceAlias(ctx context.Context, p client.Path, alias string, o client.TuneOptions) error
	UpdateDevice(ctx context.Context, p client.Path, xml string, o client.TuneOptions) error
	ListDevices(ctx context.Context, p client.Path, o client.TuneOptions) ([]client.Device, error)
	Stats(ctx context.Context, p client.Path, groups figures.Group) (figures.Figures, error)
	Exec(ctx context.Context, p client.Path, command client.Command) (client.Execution, error)
	SendProcessSignal(ctx context.Context, p client.Path, pid int64, signal uint32) error
}

type process interface {
	Wait(ctx context.Context, p client.Path) (client.Exit, error)
	Kill(ctx context.Context, p client.Path, signal int32) error
}

// Config is the environment of the commands.
type Config struct {
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
	Terminal bool // Err is a terminal
	// OutTerminal is true if Out is one.
	OutTerminal bool
	Asks        bool // In is one, too: a question can be asked
	Root        bool // the caller is root, and needs no advice to become root
	Agent       bool // In is a terminal, and the caller may be asked for a password there
	Version     string
	Connect     func(context.Context) (Daemon, error)
	Examine     func(context.Context) []doctor.Finding // checks the host; it needs no berthd
	// ConnectHost connects to berthd on another host.
	ConnectHost func(ctx context.Context, host string) (Daemon, error)
	// CheckSchema returns what of domain XML is against libvirt's schema; nil means that nobody looks.
	CheckSchema func(ctx context.Context, text string) ([]client.Fault, error)
	// After is time.After if it is nil.
	After func(time.Duration) <-chan time.Time
}

// app is one run of berthctl.
type app struct {
	Config
	out *bufio.Writer

	uri    string
	host   string // whose containers, "" for this one's
	quiet  bool
	escape string // the key that leaves a console
	shell  *shell // that the command is typed into, nil for a command of its own
	start  startFlags

	noAsk    bool   // nobody is asked for a password
	agent    *agent // nil unless one was started
	agentErr error  // why it was not
}

// Run runs one command line. It returns the exit status: 0, or 1 if the command failed. That of a command in a
// container is handed on.
func Run(ctx context.Context, cfg Config, args []string) int {
	a := &app{Config: cfg, out: bufio.NewWriter(cfg.Out)}
	root := a.command(func(name string) bool { return slices.Contains(args, name) })
	completing(root, args)
	root.SetArgs(append([]string{}, args...)) // nil would mean the arguments of the process
	err := root.ExecuteContext(ctx)
	a.agent.stop()
	return a.finish(err)
}

// finish prints what is left of the output, and the error of a command. It returns the exit status.
func (a *app) finish(err error) int {
	// The output is flushed after an error too: all that the command has printed is true.
	if flushed := a.out.Flush(); err == nil && flushed != nil {
		err = fmt.Errorf("write the output: %w", flushed)
	}
	if err == nil {
		return 0
	}
	status := 1
	if handed, ok := errors.AsType[statusError](err); ok {
		status = int(handed)
		if err == error(handed) { //nolint:errorlint // it alone says nothing
			return status
		}
	}
	head := "error:"
	if a.colours(a.Terminal) {
		head = inColour(red, head)
	}
	fmt.Fprintf(a.Err, "%s %s\n", head, a.report(err))
	return status
}

// connect opens the command's connection to berthd.
func (a *app) connect(ctx context.Context) (Daemon, error) {
	if err := a.checkURI(); err != nil {
		return nil, err
	}
	if _, err := parseEscape(a.escape); err != nil {
		return nil, err // before anything is started
	}
	connect := a.Connect
	if a.host != "" {
		connect = func(ctx context.Context) (Daemon, error) { return a.ConnectHost(ctx, a.host) }
	}
	d, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	a.letAsk(d)
	if a.start.autodestroy {
		d.AutoDestroy()
	}
	return d, nil
}

// say prints a confirmation for a person. It prints nothing with --quiet.
func (a *app) say(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.out, format+"\n", args...)
	}
}
