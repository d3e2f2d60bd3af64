package seccomp

import (
	"testing"

	"golang.org/x/sys/unix"
)

// call is what the kernel shows to a filter.
type call struct {
	number, arch uint32
	args         [6]uint32
}

// run interprets a filter as the kernel does; it knows the instructions that ours have.
func run(t *testing.T, f []unix.SockFilter, c call) uint32 {
	t.Helper()
	var acc uint32
	for pc := 0; pc < len(f); pc++ {
		i := f[pc]
		switch i.Code {
		case loadWord:
			switch i.K {
			case atNumber:
				acc = c.number
			case atArch:
				acc = c.arch
			default:
				if i.K < 16 || i.K >= 64 || i.K%8 != 0 {
					t.Fatalf("instruction %d loads from %d", pc, i.K)
				}
				acc = c.args[(i.K-16)/8]
			}
		case jumpEqual, jumpAtLeast:
			if acc == i.K || i.Code == jumpAtLeast && acc > i.K {
				pc += int(i.Jt)
			} else {
				pc += int(i.Jf)
			}
		case giveBack:
			return i.K
		default:
			t.Fatalf("instruction %d has the code %#x", pc, i.Code)
		}
	}
	t.Fatal("it runs past its end")
	return 0
}

func TestFilter(t *testing.T) {
	t.Parallel()
	f, err := Filter([]string{"bpf", "no-such-call", "keyctl", "swapon"})
	if err != nil {
		t.Fatal(err)
	}
	socket := func(family, protocol uint32) call {
		return call{unix.SYS_SOCKET, auditArch, [6]uint32{family, unix.SOCK_RAW, protocol}}
	}
	for name, c := range map[string]struct {
		call
		want uint32
	}{
		"the first of the list":       {call{number: unix.SYS_BPF, arch: auditArch}, denied},
		"the last":                    {call{number: unix.SYS_SWAPON, arch: auditArch}, denied},
		"one that is not in it":       {call{number: unix.SYS_MOUNT, arch: auditArch}, allow},
		"read, number 0 or so":        {call{number: unix.SYS_READ, arch: auditArch}, allow},
		"one of a later kernel":       {call{number: 5000, arch: auditArch}, allow},
		"i386":                        {call{number: unix.SYS_READ, arch: unix.AUDIT_ARCH_I386}, absent},
		"no architecture":             {call{}, absent},
		"audit netlink":               {socket(unix.AF_NETLINK, unix.NETLINK_AUDIT), noFamily},
		"route netlink":               {socket(unix.AF_NETLINK, unix.NETLINK_ROUTE), allow},
		"another family's protocol 9": {socket(unix.AF_INET, unix.NETLINK_AUDIT), allow},
		"netlink's number in another call": {
			call{unix.SYS_MOUNT, auditArch, [6]uint32{unix.AF_NETLINK, 0, unix.NETLINK_AUDIT}}, allow,
		},
	} {
		if got := run(t, f, c.call); got != c.want {
			t.Errorf("%s: %#x, want %#x", name, got, c.want)
		}
	}
	if x32 != 0 {
		for _, n := range []uint32{x32, x32 | unix.SYS_READ, x32 | unix.SYS_BPF, 1<<32 - 1} {
			if got := run(t, f, call{number: n, arch: auditArch}); got != absent {
				t.Errorf("%#x: %#x", n, got)
			}
		}
	}
	if len(f) > 4096 {
		t.Errorf("%d instructions, the kernel takes 4096", len(f))
	}
}

// TestNumbers: no call has another's number.
func TestNumbers(t *testing.T) {
	t.Parallel()
	if _, known := Number("no-such-call"); known {
		t.Error("it knows anything")
	}
	if n, known := Number("bpf"); !known || n != unix.SYS_BPF {
		t.Errorf("bpf is %d, %v", n, known)
	}
	if err := Install(nil); err == nil {
		t.Error("an empty filter was installed")
	}
}
