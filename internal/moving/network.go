package moving

import (
	"context"
	"fmt"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/foreign"
	"github.com/berthd/berth/internal/netxml"
	"github.com/berthd/berth/internal/shellword"
)

// network decides about one network of libvirt's. Berth reads those of this host itself, and uses one that libvirt
// runs: it becomes Berth's own only when libvirt has let it go.
func network(ctx context.Context, d Daemon, k *known, o Options, n foreign.Network) (*Item, error) {
	i := &Item{Network: true, Name: n.Name, File: n.File, Verdict: New, Autostart: n.Autostart, doubts: n.Doubts}
	if n.Fault != nil {
		i.fail(Impossible, n.Fault.Error())
		return i, nil
	}
	text, lost, err := netxml.Reduce([]byte(n.Text))
	if err != nil {
		i.fail(Impossible, err.Error())
		return i, nil
	}
	for _, l := range lost {
		i.warn(n.File, l.Line, l.Element+": "+l.Text)
	}
	def, err := parseNetwork(string(text))
	switch {
	case err != nil:
		i.fail(Impossible, err.Error())
		return i, nil
	case def.Name != n.Name:
		i.fail(Impossible, fmt.Sprintf("the name inside is '%s'", def.Name))
		return i, nil
	}
	i.xml = string(text)
	i.tellDoubts(o)
	for _, other := range k.networks {
		if other.Origin == "berth" && other.Name != n.Name && other.Bridge == def.Bridge && def.Bridge != "" && def.Mode != netxml.Bridge {
			i.fail(Conflict, fmt.Sprintf("Berth's network '%s' has its bridge, %s", other.Name, def.Bridge))
			return i, nil
		}
	}
	have, there := k.networks[n.Name]
	i.before = there && have.Autostart
	switch {
	case there && have.Origin == "berth":
		return i, i.compareNetwork(ctx, d, o, def, have)
	case there && have.Origin == "libvirt" && have.Active && o.Here:
		i.fail(Kept, "libvirt runs it, and Berth's containers use it as it is")
		name := shellword.Operand(n.Name)
		i.Then = append(i.Then, fmt.Sprintf("to make it Berth's own: virsh net-destroy %s; virsh net-autostart --disable %s; then import again, and berthctl net-start %s", name, name, name))
		return i, nil
	case there && have.Origin == "shipped":
		i.warn(n.File, 0, "it takes the place of the network that came with Berth")
	}
	i.thenNetwork(o)
	return i, nil
}

func (i *Item) thenNetwork(o Options) {
	if i.Autostart && o.Here {
		i.Then = append(i.Then, fmt.Sprintf("libvirt starts it with the host, too, and only one can have its bridge: virsh net-autostart --disable %s", shellword.Operand(i.Name)))
	}
	i.Then = append(i.Then, "berthctl net-start "+shellword.Operand(i.Name))
}

func (i *Item) compareNetwork(ctx context.Context, d Daemon, o Options, def *netxml.Def, have client.Network) error {
	stored, err := d.NetworkXML(ctx, have.Name, client.Inactive)
	if err != nil {
		return err
	}
	i.previous = stored
	old, err := parseNetwork(stored)
	if err != nil {
		return err
	}
	if !def.UUID.IsZero() && def.UUID != old.UUID {
		i.fail(Conflict, fmt.Sprintf("Berth has another network with this name, with the uuid %s", old.UUID))
		return nil
	}
	now, err := old.Format()
	if err != nil {
		return err
	}
	wanted, err := def.Complete(netxml.Chosen{UUID: old.UUID, Bridge: old.Bridge}).Format()
	if err != nil {
		return err
	}
	i.xml = wanted
	i.settle(o, now, wanted)
	if i.Made() {
		i.thenNetwork(o)
	}
	return nil
}
