package peers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/godbus/dbus/v5"
)

const (
	berthName      = "org.berth1"
	berthRoot      = dbus.ObjectPath("/org/berth1")
	berthManager   = "org.berth1.Manager"
	berthContainer = "org.berth1.Container"

	noSuchContainer = "org.berth1.Error.NoSuchContainer"
)

// berth is this project, driven by D-Bus calls on one open connection.
type berth struct {
	roots      Roots
	idmap      string // the definition's <idmap>, or "" for none
	veth       bool   // with an interface
	conn       *dbus.Conn
	containers []dbus.BusObject
	null       *os.File // what commands get as input and outputs
}

// noOptions returns the empty a{sv} that most methods take.
func noOptions() map[string]dbus.Variant { return map[string]dbus.Variant{} }

func (b *berth) Prepare(ctx context.Context, count int) (About, error) {
	about := About{
		Note:     "org.berth1.Container.Start, .Exec and .Destroy on an open bus connection; registered",
		Programs: []string{"berth-supervisor", "berthd"},
	}
	err := b.connect(&about)
	for id := 0; id < count && err == nil; id++ {
		devices := ""
		if b.veth {
			devices = vethXML(id)
		}
		err = b.define(ctx, b.name(id), domainXML(b.name(id), b.roots.Root(id), b.idmap, devices))
	}
	return about, err
}

// connect opens the connection to the bus. It sets the version.
func (b *berth) connect(about *About) error {
	conn, err := dbus.ConnectSystemBus()
	if err != nil {
		return fmt.Errorf("connect to the system bus: %w", err)
	}
	b.conn = conn
	if b.null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
		return err
	}
	version, err := conn.Object(berthName, berthRoot).GetProperty(berthManager + ".Version")
	if err != nil {
		return fmt.Errorf("activate %s: %w", berthName, err)
	}
	about.Version = fmt.Sprint("berth ", version.Value())
	return nil
}

// name returns the container's name. Containers with an <idmap> or an interface have other names than those without.
func (b *berth) name(id int) string {
	switch {
	case b.idmap != "":
		return "userns-" + name(id)
	case b.veth:
		return "veth-" + name(id)
	}
	return name(id)
}

// define adds a container's object. It defines the container if no earlier peer of Berth has.
func (b *berth) define(ctx context.Context, name, xml string) error {
	manager := b.conn.Object(berthName, berthRoot)
	var path dbus.ObjectPath
	err := manager.CallWithContext(ctx, berthManager+".GetContainerByName", 0, name).Store(&path)
	if refused, ok := errors.AsType[dbus.Error](err); ok && refused.Name == noSuchContainer {
		err = manager.CallWithContext(ctx, berthManager+".DefineXML", 0, xml, noOptions()).Store(&path)
	}
	if err != nil {
		return fmt.Errorf("define %s: %w", name, err)
	}
	b.containers = append(b.containers, b.conn.Object(berthName, path))
	return nil
}

// log returns the file of the messages of the programs that are run for a container.
func (b *berth) log(id int) string { return filepath.Join(b.roots.Work("berth"), name(id)+".log") }

func (b *berth) Start(ctx context.Context, id int) error {
	return b.containers[id].CallWithContext(ctx, berthContainer+".Start", 0, noOptions()).Err
}

func (b *berth) Stop(ctx context.Context, id int) error {
	return b.containers[id].CallWithContext(ctx, berthContainer+".Destroy", 0, noOptions()).Err
}

func (b *berth) Explain(id int) string {
	state, err := b.containers[id].GetProperty(berthContainer + ".State")
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint("state ", state.Value())
}

func (b *berth) Close() error {
	if b.conn == nil {
		return nil
	}
	err := b.conn.Close()
	if b.null != nil {
		err = errors.Join(err, b.null.Close())
	}
	return err
}

// berthUserNS is berth with a user namespace for each container.
type berthUserNS struct{ berth }

func (b *berthUserNS) Prepare(ctx context.Context, count int) (About, error) {
	about, err := b.berth.Prepare(ctx, count)
	about.Note, about.Programs = "berth with an <idmap> of 65536 ids from 100000; registered", nil
	return about, err
}

// berthDynMods is berth while the machine's cgroup2 has the option favordynmods. The benchmark sets it: in a nest
// berthd cannot.
type berthDynMods struct{ berth }

func (b *berthDynMods) Prepare(ctx context.Context, count int) (About, error) {
	about, err := b.berth.Prepare(ctx, count)
	about.Note, about.Programs = "berth with cgroup2's favordynmods, as FavorDynMods=yes sets it; registered", nil
	return about, err
}

// berthctl is berth, driven by a berthctl process for each call.
type berthctl struct{ berth }

func (b *berthctl) Prepare(ctx context.Context, count int) (About, error) {
	about, err := b.berth.Prepare(ctx, count)
	about.Note, about.Programs = "a berthctl process for each call; registered", nil
	if err != nil {
		return about, err
	}
	return about, os.MkdirAll(b.roots.Work("berth"), 0o700)
}

func (b *berthctl) Start(ctx context.Context, id int) error {
	return logged(ctx, b.log(id), "berthctl", "start", name(id))
}

func (b *berthctl) Stop(ctx context.Context, id int) error {
	return logged(ctx, b.log(id), "berthctl", "destroy", name(id))
}

func (b *berthctl) Explain(id int) string { return tail(b.log(id)) }
