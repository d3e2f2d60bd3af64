package moving

import (
	"context"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/foreign"
	"github.com/berthd/berth/internal/netxml"
)

// Daemon has the calls to berthd that a move needs. *client.Client implements it.
type Daemon interface {
	ConvertNative(ctx context.Context, format, text string, o client.NativeOptions) (client.Native, error)
	ValidateXML(ctx context.Context, xml string) ([]client.Fault, error)
	WithoutEffect(ctx context.Context, xml string, device bool) ([]client.Fault, error)
	List(ctx context.Context, f client.Filter) ([]client.Summary, error)
	Info(ctx context.Context, p client.Path) (client.Info, error)
	XML(ctx context.Context, p client.Path, d client.Definition) (string, error)
	Define(ctx context.Context, xml string) (client.Path, error)
	Undefine(ctx context.Context, p client.Path) error
	Redefine(ctx context.Context, p client.Path, previous, xml string) error
	SetAutostart(ctx context.Context, p client.Path, on bool) error
	Networks(ctx context.Context) ([]client.Network, error)
	NetworkXML(ctx context.Context, name string, d client.Definition) (string, error)
	DefineNetwork(ctx context.Context, xml string) (string, error)
	UndefineNetwork(ctx context.Context, name string) error
	SetNetworkAutostart(ctx context.Context, name string, on bool) error
}

// Verdict is what becomes of an item.
type Verdict string

// The verdicts.
const (
	New        Verdict = "new"        // it is made
	Same       Verdict = "same"       // Berth has it already
	Differs    Verdict = "differs"    // Berth has another definition of it, which stays
	Replaced   Verdict = "replaced"   // Berth has another definition of it, which is replaced
	Kept       Verdict = "kept"       // a network that libvirt runs, which Berth uses meanwhile
	Conflict   Verdict = "conflict"   // Berth has something else with its name or uuid
	Impossible Verdict = "impossible" // Berth cannot have it
)

// Warning is what is lost, and where it was. Line is 0 if it is about the whole.
type Warning struct {
	File string
	Line int
	Text string
}

// Item is a container or a network that is looked at.
type Item struct {
	Network   bool
	Name      string
	File      string
	Verdict   Verdict
	Reason    string // of a conflict, or why it is impossible or kept
	Autostart bool
	Running   bool // under its manager
	Warnings  []Warning
	Changes   []string // the lines in which the definitions differ: "- " before Berth's, "+ " before the other
	Then      []string // what the user has to do, once it is imported

	xml      string      // to be stored
	path     client.Path // of what is replaced
	previous string      // its stored definition
	before   bool        // whether it starts with the host
	networks []string    // that the container is connected to
	doubts   []foreign.Doubt
}

// Made reports whether the item is to be stored.
func (i *Item) Made() bool { return i.Verdict == New || i.Verdict == Replaced }

// Fails reports whether the item cannot be imported.
func (i *Item) Fails() bool { return i.Verdict == Conflict || i.Verdict == Impossible }

func (i *Item) fail(v Verdict, reason string) {
	i.Verdict, i.Reason = v, reason
}

func (i *Item) warn(file string, line int, text string) {
	i.Warnings = append(i.Warnings, Warning{file, line, text})
}

// known is what Berth has.
type known struct {
	byName, byUUID map[string]client.Summary
	networks       map[string]client.Network
}

func look(ctx context.Context, d Daemon) (*known, error) {
	k := &known{map[string]client.Summary{}, map[string]client.Summary{}, map[string]client.Network{}}
	list, err := d.List(ctx, client.Filter{})
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		k.byName[s.Name], k.byUUID[s.UUID] = s, s
	}
	networks, err := d.Networks(ctx)
	for _, n := range networks {
		k.networks[n.Name] = n
	}
	return k, err
}

// parseDomain and parseNetwork read what berthd has stored or has accepted.
func parseDomain(xml string) (*domain.Def, error)  { return domain.Parse([]byte(xml)) }
func parseNetwork(xml string) (*netxml.Def, error) { return netxml.Parse([]byte(xml)) }
