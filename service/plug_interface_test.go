package service

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// plugged is an interface that comes later. Its MAC address stays, so that it is found again.
const plugged = "<interface type='bridge'><mac address='52:54:00:00:00:09'/><source bridge='br0'/><target dev='web9'/></interface>"

var live = TuneOptions{Live: true}

// limits gives an interface a limit.
func limits(xml string) string {
	return strings.Replace(xml, "</interface>", "<bandwidth><outbound average='1'/></bandwidth></interface>", 1)
}

// hostLinks are the names of the links on the host.
func (w *world) hostLinks() (list []string) {
	for _, l := range w.left() {
		if name, is := strings.CutPrefix(l, "link "); is {
			if strings.HasPrefix(name, "vifb") {
				name = "shaper"
			}
			list = append(list, name)
		}
	}
	return list
}

// TestPlugInterface: a running container gets an interface with the next free name, which changes and goes again. The
// note has its links from before they are made, and the container's end removes them.
func TestPlugInterface(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w, oneInterface)
	ctx := context.Background()
	for _, step := range []struct {
		do    func(context.Context, domain.UUID, []byte, TuneOptions) error
		xml   string
		links []string
		has   string
	}{
		{s.AttachDevice, plugged, []string{"web0", "web9"}, "<target dev='web9'/>"},
		{s.UpdateDevice, limits(plugged), []string{"shaper", "web0", "web9"}, "<outbound average='1'/>"},
		{s.UpdateDevice, strings.Replace(plugged, "br0", "br7", 1), []string{"web0", "web9"}, "<source bridge='br7'/>"},
		{s.DetachDevice, plugged, []string{"web0"}, "web0"},
		{s.AttachDevice, limits(plugged), []string{"shaper", "web0", "web9"}, "<alias name='net1'/>"},
	} {
		if err := step.do(ctx, u, []byte(step.xml), live); err != nil {
			t.Fatalf("%s: %v", step.xml, err)
		}
		if diff := cmp.Diff(step.links, w.hostLinks()); diff != "" {
			t.Errorf("%s: -want +got\n%s", step.xml, diff)
		}
		if noted := w.runs[u].Run; len(noted.Links) != len(step.links) || noted.Plug != nil {
			t.Errorf("%s: noted %+v", step.xml, noted)
		}
		if text, _ := s.XML(u, false); !strings.Contains(text, step.has) {
			t.Errorf("%s: live it is %s", step.xml, text)
		}
	}
	if err := s.Destroy(ctx, u); err != nil {
		t.Fatal(err)
	}
	if left := w.left(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestPlugInterfaceRefused: a running container in the host's network gets no interface, and none changes what only a
// start can. Nothing is changed then.
func TestPlugInterfaceRefused(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w, oneInterface)
	ctx := context.Background()
	if err := s.AttachDevice(ctx, u, []byte(plugged), live); err != nil {
		t.Fatal(err)
	}
	before, _ := s.XML(u, false)
	own := func(old, now string) string { return strings.Replace(plugged, old, now, 1) }
	for _, step := range []struct {
		do        func(context.Context, domain.UUID, []byte, TuneOptions) error
		xml, want string
	}{
		{s.UpdateDevice, own("web9", "web8"), "interface: the container has no such device"},
		{s.UpdateDevice, own("</", "<mtu size='1400'/></"), "interface/mtu@size: "},
		{s.UpdateDevice, own("</", "<ip address='192.0.2.7'/></"), "interface/ip: "},
		{s.UpdateDevice, own("</", "<guest dev='lan'/></"), "interface: the container has no such device"},
		{s.AttachDevice, plugged, "interface/mac@address: "},
		{s.AttachDevice, own("00:09", "00:08"), "interface/target@dev: "},
		{s.AttachDevice, "<interface type='network'><source network='blue'/></interface>", "interface/source@network: "},
		{s.DetachDevice, own("00:09", "00:08"), "interface: the container has no such device"},
	} {
		if err := step.do(ctx, u, []byte(step.xml), live); err == nil || !strings.Contains(err.Error(), step.want) {
			t.Errorf("%s: %v, want %q", step.xml, err, step.want)
		}
	}
	w.hostNetwork = true
	if err := s.AttachDevice(ctx, u, []byte("<interface type='ethernet'/>"), live); err == nil || !strings.Contains(err.Error(), "the container has the host's network") {
		t.Errorf("%v", err)
	}
	if after, _ := s.XML(u, false); after != before || !slices.Equal(w.hostLinks(), []string{"web0", "web9"}) {
		t.Errorf("now it is %s, with %q", after, w.hostLinks())
	}
}

// plugOf changes the interfaces of a running container in each way, and returns the first error.
func plugOf(s *Service, u domain.UUID) error {
	ctx, both := context.Background(), TuneOptions{Live: true, Config: true}
	return errors.Join(
		s.AttachDevice(ctx, u, []byte(withPort("8081")), both),
		s.UpdateDevice(ctx, u, []byte(limits(withPort("8081"))), both),
		s.DetachDevice(ctx, u, []byte(plugged), both),
	)
}

