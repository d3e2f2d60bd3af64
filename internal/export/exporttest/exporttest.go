// Package exporttest has the definitions that the exports are tested with, as GetXML and GetPlan of org.berth1(5) would
// return them on a host that has all of their devices.
package exporttest

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/export"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/planner"
)

// Definitions returns the files of the definitions, by the names of their goldens. The list is a fixed one: a new
// definition for the parser changes nothing here.
func Definitions() map[string]string {
	const top = "../../../"
	of := map[string]string{}
	for dir, names := range map[string]string{
		"internal/domain/testdata/served": "as-libvirt capabilities-default devices everything extension extension-all extension-none filesystems idmap idmap-auto " +
			"initargs inner interfaces label labels live-pasted-back minimal namespaces namespaces-default-prefix nic page-host-root page-private-root ports " +
			"shutdown-timeout tuning tuning-auto",
		"internal/planner/testdata": "consoles host-root-readonly idmap-devices idmap-privnet idmap-sharenet init privnet",
		"internal/export/testdata":  "images odd-words reader",
	} {
		for name := range strings.FieldsSeq(names) {
			of[name] = top + dir + "/" + name + ".xml"
		}
	}
	return of
}

// Load returns the container of a file.
func Load(t testing.TB, file string) *export.Source {
	t.Helper()
	xml, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		t.Fatal(err)
	}
	return Read(t, string(xml))
}

// Read returns the container of a definition.
func Read(t testing.TB, xml string) *export.Source {
	t.Helper()
	d, err := domain.Parse([]byte(xml))
	if err != nil {
		t.Fatal(err)
	}
	s, err := export.Read(xml, Plan(t, d))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Plan returns the JSON of a plan, as the service writes it.
func Plan(t testing.TB, d *domain.Def) string {
	t.Helper()
	host := planner.Host{
		ContainerEnv: "libvirt-lxc", Path: "/bin:/usr/bin", OSRelease: "ID=host\n", MQueue: true, ProcView: true,
		Limits: []plan.Limit{{Name: "core", Soft: 0, Hard: plan.Infinity}, {Name: "nofile", Soft: 1024, Hard: 524288}},
	}
	p, s := planner.Build(d, host), planner.Scope(d)
	devices := found(d)
	planner.AddDevices(p, devices)
	planner.ShowDevices(&s, devices)
	text, err := json.Marshal(struct {
		*plan.Plan
		Scope   plan.Scope `json:"scope"`
		Network string     `json:"network"`
		Net     plan.Net   `json:"net,omitzero"`
	}{p, s, d.Network(), planner.Net(d)})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// found are the devices of a definition, with numbers of their own.
func found(d *domain.Def) (list []planner.HostDevice) {
	add := func(path string, block bool, access string) *planner.HostDevice {
		n := uint32(len(list))
		list = append(list, planner.HostDevice{Device: plan.Device{Path: path, Block: block, Major: 200 + n, Minor: n, Mode: 0o700}, Access: access})
		return &list[n]
	}
	for _, disk := range d.Disks {
		access := "rwm"
		if disk.ReadOnly {
			access = "rm"
		}
		dev := add("/dev/"+disk.Target, true, access)
		if disk.Type == domain.DiskFile {
			dev.Image, dev.Major, dev.Minor = disk.Source, 7, 0 // the start chooses the loop device
		}
	}
	for i, h := range d.HostDevices {
		switch h.Kind {
		case domain.HostUSB:
			add("/dev/bus/usb/001/00"+string(rune('1'+i)), false, "rwm")
		case domain.HostMisc, domain.HostStorage:
			add(h.Source, h.Kind == domain.HostStorage, "rwm")
		case domain.HostNet:
		}
	}
	for _, t := range d.Clock.Timers {
		if t.Device() {
			path := map[string]string{"rtc": "/dev/rtc", "hpet": "/dev/hpet"}[t.Name]
			add(path, false, "rm").NodeLess = d.Clock.Offset != "localtime"
		}
	}
	return list
}

// Host is one that has the user web with the number 33, the block device /dev/vda, and files of root.
func Host() export.Host {
	return export.Host{
		Account: func(user, _ string) (export.Account, error) {
			switch user {
			case "web", "+33", "33":
				return export.Account{UID: 33, GID: 33, Groups: []uint32{4, 27}}, nil
			case "", "0", "root":
				return export.Account{}, nil
			}
			return export.Account{UID: 1000, GID: 1000}, nil
		},
		Device: func(path string) (major, minor uint32, err error) {
			if path == "/dev/null" || path == "/dev/zero" {
				return 0, 0, errors.New(path + " is no block device")
			}
			return 253, uint32(len(path)), nil
		},
		Owner: func(string) (uint32, error) { return 0, nil },
	}
}

// Report writes warnings as a golden has them.
func Report(list export.Warnings) string {
	var b strings.Builder
	for _, w := range list {
		b.WriteString("warning: " + w.Element + ": " + w.Text + "\n")
		for _, c := range w.Commands {
			b.WriteString("    " + c + "\n")
		}
	}
	return b.String()
}
