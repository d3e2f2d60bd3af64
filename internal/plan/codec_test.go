package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func full() *Plan {
	return &Plan{
		Name:          "web",
		Namespaces:    Namespaces{IPC: true, UTS: true, Net: true, User: true, Cgroup: true},
		Join:          []Join{{Kind: "net", NetNS: "red"}, {Kind: "ipc", Container: "db", PID: 7}},
		UIDs:          []IDRange{{0, 100000, 65536}},
		GIDs:          []IDRange{{0, 200000, 1}, {1, 300000, 2}},
		Sources:       []Source{{Path: "/dev/vg/lv", Kind: SourceBlock}, {Path: "/sys", Kind: SourceSysfs}, {Path: "/srv/root", Recursive: true, IDMapped: true, ReadOnly: true, Hide: []string{"/proc", "/dev"}}},
		Mounts:        []Mount{{Kind: MountNew, Target: "/proc", Type: "proc", Options: []Option{{"hidepid", "2"}}, NoSUID: true, NoDev: true, NoExec: true, ReadOnly: true, Writable: true, Optional: true, Whole: true, Files: []File{{"a", 0o444, "text\n"}}}},
		ReadOnlyPaths: []string{"/proc/bus"},
		Hold:          true,
		MaskedPaths:   []string{"/proc/kcore", "/sys/firmware"},
		Devices:       []Device{{"/dev/null", false, 1, 3, 0o666, ""}, {"/dev/vda", true, 7, 1, 0o700, "/a.img"}},
		Nodes:         []Device{{"/dev/vdb", true, 7, 2, 0o700, ""}},
		Label:         Label{"u:r:t:s0:c1,c2", "u:object_r:f:s0:c1,c2", true},
		Links:         []Link{{"/dev/fd", "/proc/self/fd"}},
		Consoles:      2,
		Filesystems:   []Mount{{Kind: MountSource, Target: "/data", Source: 1}, {Kind: MountInner, Target: "/a", From: "/b"}},
		Cgroup:        Mount{Kind: MountNew, Target: "/sys/fs/cgroup", Type: "cgroup2"},
		Hostname:      "web",
		LoopbackUp:    true,
		Deny:          []string{"bpf", "swapon"},
		NoNewPrivs:    true,
		Linux32:       true,
		StopSignal:    37,
		Journal:       Journal{Consoles: []uint32{0, 2}, Fields: []string{"MACHINE=web"}},
		Passed:        3,
		Notify:        "/dev/notify",
		ProcView:      true,
		Caps:          Capabilities{Keep: 0x1fdb5feffff, Inherit: true},
		Limits:        []Limit{{"nofile", 1024, 524288}, {"core", 0, Infinity}},
		RLimits:       []Limit{{"nproc", 100, 200}},
		Init:          Init{Path: "/init", Args: []string{"/init", "-x"}, Env: []string{"A=b"}, Dir: "/", User: "nobody", Group: "+5"},
	}
}

// TestPackRoundTrip: a plan is read as it was packed.
func TestPackRoundTrip(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]*Plan{"full": full(), "nearly empty": {Cgroup: Mount{Kind: MountNew}}} {
		got, err := Unpack(p.Pack())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(p, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

// FuzzUnpack: any bytes give an error or a plan, and a plan survives another trip.
func FuzzUnpack(f *testing.F) {
	f.Add(full().Pack())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Unpack(b)
		if (p == nil) == (err == nil) {
			t.Fatalf("plan %v, error %v", p, err)
		}
		if err != nil {
			return
		}
		again, err := Unpack(p.Pack())
		if err != nil || !cmp.Equal(p, again) {
			t.Fatalf("%v became %v, %v", p, again, err)
		}
	})
}
