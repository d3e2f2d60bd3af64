package planner

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/plan"
)

// testDevices are a disk that reads an image, a character device in a directory of its own, and a timer without a node.
func testDevices() []HostDevice {
	return []HostDevice{
		{Device: plan.Device{Path: "/dev/vda", Block: true, Major: 7, Minor: 3, Mode: 0o700, Image: "/srv/a.img"}, Access: "rm", ReadOnly: true},
		{Device: plan.Device{Path: "/dev/net/tun", Major: 10, Minor: 200, Mode: 0o700}, Access: "rwm"},
		{Device: plan.Device{Path: "/dev/rtc", Major: 250, Mode: 0o600}, Access: "r", NodeLess: true},
	}
}

// TestAllowDevices: a scope may use host devices by their numbers and in no other way than they ask for, and every
// other device as before.
func TestAllowDevices(t *testing.T) {
	t.Parallel()
	s := plan.Scope{Devices: devicesAllowed(false)}
	AllowDevices(&s, testDevices())
	want := append(devicesAllowed(false),
		plan.DeviceAllow{Path: "/dev/block/7:3", Access: "rm"},
		plan.DeviceAllow{Path: "/dev/char/10:200", Access: "rwm"},
		plan.DeviceAllow{Path: "/dev/char/250:0", Access: "r"})
	if diff := cmp.Diff(want, s.Devices); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestShowDevices: a plan that is only shown names the image of a loop device that nobody has chosen yet.
func TestShowDevices(t *testing.T) {
	t.Parallel()
	s := plan.Scope{Devices: []plan.DeviceAllow{{Path: "/dev/null", Access: "rwm"}}}
	ShowDevices(&s, testDevices())
	want := []plan.DeviceAllow{
		{Path: "/dev/null", Access: "rwm"}, {Path: "the loop device of /srv/a.img", Access: "rm"}, {Path: "/dev/char/10:200", Access: "rwm"}, {Path: "/dev/char/250:0", Access: "r"},
	}
	if diff := cmp.Diff(want, s.Devices); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestLoopsAreKept: a container that has loop devices for its disks alone may not change them, and keeps what its
// profile denies.
func TestLoopsAreKept(t *testing.T) {
	t.Parallel()
	image := HostDevice{Device: plan.Device{Path: "/dev/vda", Block: true, Major: 7, Minor: 3, Image: "/srv/a.img"}}
	for name, c := range map[string]struct {
		list []HostDevice
		want []string
	}{
		"a disk":                 {[]HostDevice{image}, []string{"bpf", "ioctl(LOOP_*)", "ustat"}},
		"a disk, and tun":        {[]HostDevice{image, {Device: plan.Device{Path: "/dev/net/tun", Major: 10, Minor: 200}}}, []string{"bpf", "ioctl(LOOP_*)", "ustat"}},
		"a loop device as well":  {[]HostDevice{image, {Device: plan.Device{Path: "/dev/loop9", Block: true, Major: 7, Minor: 9}}}, []string{"bpf", "ustat"}},
		"and the loops' control": {[]HostDevice{image, {Device: plan.Device{Path: "/dev/loop-control", Major: 10, Minor: 237}}}, []string{"bpf", "ustat"}},
		"a device of the host":   {[]HostDevice{{Device: plan.Device{Path: "/dev/sda", Block: true, Major: 8}}}, []string{"bpf", "ustat"}},
	} {
		p := &plan.Plan{Deny: []string{"bpf", "ustat"}}
		AddDevices(p, c.list)
		if diff := cmp.Diff(c.want, p.Deny); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}
