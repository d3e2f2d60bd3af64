package dbusapi

import (
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/internal/domain"
)

// TestParsePath: only the path that ContainerPath makes is a container's.
func TestParsePath(t *testing.T) {
	t.Parallel()
	u := domain.UUID{0xab, 0xcd, 15: 0xef}
	const prefix = "/org/berth1/container/"
	tests := []struct {
		name string
		path dbus.ObjectPath
		kind kind
		uuid domain.UUID
	}{
		{"root", "/", kindBranch, domain.UUID{}},
		{"org", "/org", kindBranch, domain.UUID{}},
		{"manager", "/org/berth1", kindManager, domain.UUID{}},
		{"containers", "/org/berth1/container", kindBranch, domain.UUID{}},
		{"container", prefix + "_abcd0000_0000_0000_0000_0000000000ef", kindContainer, u},
		{"upper case", prefix + "_ABCD0000_0000_0000_0000_0000000000ef", kindUnknown, domain.UUID{}},
		{"other separators", prefix + "_abcd00000000_0000_0000_0000000000ef", kindUnknown, domain.UUID{}},
		{"no separators", prefix + "_abcd00000000000000000000000000ef", kindUnknown, domain.UUID{}},
		{"too short", prefix + "_abcd0000", kindUnknown, domain.UUID{}},
		{"zero", prefix + "_00000000_0000_0000_0000_000000000000", kindUnknown, domain.UUID{}},
		{"below", prefix + "_abcd0000_0000_0000_0000_0000000000ef/x", kindUnknown, domain.UUID{}},
		{"processes", "/org/berth1/process", kindBranch, domain.UUID{}},
		{"process", "/org/berth1/process/_abcd0000_0000_0000_0000_0000000000ef_7_1", kindProcess, u},
		{"process, other number", "/org/berth1/process/_abcd0000_0000_0000_0000_0000000000ef_7_01", kindUnknown, domain.UUID{}},
		{"process, too large", "/org/berth1/process/_abcd0000_0000_0000_0000_0000000000ef_4294967296_1", kindUnknown, domain.UUID{}},
		{"process, no number", "/org/berth1/process/_abcd0000_0000_0000_0000_0000000000ef_7", kindUnknown, domain.UUID{}},
		{"above the log", "/org/freedesktop", kindBranch, domain.UUID{}},
		{"log", "/org/freedesktop/LogControl1", kindLog, domain.UUID{}},
		{"elsewhere", "/org/berth2", kindUnknown, domain.UUID{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if kind, uuid := parsePath(tt.path); kind != tt.kind || uuid != tt.uuid {
				t.Errorf("parsePath(%s) = %v, %v; want %v, %v", tt.path, kind, uuid, tt.kind, tt.uuid)
			}
		})
	}
}

// FuzzParsePath: no two paths are the same container.
func FuzzParsePath(f *testing.F) {
	f.Add("/org/berth1/container/_abcd0000_0000_0000_0000_0000000000ef")
	f.Add("/org/berth1/container/_")
	f.Fuzz(func(t *testing.T, path string) {
		if k, u := parsePath(dbus.ObjectPath(path)); k == kindContainer && ContainerPath(u) != dbus.ObjectPath(path) {
			t.Errorf("%q and %q are the same container", path, ContainerPath(u))
		}
	})
}
