package service

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/figures"
)

const macvlan = "<interface type='direct'><source dev='eno1'/></interface>"

// counting counts the calls of one kind from now on.
func (w *world) counting(method string) *int {
	n := new(int)
	w.onCall(method, func() { *n++ })
	return n
}

// TestTraffic: the interfaces of a container have their figures as the container sees them: of a veth from the host's
// end, whose directions are the other way round, and of a macvlan from the container's network namespace.
func TestTraffic(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w, oneInterface, macvlan)
	in, out := figures.Traffic{Bytes: 1, Packets: 2, Errors: 3, Drops: 4}, figures.Traffic{Bytes: 5, Packets: 6, Errors: 7, Drops: 8}
	both := []figures.Interface{{Name: "eth0", Receive: out, Transmit: in}, {Name: "eth1", Receive: in, Transmit: out}}
	for name, tc := range map[string]struct {
		want  figures.Wanted
		list  []figures.Interface
		known bool
	}{
		"the group":    {figures.Of(figures.Net), both, true},
		"a figure":     {figures.Wanted{}.And(figures.NetReceiveBytes), nil, true},
		"other groups": {figures.Of(figures.All &^ figures.Net), nil, false},
	} {
		one, err := s.Stats(u, tc.want)
		if err != nil {
			t.Fatal(err)
		}
		all, err := s.AllStats(tc.want, everyone)
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range []Stats{one, all[0]} {
			if diff := cmp.Diff(tc.list, got.Figures.Interfaces); diff != "" {
				t.Errorf("%s: interfaces differ (-want +got):\n%s", name, diff)
			}
			sum, known := got.Get(figures.NetReceiveBytes)
			if known != tc.known || known && sum != 6 {
				t.Errorf("%s: %d bytes in all, %v", name, sum, known)
			}
		}
	}
}

// TestTrafficCostsNothing: what nobody asks for is not read, nor is anything for containers without interfaces or that
// are off, and the host's ends of all containers are read once.
func TestTrafficCostsNothing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		devices []string
		want    figures.Wanted
		off     bool
		reads   int
	}{
		"no interfaces":  {nil, figures.Of(figures.All), false, 0},
		"nobody asks":    {[]string{oneInterface, macvlan}, figures.Of(figures.All &^ figures.Net), false, 0},
		"off":            {[]string{oneInterface, macvlan}, figures.Of(figures.All), true, 0},
		"host's ends":    {[]string{oneInterface, "<interface type='ethernet'/>"}, figures.Of(figures.All), false, 1},
		"macvlans":       {[]string{macvlan, macvlan}, figures.Of(figures.All), false, 1},
		"of either kind": {[]string{oneInterface, macvlan}, figures.Of(figures.All), false, 2},
	} {
		w := newWorld()
		s, u := running(t, w, tc.devices...)
		if tc.off {
			if err := s.Destroy(context.Background(), u); err != nil {
				t.Fatal(err)
			}
		}
		reads := w.counting("links.Counters")
		if _, err := s.AllStats(tc.want, everyone); err != nil || *reads != tc.reads {
			t.Errorf("%s: %d reads, want %d; %v", name, *reads, tc.reads, err)
		}
	}
}

// TestTrafficThatIsGone: an interface that the container has removed is left out, and counters that cannot be read are
// no fault of the other figures.
func TestTrafficThatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w, oneInterface, "<interface type='ethernet'><target dev='web1'/></interface>")
	delete(w.links, "web0")
	got, err := s.Stats(u, figures.Of(figures.Net))
	if err != nil || len(got.Figures.Interfaces) != 1 || got.Figures.Interfaces[0].Name != "eth1" {
		t.Errorf("there are %+v, %v", got.Figures.Interfaces, err)
	}
	delete(w.links, "web1")
	if got, err = s.Stats(u, figures.Of(figures.Net)); err != nil || got.Len() != 0 {
		t.Errorf("without interfaces there are %d figures, %v", got.Len(), err)
	}
	w.fault = "links.Counters"
	if _, err := s.Stats(u, figures.Of(figures.Net)); !errors.Is(err, errFault) {
		t.Errorf("a fault is %v", err)
	}
	all, err := s.AllStats(figures.Of(figures.All), everyone)
	if tasks, known := all[0].Get(figures.TasksCurrent); err != nil || !known || tasks != 7 {
		t.Errorf("with a fault there are %d tasks, %v, %v", tasks, known, err)
	}
}

// TestTrafficWithoutMeans: a berthd that has no free descriptor for the counters says so, and a container that ends
// while they are read is no fault.
func TestTrafficWithoutMeans(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, _ := running(t, w, macvlan)
	for err, want := range map[error]error{syscall.EMFILE: syscall.EMFILE, fs.ErrNotExist: nil} {
		s.Links = countersOf{err: err}
		if _, got := s.AllStats(figures.Of(figures.Net), everyone); !errors.Is(got, want) {
			t.Errorf("%v is %v", err, got)
		}
	}
}

// countersOf fails to count.
type countersOf struct {
	linksFake
	err error
}

func (c countersOf) Counters(uint32) (map[string]figures.Interface, error) { return nil, c.err }

// TestTrafficOfAnotherProcess: a process that has got the pid of an init that has ended does not have the container's
// traffic.
func TestTrafficOfAnotherProcess(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w, macvlan)
	c, err := s.find(u)
	if err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	c.snap.Leader = 4242 // which is in berthd's own control group
	c.mu.Unlock()
	all, err := s.AllStats(figures.Of(figures.All), everyone)
	if err != nil {
		t.Fatal(err)
	}
	one, err := s.Stats(u, figures.Of(figures.All))
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []Stats{all[0], one} {
		if tasks, _ := got.Get(figures.TasksCurrent); tasks != 7 || len(got.Figures.Interfaces) > 0 {
			t.Errorf("it has %d tasks, %+v", tasks, got.Figures.Interfaces)
		}
	}
}

// TestInterfacesOfADefinition: the snapshot has the interfaces of the definition, with the names that they have in the
// container and on the host.
func TestInterfacesOfADefinition(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u := define(t, s, "web", oneInterface, "<interface type='direct'><mac address='52:54:00:00:00:01'/><source dev='eno1'/><guest dev='lan'/><model type='virtio'/></interface>")
	c, err := s.find(u)
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Clone(c.snapshot().Interfaces)
	if len(got) != 2 || got[0].MAC == "" {
		t.Fatalf("there are %+v", got)
	}
	got[0].MAC = ""
	want := []Interface{
		{Name: "eth0", Type: "bridge", Source: "br0", Link: "web0"},
		{Name: "lan", Type: "direct", Source: "eno1", Model: "virtio", MAC: "52:54:00:00:00:01"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("interfaces differ (-want +got):\n%s", diff)
	}
}
