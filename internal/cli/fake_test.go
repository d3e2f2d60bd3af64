package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/figures"
)

// fake is a berthd with a few containers; it remembers its calls.
type fake struct {
	infos   []client.Info
	stats   map[string]figures.Figures
	xml     string
	plan    string // "" is a short one
	console []byte
	version string
	errs    map[string]error // by method
	hook    func(method string)
	calls   []string
	closed  int
	ends    string // the state after the end of a run, "" if it does not end
	// consoles opens a console
	consoles  func(client.ConsoleOptions) (*os.File, error)
	redefined []string // previous and new definitions

	faulty  bool           // what is validated has mistakes
	older   bool           // it does not know the option of what has no effect
	happens []client.Event // for who watches
	told    func()         // is called after them
	lost    bool           // the connection ends after them

	executed executed
	security client.Security
}

func (f *fake) call(method, arg string) error {
	f.calls = append(f.calls, strings.TrimSpace(method+" "+arg))
	if f.hook != nil {
		f.hook(method)
	}
	return f.errs[method]
}

func pathOf(i client.Info) client.Path {
	return client.Path("/org/berth1/container/_" + strings.ReplaceAll(i.UUID, "-", "_"))
}

func (f *fake) find(method, arg string, match func(client.Info) bool) (client.Path, error) {
	if err := f.call(method, arg); err != nil {
		return "", err
	}
	if n := slices.IndexFunc(f.infos, match); n >= 0 {
		return pathOf(f.infos[n]), nil
	}
	return "", &client.Error{Name: contract.ErrorNoSuchContainer, Message: "cannot find domain: no such container"}
}

func (f *fake) at(p client.Path) client.Info {
	for _, i := range f.infos {
		if pathOf(i) == p {
			return i
		}
	}
	return client.Info{}
}

func (f *fake) Define(_ context.Context, xml string) (client.Path, error) {
	return pathOf(f.infos[0]), f.call("Define", xml)
}

func (f *fake) Create(_ context.Context, xml string) (client.Path, error) {
	return pathOf(f.infos[0]), f.call("Create", xml)
}

func (f *fake) CreateWith(ctx context.Context, xml string, list []client.Passed) (client.Path, error) {
	return pathOf(f.infos[0]), f.call("CreateWith", xml+" "+named(list))
}

func (f *fake) WaitReady(_ context.Context, p client.Path) error {
	return f.call("WaitReady", f.at(p).Name)
}

func (f *fake) StartWith(_ context.Context, p client.Path, o client.StartOptions) error {
	if o.Adopt {
		return f.call("StartWith adopt", f.at(p).Name+" "+o.Unit)
	}
	return f.call("StartWith", f.at(p).Name+" "+named(o.Passed)+o.Unit)
}

func named(list []client.Passed) string {
	var words []string
	for _, p := range list {
		words = append(words, p.Name+"="+p.File.Name())
	}
	return strings.Join(words, " ")
}

func (f *fake) List(_ context.Context, filter client.Filter) ([]client.Summary, error) {
	if err := f.call("List", strings.Join(filter.Filters, " ")); err != nil {
		return nil, err
	}
	var rows []client.Summary
	for _, i := range f.infos {
		if !admits(filter, i) {
			continue
		}
		rows = append(rows, client.Summary{Name: i.Name, ID: i.ID, UUID: i.UUID, State: i.State, Path: pathOf(i)})
	}
	return rows, nil
}

func (f *fake) ByName(_ context.Context, name string) (client.Path, error) {
	return f.find("ByName", name, func(i client.Info) bool { return i.Name == name })
}

func (f *fake) ByUUID(_ context.Context, uuid string) (client.Path, error) {
	return f.find("ByUUID", uuid, func(i client.Info) bool { return i.UUID == uuid })
}

func (f *fake) Version(context.Context) (string, error) { return f.version, f.call("Version", "") }

