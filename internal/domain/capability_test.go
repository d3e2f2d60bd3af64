package domain

import "testing"

// TestKeep: each policy and its exceptions keep the capabilities that libvirt 9.0 keeps.
func TestKeep(t *testing.T) {
	t.Parallel()
	on := func(names ...string) map[string]bool {
		m := map[string]bool{}
		for _, n := range names {
			m[n] = true
		}
		return m
	}
	for name, tc := range map[string]struct {
		caps Capabilities
		want uint64
	}{
		// As libvirt 9.0 was seen to give them.
		"default":             {Capabilities{Policy: CapDefault}, 0x1fdb5feffff},
		"default, exceptions": {Capabilities{Policy: CapDefault, States: map[string]bool{"mknod": true, "sys_time": true, "chown": false}}, 0x1fdbffefffe},
		"allow":               {Capabilities{Policy: CapAllow}, 0x1ffffffffff},
		"allow, one off":      {Capabilities{Policy: CapAllow, States: map[string]bool{"sys_admin": false}}, 0x1ffffdfffff},
		"deny":                {Capabilities{Policy: CapDeny}, 0},
		"deny, six on":        {Capabilities{Policy: CapDeny, States: on("chown", "kill", "setgid", "setuid", "net_bind_service", "sys_chroot")}, 0x404e1},
		// Beyond libvirt's list.
		"deny, the newest on":     {Capabilities{Policy: CapDeny, States: on("audit_read", "perfmon", "bpf", "checkpoint_restore")}, 0x1e000000000},
		"default, the newest off": {Capabilities{Policy: CapDefault, States: map[string]bool{"checkpoint_restore": false, "bpf": false}}, 0x7db5feffff},
		"off what is off":         {Capabilities{Policy: CapDefault, States: map[string]bool{"mknod": false}}, 0x1fdb5feffff},
		"no policy is default":    {Capabilities{}, 0x1fdb5feffff},
		"unknown names":           {Capabilities{Policy: CapDeny, States: on("nosuchcap")}, 0},
	} {
		if got := tc.caps.Keep(); got != tc.want {
			t.Errorf("%s: %#x, want %#x", name, got, tc.want)
		}
	}
}

// TestCapabilityNumbers: the 41 names have the numbers of linux/capability.h, which is an ABI.
func TestCapabilityNumbers(t *testing.T) {
	t.Parallel()
	names := CapabilityNames()
	want := map[string]int{
		"chown": 0, "kill": 5, "setpcap": 8, "net_admin": 12, "sys_module": 16, "sys_admin": 21, "sys_time": 25,
		"mknod": 27, "audit_control": 30, "setfcap": 31, "mac_admin": 33, "audit_read": 37, "checkpoint_restore": 40,
	}
	if len(names) != 41 {
		t.Errorf("%d names", len(names))
	}
	for name, n := range want {
		if got, known := capabilityNumber(name); !known || got != n {
			t.Errorf("%s is %d, want %d", name, got, n)
		}
	}
	unique := map[string]bool{}
	for _, n := range names {
		unique[n] = true
	}
	if len(unique) != len(names) {
		t.Error("a name is there twice")
	}
}
