package service

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/planner"
)

// hostDevicesFake is a host that lacks /dev/none.
type hostDevicesFake struct{ *daemon }

func (h hostDevicesFake) Find(_ context.Context, d *domain.Def) (list []planner.HostDevice, err error) {
	if err := h.call("devices.Find"); err != nil {
		return nil, err
	}
	for i, disk := range d.Disks {
		list = append(list, planner.HostDevice{Device: plan.Device{Path: "/dev/" + disk.Target, Block: true, Image: disk.Source}, Access: "rwm", Element: "domain/devices/disk", Slot: domain.Slot{Kind: domain.KindDisk, Index: i}})
	}
	for i, dev := range d.HostDevices {
		if dev.Source == "/dev/none" {
			return nil, &domain.Error{Kind: domain.InvalidConfig, Element: "domain/devices/hostdev/source/char", Text: "the host has no device /dev/none"}
		}
		list = append(list, planner.HostDevice{Device: plan.Device{Path: dev.Source, Major: 10, Minor: 200}, Access: "rwm", Slot: domain.Slot{Kind: domain.KindHostDevice, Index: i}})
	}
	return list, nil
}

type disksFake struct{ *daemon }

func (d disksFake) Attach(_ context.Context, _ string, n int, _ string, _ bool) (*os.File, uint32, uint32, error) {
	if err := d.call("disks.Attach"); err != nil {
		return nil, 0, 0, err
	}
	f, err := d.namespace() // left finds it if it stays open
	return f, 7, uint32(n), err
}

func (s *supervisorFake) Hold(name string, f *os.File) {
	s.held = append(s.held, f)
	s.put("held "+name, "disk")
}

func (s *supervisorFake) letGo() {
	for _, f := range s.held {
		_ = f.Close()
	}
	s.held = nil
}

const withDevices = "<disk><source file='/a.img'/><target dev='vda'/></disk><disk><source file='/b.img'/><target dev='vdb'/></disk>" +
	"<hostdev mode='capabilities' type='misc'><source><char>/dev/net/tun</char></source></hostdev>"

// defineWith defines the container web with some devices.
func defineWith(t *testing.T, s *Service, inner string) domain.UUID {
	t.Helper()
	snap, err := s.Define(context.Background(), bytes.Replace(xmlOf("web"), []byte("<devices>"), []byte("<devices>"+inner), 1))
	if err != nil {
		t.Fatal(err)
	}
	return snap.UUID
}

// TestDevices: the devices of a start are in its plan and in its scope, with the numbers that the disks got. A plan
// that is only shown says whose loop devices they will be.
func TestDevices(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u := defineWith(t, s, withDevices)
	if text, err := s.Plan(context.Background(), u, true); err != nil || !strings.Contains(text, `"path": "the loop device of /b.img"`) || strings.Contains(text, "/dev/block/") {
		t.Errorf("%v: %s", err, text)
	}
	if err := s.Start(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"/dev/block/7:0 rwm", "/dev/block/7:1 rwm", "/dev/char/10:200 rwm"} {
		if !slices.Contains(w.allowed, want) {
			t.Errorf("%s is not allowed: %v", want, w.allowed)
		}
	}
	for _, want := range []string{"/dev/vda 7:0", "/dev/vdb 7:1", "/dev/net/tun 10:200"} {
		if !slices.Contains(w.nodes, want) {
			t.Errorf("%s is not planned: %v", want, w.nodes)
		}
	}
}

// TestDevicesFail: a start whose devices cannot be had says which element asks for them, and leaves nothing.
func TestDevicesFail(t *testing.T) {
	t.Parallel()
	const none = "<hostdev mode='capabilities' type='misc'><source><char>/dev/none</char></source></hostdev>"
	for name, c := range map[string]struct{ xml, fault, step, want string }{
		"no such device": {none, "", "devices", "domain/devices/hostdev/source/char: the host has no device /dev/none"},
		"no disk":        {withDevices, "disks.Attach", "devices", "domain/devices/disk: "},
		"later":          {withDevices, "supervisor.Prepare", "container", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			s := w.service(t)
			u := defineWith(t, s, c.xml)
			w.fault = c.fault
			err := s.Start(context.Background(), u)
			start, _ := errors.AsType[*StartError](err)
			if start == nil || start.Step != c.step || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
			if left := w.left(); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}
