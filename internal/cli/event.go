package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

// observed has what is told without being asked for.
type observed interface {
	Watch(ctx context.Context, signals ...string) (<-chan client.Event, error)
	Hostname(ctx context.Context) (string, error)
}

// watch is one run of event or net-event.
type watch struct {
	*app
	d Daemon

	event                            string   // the type to wait for
	subject                          *operand // the container or network
	all, loop, list, timestamp, json bool
	timeout                          uint
	types                            []eventType
	count                            int
}

// eventType is a type of events, by virsh's name for it.
type eventType struct{ name, signal string }

func domainEvents() []eventType {
	return []eventType{
		{"lifecycle", client.Lifecycle},
		{"reboot", client.Lifecycle},
		{"device-removed", client.DeviceRemoved},
		{"device-added", client.DeviceAdded},
		{"metadata-change", client.MetadataChanged},
		{"oom-kill", client.OOMKill},
	}
}

// happened is an event in the JSON of event and net-event.
type happened struct {
	Time   time.Time `json:"time"`
	Event  string    `json:"event"`
	Name   string    `json:"name"`
	UUID   *string   `json:"uuid"`
	Type   *string   `json:"type"`
	Detail *string   `json:"detail"`
}

func (a *app) eventCommands() []*cobra.Command {
	w := &watch{app: a, types: domainEvents()}
	events := &cobra.Command{Use: "event", Short: "Wait for events of containers and print them"}
	w.flags(events)
	events.Flags().BoolVar(&w.all, "all", false, "wait for events of all types")
	w.subject = &operand{name: "domain", about: "`DOMAIN`: name, id or uuid; otherwise all", optional: true, complete: a.completeDomain(fitting{})}
	addOperands(events, w.subject)
	events.RunE = func(cmd *cobra.Command, _ []string) error { return w.run(cmd) }
	n := &watch{app: a, types: []eventType{{"lifecycle", client.NetworkChanged}}}
	networks := &cobra.Command{Use: "net-event", Short: "Wait for events of networks and print them"}
	n.flags(networks)
	n.subject = &operand{name: "network", about: "`NETWORK`: name or uuid; otherwise all", optional: true, complete: a.completeNetwork}
	addOperands(networks, n.subject)
	networks.RunE = func(cmd *cobra.Command, _ []string) error { return n.run(cmd) }
	return []*cobra.Command{events, networks}
}

func (w *watch) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.event, "event", "", "`TYPE` of the events to wait for")
	cmd.Flags().BoolVar(&w.loop, "loop", false, "go on after the first event, until the time is up or an interrupt")
	cmd.Flags().UintVar(&w.timeout, "timeout", 0, "end after so many `SECONDS`")
	cmd.Flags().BoolVar(&w.list, "list", false, "print the types of events")
	cmd.Flags().BoolVar(&w.timestamp, "timestamp", false, "print the time of each event")
	cmd.Flags().BoolVar(&w.json, "json", false, "print each event as a line of JSON")
	var names []string
	for _, t := range w.types {
		names = append(names, t.name)
	}
	// The only error is that the flag does not exist.
	_ = cmd.RegisterFlagCompletionFunc("event", completeWords(names...))
}

// check checks the options.
func (w *watch) check(cmd *cobra.Command) error {
	if err := exclusive(cmd, "all", "event"); err != nil {
		return err
	}
	known := slices.ContainsFunc(w.types, func(t eventType) bool { return t.name == w.event })
	switch {
	case w.list, w.all:
	case w.event == "" && cmd.Flags().Lookup("all") == nil:
		return errors.New("either --list or --event <type> is required")
	case w.event == "":
		return errors.New("one of --list, --all, or --event <type> is required")
	case !known:
		return fmt.Errorf("unknown event type %s", printable(w.event))
	}
	if cmd.Flags().Changed("timeout") && w.timeout == 0 {
		return malformed("0", "timeout")
	}
	return nil
}

func (w *watch) run(cmd *cobra.Command) error {
	if err := w.check(cmd); err != nil {
		return err
	}
	if w.list {
		for _, t := range w.types {
			fmt.Fprintln(w.out, t.name)
		}
		return nil
	}
	ctx := cmd.Context()
	d, err := w.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	w.d = d
	var signals []string
	for _, t := range w.types {
		if w.wants(t.name) && !slices.Contains(signals, t.signal) {
			signals = append(signals, t.signal)
		}
	}
	events, err := d.Watch(ctx, signals...)
	if err != nil {
		return err
	}
	is, err := w.filter(ctx)
	if err != nil {
		return err
	}
	return w.follow(ctx, events, is)
}

