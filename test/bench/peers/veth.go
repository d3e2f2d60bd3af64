package peers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// vethBridge is the bridge of the peers whose containers have one veth. All of them use the same one.
const vethBridge = "bench0"

// makeBridge makes the bridge, if no earlier peer has.
func makeBridge(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join("/sys/class/net", vethBridge)); err == nil {
		return nil
	}
	for _, args := range [][]string{
		{"link", "add", vethBridge, "type", "bridge"},
		{"addr", "add", "10.77.0.1/16", "dev", vethBridge},
		{"link", "set", vethBridge, "up"},
	} {
		if _, err := run(ctx, append([]string{"ip"}, args...)...); err != nil {
			return err
		}
	}
	return nil
}

// vethAddress is the address of a container on the bridge.
func vethAddress(id int) string { return fmt.Sprintf("10.77.1.%d", id+1) }

// vethXML is the interface of a container of Berth.
func vethXML(id int) string {
	return `<interface type="bridge">
      <source bridge="` + vethBridge + `"/>
      <ip address="` + vethAddress(id) + `" prefix="16"/>
    </interface>`
}

// berthVeth is berth with a veth on a bridge for each container, which has an address and is up when init begins.
type berthVeth struct{ berth }

func (b *berthVeth) Prepare(ctx context.Context, count int) (About, error) {
	if err := makeBridge(ctx); err != nil {
		return About{}, err
	}
	about, err := b.berth.Prepare(ctx, count)
	about.Note, about.Programs = "berth with a veth on a bridge, and an address; registered", nil
	return about, err
}

// lxcVeth is lxc with the same.
type lxcVeth struct{ lxc }

const lxcVethConfig = `lxc.net.0.type = veth
lxc.net.0.link = ` + vethBridge + `
lxc.net.0.flags = up
lxc.net.0.ipv4.address = %s/16
`

func (l *lxcVeth) Prepare(ctx context.Context, count int) (About, error) {
	if err := makeBridge(ctx); err != nil {
		return About{}, err
	}
	about, err := l.lxc.Prepare(ctx, count)
	about.Note, about.Programs = "lxc with a veth on a bridge, and an address; not registered", nil
	return about, err
}

// nspawnVeth is nspawn with a veth on a bridge. It sets neither an address nor the container's end up: that is left to
// the container.
type nspawnVeth struct{ *nspawn }

func (n nspawnVeth) Prepare(ctx context.Context, count int) (About, error) {
	if err := makeBridge(ctx); err != nil {
		return About{}, err
	}
	about, err := n.nspawn.Prepare(ctx, count)
	about.Note, about.Programs = "nspawn --network-bridge=: a veth on a bridge, which the container would have to set up; registered", nil
	return about, err
}
