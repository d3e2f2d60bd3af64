package seccomp

import (
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// seen is what the kernel shows to a filter.
type seen struct {
	number, arch uint32
	args         [6]uint32
}

// run interprets a filter as the kernel does; it knows the instructions that ours have.
func run(t *testing.T, f []unix.SockFilter, c seen) uint32 {
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

// names are all calls that filters can be for.
func names() []string {
	var all []string
	for _, a := range abis() {
		for _, c := range a.calls {
			all = append(all, c.name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestFilter: exactly the denied calls get EPERM, by the numbers of each architecture.
func TestFilter(t *testing.T) {
	t.Parallel()
	for name, deny := range map[string][]string{
		"nothing":         nil,
		"one":             {"bpf"},
		"one, twice":      {"bpf", "bpf"},
		"an unknown name": {"bpf", "no-such-call", "swapon"},
		"neighbours":      {"swapon", "reboot", "quotactl", "init_module", "delete_module"},
		"all":             names(),
	} {
		f, err := Filter(deny)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(f) > 4096 {
			t.Errorf("%s: %d instructions, the kernel takes 4096", name, len(f))
		}
		for _, a := range abis() {
			for n := range uint32(1024) {
				want := uint32(allow)
				if slices.ContainsFunc(a.calls, func(c call) bool { return c.number == n && slices.Contains(deny, c.name) }) {
					want = denied
				}
				if got := run(t, f, seen{number: n, arch: a.arch}); got != want {
					t.Errorf("%s: %d of %#x: %#x, want %#x", name, n, a.arch, got, want)
				}
			}
		}
	}
}

// TestForeign: calls of an unknown architecture, and numbers of another's, get ENOSYS.
func TestForeign(t *testing.T) {
	t.Parallel()
	f, err := Filter([]string{"bpf"})
	if err != nil {
		t.Fatal(err)
	}
	for _, arch := range []uint32{0, unix.AUDIT_ARCH_PPC, unix.AUDIT_ARCH_S390X, 1<<32 - 1} {
		for _, n := range []uint32{0, 1, 321, 1<<32 - 1} {
			if got := run(t, f, seen{number: n, arch: arch}); got != absent {
				t.Errorf("%d of %#x: %#x", n, arch, got)
			}
		}
	}
	for _, a := range abis() {
		past := absent
		if a.limit == 0 {
			past = allow // the kernel's answer is ENOSYS
		}
		for _, n := range []uint32{0x40000000, 0x40000000 | 321, 1<<32 - 1} {
			if got := run(t, f, seen{number: n, arch: a.arch}); got != past {
				t.Errorf("%#x of %#x: %#x, want %#x", n, a.arch, got, past)
			}
		}
	}
}

// TestAuditSocket: a socket of the host's audit is refused, and no other socket is.
func TestAuditSocket(t *testing.T) {
	t.Parallel()
	f, err := Filter([]string{"bpf"})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range abis() {
		for name, c := range map[string]struct {
			number, family, protocol, want uint32
		}{
			"audit netlink":               {a.socket, unix.AF_NETLINK, unix.NETLINK_AUDIT, noFamily},
			"route netlink":               {a.socket, unix.AF_NETLINK, unix.NETLINK_ROUTE, allow},
			"another family's protocol 9": {a.socket, unix.AF_INET, unix.NETLINK_AUDIT, allow},
			"another call":                {a.socket + 1, unix.AF_NETLINK, unix.NETLINK_AUDIT, allow},
		} {
			got := run(t, f, seen{c.number, a.arch, [6]uint32{c.family, unix.SOCK_RAW, c.protocol}})
			if got != c.want {
				t.Errorf("%s of %#x: %#x, want %#x", name, a.arch, got, c.want)
			}
		}
	}
}

// TestTooLong: a list that no jump reaches across is refused, not jumped wrong.
func TestTooLong(t *testing.T) {
	t.Parallel()
	for count, fits := range map[int]bool{1: true, 60: true, 63: false, 1000: false} {
		a := abi{arch: 1, socket: 1 << 20}
		for n := range uint32(count) {
			a.calls = append(a.calls, call{"x", 2 * n})
		}
		f, err := program([]abi{a, a}, []string{"x"})
		if (err == nil) != fits {
			t.Fatalf("%d calls: %d instructions, %v", count, len(f), err)
		}
		for n := range uint32(2 * count) {
			if !fits {
				break
			}
			want := uint32(allow)
			if n%2 == 0 {
				want = denied
			}
			if got := run(t, f, seen{number: n, arch: 1}); got != want {
				t.Errorf("%d calls: %d: %#x, want %#x", count, n, got, want)
			}
		}
	}
}