func (f *fake) Security(context.Context) (client.Security, error) {
	return f.security, f.call("Security", "")
}

func (f *fake) Start(_ context.Context, p client.Path) error { return f.call("Start", f.at(p).Name) }

func (f *fake) Destroy(_ context.Context, p client.Path) error {
	return f.call("Destroy", f.at(p).Name)
}

func (f *fake) AbortJob(_ context.Context, p client.Path) error {
	return f.call("AbortJob", f.at(p).Name)
}

func (f *fake) Unshift(_ context.Context, p client.Path, o client.UnshiftOptions) (client.Unshifted, error) {
	i := f.at(p)
	u := client.Unshifted{Path: "/srv/" + i.Name, Files: 12034, Changed: 12030, Left: 4, Example: "/srv/" + i.Name + "/etc/x", Dropped: 2, DroppedExample: "/srv/" + i.Name + "/bin/su", From: max(o.From, 100000)}
	return u, f.call("Unshift", fmt.Sprintf("%s %+v", i.Name, o))
}

func (f *fake) UnshiftPath(_ context.Context, path string, o client.UnshiftOptions) (client.Unshifted, error) {
	u := client.Unshifted{Path: path, Files: 12, Changed: 12, From: max(o.From, 100000)}
	return u, f.call("UnshiftPath", fmt.Sprintf("%s %+v", path, o))
}

func (f *fake) Reset(_ context.Context, p client.Path) error { return f.call("Reset", f.at(p).Name) }

func (f *fake) Redefine(_ context.Context, p client.Path, previous, xml string) error {
	if err := f.call("Redefine", f.at(p).Name); err != nil {
		return err
	}
	f.redefined = append(f.redefined, previous, xml)
	return nil
}

func (f *fake) Rename(_ context.Context, p client.Path, name string) error {
	return f.call("Rename", f.at(p).Name+" "+name)
}

func (f *fake) SetAutostart(_ context.Context, p client.Path, on bool) error {
	return f.call("SetAutostart", fmt.Sprint(f.at(p).Name, " ", on))
}

func (f *fake) SetAutostartOnce(_ context.Context, p client.Path, on bool) error {
	return f.call("SetAutostartOnce", fmt.Sprint(f.at(p).Name, " ", on))
}

func (f *fake) Shutdown(_ context.Context, p client.Path, modes []string) error {
	return f.call("Shutdown", f.at(p).Name+" "+strings.Join(modes, "+"))
}

func (f *fake) Reboot(_ context.Context, p client.Path, modes []string) error {
	return f.call("Reboot", f.at(p).Name+" "+strings.Join(modes, "+"))
}

func (f *fake) AwaitEnd(ctx context.Context, p client.Path, id uint32) (state, reason string, err error) {
	if err := f.call("AwaitEnd", fmt.Sprint(id)); err != nil {
		return "", "", err
	}
	switch f.ends {
	case "":
		<-ctx.Done()
		return "", "", context.Cause(ctx)
	case "running":
		return "running", "booted", nil
	}
	return "shutoff", "shutdown", nil
}

func (f *fake) Suspend(_ context.Context, p client.Path) error {
	return f.call("Suspend", f.at(p).Name)
}

func (f *fake) Resume(_ context.Context, p client.Path) error { return f.call("Resume", f.at(p).Name) }

func (f *fake) Undefine(_ context.Context, p client.Path) error {
	return f.call("Undefine", f.at(p).Name)
}

func (f *fake) XML(_ context.Context, p client.Path, d client.Definition) (string, error) {
	return f.xml, f.call("XML", d.String())
}

func (f *fake) Plan(_ context.Context, p client.Path, d client.Definition) (string, error) {
	if f.plan != "" {
		return f.plan, f.call("Plan", d.String())
	}
	return "{\n  \"name\": \"" + f.at(p).Name + "\"\n}\n", f.call("Plan", d.String())
}

func (f *fake) Console(_ context.Context, _ client.Path, device string) ([]byte, error) {
	return f.console, f.call("Console", device)
}

