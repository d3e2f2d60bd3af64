package service

import (
	"context"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/domain"
)

const (
	misc   = "<hostdev mode='capabilities' type='misc'><source><char>/dev/fuse</char></source></hostdev>"
	bridge = "<interface type='bridge'><source bridge='br0'/></interface>"
)

// TestStoredDevices: a device of a stored definition comes, changes and goes by the rules of a definition, and an
// interface keeps the MAC address that was chosen.
func TestStoredDevices(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u := define(t, s, "web")
	ctx := context.Background()
	for _, step := range []struct {
		do       func(context.Context, domain.UUID, []byte, TuneOptions) error
		xml, err string
		has, not string
	}{
		{s.AttachDevice, misc, "", "/dev/fuse", "alias"},
		{s.AttachDevice, misc, "hostdev/source: the container has this device already: domain/devices/hostdev", "", ""},
		{s.AttachDevice, bridge, "", "<mac address='52:54:00:", "actual"},
		{s.AttachDevice, strings.Replace(bridge, "<s", "<mac address='52:54:00:00:00:01'/><s", 1), "", "52:54:00:00:00:01", ""},
		{s.DetachDevice, bridge, "interface: several devices of the container match: domain/devices/interface[1], domain/devices/interface[2]", "", ""},
		{s.UpdateDevice, strings.Replace(bridge, "<s", "<mac address='52:54:00:00:00:01'/><link state='down'/><s", 1), "", "<link state='down'/>", ""},
		{s.DetachDevice, strings.Replace(bridge, "<s", "<mac address='52:54:00:00:00:01'/><s", 1), "", "", "00:00:01"},
		{s.DetachDevice, misc, "", "", "/dev/fuse"},
		{s.DetachDevice, misc, "hostdev: the container has no such device: source '/dev/fuse'", "", ""},
		{s.UpdateDevice, misc, "hostdev: the container has no such device: source '/dev/fuse'", "", ""},
		{s.DetachDevice, "<disk/>", "2 faults", "", ""},
	} {
		err := step.do(ctx, u, []byte(step.xml), TuneOptions{})
		if (err == nil) != (step.err == "") || err != nil && !strings.Contains(err.Error(), step.err) {
			t.Errorf("%s: %v, want %q", step.xml, err, step.err)
		}
		text, _ := s.XML(u, true)
		if err == nil && (!strings.Contains(text, step.has) || step.not != "" && strings.Contains(text, step.not)) {
			t.Errorf("after %s: %s", step.xml, text)
		}
		if kept, _ := w.definitions["web"].Format(domain.FormatOptions{}); kept != text {
			t.Errorf("after %s the file has %s", step.xml, kept)
		}
	}
	if err := s.AttachDevice(ctx, u, []byte(misc), TuneOptions{Live: true}); err == nil || err.Error() != "domain is not running" {
		t.Errorf("live, off: %v", err)
	}
	w.fault = "definitions.Save"
	if err := s.AttachDevice(ctx, u, []byte(misc), TuneOptions{}); err == nil {
		t.Error("it was not saved")
	}
	if text, _ := s.XML(u, true); strings.Contains(text, "/dev/fuse") {
		t.Errorf("a change that failed: %s", text)
	}
}

// TestListDevices: the list has what the definition has, with the aliases of a run for a running container only.
func TestListDevices(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := withDisk(t, w)
	live, err := s.ListDevices(u, TuneOptions{})
	if err != nil || len(live) != 4 || live[0] != (DeviceInfo{Kind: "disk", Alias: "disk0", Type: "file", Source: "/a.img", Target: "vda"}) || live[3].Source != "/dev/net/tun" {
		t.Errorf("%+v, %v", live, err)
	}
	if stored, err := s.ListDevices(u, TuneOptions{Config: true}); err != nil || len(stored) != 4 || stored[0].Alias != "" {
		t.Errorf("%+v, %v", stored, err)
	}
	if err := s.Destroy(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ListDevices(u, TuneOptions{Live: true}); err == nil {
		t.Error("the live ones of a container that is off")
	}
}