func (w *watch) wants(name string) bool { return w.all || w.event == name }

// filter returns what says whether an event is of the container or network that was named.
func (w *watch) filter(ctx context.Context) (func(client.Event) bool, error) {
	switch {
	case w.subject.value == "":
		return func(client.Event) bool { return true }, nil
	case w.types[0].signal == client.NetworkChanged:
		n, err := findNetwork(ctx, w.d, w.subject.value)
		return func(e client.Event) bool { return e.UUID == n.UUID || e.UUID == "" && e.Name == n.Name }, err
	}
	t, err := find(ctx, w.d, w.subject.value, nameUUIDOrID)
	return func(e client.Event) bool { return e.Path == t.path }, err
}

// follow prints events until one came, the time is up, or the user interrupts it.
func (w *watch) follow(ctx context.Context, events <-chan client.Event, is func(client.Event) bool) error {
	var late <-chan time.Time
	if w.timeout > 0 {
		late = w.after(time.Duration(w.timeout) * time.Second)
	}
	for w.count == 0 || w.loop {
		select {
		case e, open := <-events:
			switch {
			case !open && ctx.Err() != nil:
				return w.end("event loop interrupted")
			case !open:
				return errors.Join(client.ErrLost, w.end(""))
			case is(e):
				if err := w.print(ctx, e); err != nil {
					return err
				}
			}
		case <-late:
			return w.end("event loop timed out")
		case <-ctx.Done():
			return w.end("event loop interrupted")
		}
	}
	return w.end("")
}

// end says why the watch is over, and how many events came. None is a failure.
func (w *watch) end(why string) error {
	if why != "" && !w.json {
		fmt.Fprintln(w.out, why)
	}
	if !w.json {
		fmt.Fprintf(w.out, "events received: %d\n", w.count)
	}
	if w.count == 0 {
		return statusError(1)
	}
	return nil
}

// print prints an event, if its type is wanted.
func (w *watch) print(ctx context.Context, e client.Event) error {
	h := happened{Time: time.Now().UTC(), Event: "lifecycle", Name: e.Name, UUID: unlessZero(e.UUID), Type: unlessZero(e.Kind), Detail: unlessZero(e.Detail)}
	switch {
	case e.Signal == client.Lifecycle && e.Kind == "rebooted":
		h.Event, h.Type = "reboot", nil
	case e.Signal == client.DeviceAdded:
		h.Event = "device-added"
	case e.Signal == client.DeviceRemoved:
		h.Event = "device-removed"
	case e.Signal == client.MetadataChanged:
		h.Event = "metadata-change"
	case e.Signal == client.OOMKill:
		h.Event = "oom-kill"
		h.Detail = unlessZero(fmt.Sprint(e.Kills))
	}
	if !w.wants(h.Event) {
		return nil
	}
	if h.Name == "" {
		info, err := w.d.Info(ctx, e.Path)
		if err != nil {
			return nil //nolint:nilerr // it is gone already, and its events with it
		}
		h.Name, h.UUID = info.Name, &info.UUID
	}
	w.count++
	w.write(h)
	return w.out.Flush()
}

// write prints an event as virsh does, or as a line of JSON.
func (w *watch) write(h happened) {
	if w.json {
		_ = w.encoder().Encode(h) // Flush has the error
		return
	}
	if w.timestamp {
		fmt.Fprintf(w.out, "%s: ", h.Time.Format("2006-01-02 15:04:05.000-0700"))
	}
	kind := "domain"
	if w.types[0].signal == client.NetworkChanged {
		kind = "network"
	}
	fmt.Fprintf(w.out, "event '%s' for %s '%s'", h.Event, kind, printable(h.Name))
	if text := h.words(); text != "" {
		fmt.Fprint(w.out, ": "+text)
	}
	fmt.Fprintln(w.out)
}

// words returns what an event says, in virsh's words.
func (h happened) words() string {
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return printable(*s)
	}
	switch h.Event {
	case "lifecycle":
		return strings.TrimSpace(title(text(h.Type)) + " " + title(text(h.Detail)))
	case "metadata-change":
		uri := text(h.Detail)
		if uri == "" {
			uri = "<null>"
		}
		return "type " + text(h.Type) + ", uri " + uri
	case "reboot":
		return ""
	}
	return text(h.Detail)
}

// title begins a word of the bus with a capital, as virsh does.
func title(word string) string {
	for i, r := range word {
		return string(unicode.ToUpper(r)) + word[i+len(string(r)):]
	}
	return word
}