func (f *fake) OpenConsole(_ context.Context, p client.Path, device string, o client.ConsoleOptions) (*os.File, error) {
	if err := f.call("OpenConsole", fmt.Sprintf("%s %s%+v", f.at(p).Name, device, o)); err != nil || f.consoles == nil {
		return nil, err
	}
	return f.consoles(o)
}

func (f *fake) Info(_ context.Context, p client.Path) (client.Info, error) {
	if strings.HasSuffix(string(p), "_gone") {
		return client.Info{}, &client.Error{Name: contract.ErrorUnknownObject}
	}
	return f.at(p), f.call("Info", "")
}

func (f *fake) Stats(_ context.Context, p client.Path, _ figures.Group) (figures.Figures, error) {
	if f.at(p).State == "shutoff" {
		return figures.Figures{}, &client.Error{Name: contract.ErrorNotRunning, Message: "domain is not running"}
	}
	return f.stats[f.at(p).Name], f.call("Stats", "")
}

func (f *fake) AllStats(_ context.Context, filter client.StatsFilter) ([]client.ContainerStats, error) {
	if err := f.call("AllStats", strings.Join(filter.States, ",")); err != nil {
		return nil, err
	}
	var list []client.ContainerStats
	for _, i := range f.infos {
		switch {
		case filter.States != nil && !slices.Contains(filter.States, i.State):
		case filter.Persistent != nil && *filter.Persistent != i.Persistent:
		case filter.Containers != nil && !slices.Contains(filter.Containers, pathOf(i)):
		default:
			list = append(list, client.ContainerStats{
				Name: i.Name, ID: i.ID, UUID: i.UUID, Path: pathOf(i), State: i.State, Reason: i.StateReason, Figures: f.stats[i.Name],
			})
		}
	}
	slices.SortFunc(list, func(a, b client.ContainerStats) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

func (f *fake) AutoDestroy() { f.calls = append(f.calls, "AutoDestroy") }

func (f *fake) AskNobody() { f.calls = append(f.calls, "AskNobody") }

// AskBy has the agent started at once.
func (f *fake) AskBy(agent func(context.Context) error) {
	f.calls = append(f.calls, "AskBy")
	f.errs["AskBy"] = agent(context.Background())
}

func (f *fake) Close() error { f.closed++; return nil }

// fleet is a berthd with one container of each kind.
func fleet() *fake {
	var web figures.Figures
	web.Put(figures.CPUUsageUSec, 1_234_567)
	web.Put(figures.MemoryCurrent, 5<<20)
	web.Put(figures.TasksCurrent, 3)
	web.Put(figures.TasksMaxEvents, 0)
	for f := range figures.Count {
		if _, known := web.Get(f); !known && f != figures.TasksMax { // it has no limit
			web.Put(f, 1_000_000+uint64(f))
		}
	}
	web.Put(figures.IOReadBytes, 0) // AddDevice makes the sums
	for _, sum := range []figures.Figure{figures.IOReadOperations, figures.IOWriteBytes, figures.IOWriteOperations} {
		web.Put(sum, 0)
	}
	web.AddDevice(figures.Device{Name: "vda", ReadBytes: 1 << 20, ReadOperations: 20, WriteBytes: 4096, WriteOperations: 1})
	web.AddDevice(figures.Device{Name: "vdb", ReadBytes: 512, ReadOperations: 2})
	for f := figures.NetReceiveBytes; f <= figures.NetTransmitDrops; f++ { // AddInterface makes the sums
		web.Put(f, 0)
	}
	web.AddInterface(figures.Interface{Name: "eth0", Receive: figures.Traffic{Bytes: 4096, Packets: 12, Errors: 1, Drops: 2}, Transmit: figures.Traffic{Bytes: 512, Packets: 3}})
	web.AddInterface(figures.Interface{Name: "lan", Transmit: figures.Traffic{Drops: 5}})
	return &fake{
		infos: []client.Info{
			{
				Name: "web", UUID: "6695eb01-f6a4-8304-79aa-97f2502e193f", Title: "The <web> front", Description: "Serves & listens",
				OSType: "exe", State: "running", StateReason: "booted", StateChangedUSec: 1_700_000_000_000_000,
				Persistent: true, Autostart: true, ID: 4711, Leader: 4713, MachineName: "web", Network: "own", Unit: "machine-web.scope", Slice: "machine.slice",
				ControlGroup: "/machine.slice/machine-web.scope", RootDirectory: "/srv/web", StartedUSec: 1_700_000_000_000_000,
				Ready: true, Status: "Serving 12 <clients>",
				MemoryMax: 512 << 20, VCPUs: 2, Consoles: []string{"console0", "console1"},
				Interfaces: []client.Interface{
					{Name: "eth0", Type: "bridge", Source: "br0", Link: "vnet0", MAC: "52:54:00:00:00:01"},
					{Name: "lan", Type: "direct", Source: "eno1", Model: "virtio", MAC: "52:54:00:00:00:02"},
					{Name: "gone", Type: "ethernet", Link: "vnet2", MAC: "52:54:00:00:00:03"},
				},
			},
			{
				Name: "db", UUID: "0b62e76d-2f4c-4a0c-b2a0-ff0ed9c1f3a1", OSType: "exe", State: "shutoff", StateReason: "failed",
				StateChangedUSec: 1_700_000_000_000_000, Persistent: true, OwnerUID: 1000, PrivateUsers: true, MachineName: "db", Network: "container web", RootDirectory: "/",
				StartedUSec: 1_600_000_000_000_000, MemoryMax: 64 << 20, VCPUs: 1, Consoles: []string{"console0"},
				LastExit:   client.Exit{Kind: "killed", Code: 9},
				Interfaces: []client.Interface{{Name: "eth0", Type: "network", Source: "default", Link: "vnet9", MAC: "52:54:00:00:00:09"}},
			},
			{
				Name: "build", UUID: "5e1f7ec2-9c7c-4d0b-8a6b-0d1a4b1f6f00", OSType: "exe", State: "paused", StateReason: "user",
				ID: 99, Leader: 100, MachineName: "build", Network: "host", MemoryMax: 64 << 20, VCPUs: 1,
			},
			{
				Name: "Archive", UUID: "77e9a7f3-50ac-4f3c-9d0f-5b1d6a6a7b02", OSType: "exe", State: "shutoff", StateReason: "unknown",
				Persistent: true, MachineName: "Archive", Network: "host", MemoryMax: 64 << 20, VCPUs: 1,
			},
		},
		stats:   map[string]figures.Figures{"web": web},
		xml:     "<domain type='lxc'>\n</domain>\n",
		console: []byte("login: \x1b[1mroot\x1b[0m\n"),
		version: "1.3", ends: "shutoff", security: client.Security{Model: "none"},
		errs: map[string]error{},
	}
}

// outcome is what a user sees of one command line.
type outcome struct {
	out, err string
	status   int
}

// run carries out one command line against a fake.
func run(t *testing.T, f *fake, args ...string) outcome {
	t.Helper()
	return runWith(t.Context(), config(f), args...)
}

func config(f *fake) Config {
	return Config{
		In: strings.NewReader("<domain/>"), Getenv: func(string) string { return "" }, Root: true, Version: "1.2",
		Connect: func(context.Context) (Daemon, error) { return f, nil },
		After:   func(time.Duration) <-chan time.Time { return soon() },
	}
}

func runWith(ctx context.Context, cfg Config, args ...string) outcome {
	var out, err bytes.Buffer
	if cfg.Out == nil {
		cfg.Out = &out
	}
	cfg.Err = io.Writer(&err)
	status := Run(ctx, cfg, args)
	return outcome{out.String(), err.String(), status}
}