// TestPlugInterfaceFaults: a change of an interface that fails at any point, or whose daemon dies there, is done or
// undone: the links and the ports on the host are those of the live definition, and the note is whole.
func TestPlugInterfaceFaults(t *testing.T) {
	t.Parallel()
	var points []string
	w := newWorld()
	s, u := running(t, w, oneInterface)
	s.Reached = func(p string) error { points = append(points, p); return nil }
	if err := plugOf(s, u); err != nil {
		t.Fatal(err)
	}
	if len(points) < 10 {
		t.Fatalf("the points are %q", points)
	}
	for _, point := range points {
		for name, happens := range map[string]func(w *world, s *Service) error{
			"fault": func(*world, *Service) error { return errFault },
			"death": func(w *world, s *Service) error { w.kill(s); runtime.Goexit(); return nil },
		} {
			t.Run(name+" at "+point, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newWorld()
					s, u := running(t, w, oneInterface)
					s.Reached = func(p string) error {
						if p == point {
							return happens(w, s)
						}
						return nil
					}
					over := make(chan struct{})
					go func() {
						defer close(over)
						_ = plugOf(s, u)
					}()
					<-over
					if name == "death" {
						s = next(t, w)
					} else {
						s.Reached = nil
					}
					synctest.Wait()
					text, err := s.XML(u, false)
					if err != nil {
						t.Fatal(err)
					}
					want := []string{"web0"}
					if strings.Contains(text, "web9") {
						want = append(want, "web9")
					}
					if strings.Contains(text, "outbound") {
						want = slices.Insert(want, 0, "shaper")
					}
					if ports := w.runs[u].Run.Ports; len(ports) != len(want)-1 && len(ports) != min(len(want)-1, 1) || len(w.ports.open[u.String()]) != len(ports) {
						t.Errorf("of %q the host forwards %v, noted %+v", want, w.ports.open[u.String()], ports)
					}
					if noted := w.runs[u].Run; !slices.Equal(w.hostLinks(), want) || noted.Plug != nil || len(noted.Links) != len(want) {
						t.Errorf("the host has %q, want %q, noted %+v", w.hostLinks(), want, noted)
					}
					if err := s.Destroy(context.Background(), u); err != nil || len(w.left()) > 0 {
						t.Errorf("left behind: %q, %v", w.left(), err)
					}
				})
			})
		}
	}
}

// TestSetInterface: an interface is known by each of its names, and its link state and limits change in the running
// container, in its stored definition, or in both.
func TestSetInterface(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w, oneInterface)
	ctx := context.Background()
	down := domain.LinkDown
	list, err := s.Interfaces(u, TuneOptions{})
	if err != nil || len(list) != 1 || list[0].LinkState != "up" {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, name := range []string{"eth0", "web0", list[0].MAC} {
		if err := s.SetInterface(ctx, u, name, LinkChange{State: &down}, TuneOptions{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.SetInterface(ctx, u, "eth0", LinkChange{In: &domain.Rate{Average: 7}, Out: &domain.Rate{Average: 9}}, TuneOptions{Live: true, Config: true}); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		o     TuneOptions
		state string
	}{{TuneOptions{Live: true}, "down"}, {TuneOptions{Config: true}, "up"}} {
		list, err := s.Interfaces(u, c.o)
		if err != nil || list[0].LinkState != c.state || list[0].Bandwidth.In.Average != 7 || list[0].Bandwidth.Out.Average != 9 {
			t.Errorf("%+v: %+v, %v", c.o, list, err)
		}
	}
	if err := s.SetInterface(ctx, u, "eth0", LinkChange{Out: &domain.Rate{}}, live); err != nil || !slices.Equal(w.hostLinks(), []string{"web0"}) {
		t.Errorf("without a limit the host has %q, %v", w.hostLinks(), err)
	}
	for want, change := range map[string]LinkChange{"interface/bandwidth/inbound@peak: ": {In: &domain.Rate{Average: 7, Peak: 1}}, "interface/bandwidth/inbound@average": {In: &domain.Rate{Peak: 1}}} {
		if err := s.SetInterface(ctx, u, "eth0", change, live); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if err := s.SetInterface(ctx, u, "eth9", LinkChange{State: &down}, live); err == nil || !strings.Contains(err.Error(), "no interface with this name") {
		t.Errorf("%v", err)
	}
}

// TestAddresses: the addresses of a container are those that its network has given to its MAC address, or that the host
// has heard of.
func TestAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	s.Bridges = bridgesFake{"blue": "br7"}
	u := define(t, s, "web", "<interface type='network'><mac address='52:54:00:00:00:01'/><source network='blue'/></interface>", oneInterface)
	if _, err := s.Addresses(context.Background(), u, AddressLease); err == nil {
		t.Error("it is off")
	}
	if err := s.Start(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	for from, want := range map[AddressSource]string{AddressLease: "192.0.2.7/24", AddressARP: "2001:db8::7/128"} {
		if list, err := s.Addresses(context.Background(), u, from); err != nil || len(list) != 1 || list[0].Address.String() != want || list[0].Interface.Name != "eth0" {
			t.Errorf("%s: %+v, %v", from, list, err)
		}
	}
}
