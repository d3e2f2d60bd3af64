package remote

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/figures"
	"github.com/berthd/berth/internal/guest"
	"github.com/berthd/berth/internal/node"
	"github.com/berthd/berth/internal/numberset"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/service"
)

// knowing is a core with a host of two processors and a container that can be looked into.
type knowing struct {
	*fakeCore
	pinned string // the processors that the container may use
	set    []string
	silent bool // the container does not tell what it is
}

func (k *knowing) NodeInfo() (node.Info, error) {
	return node.Info{Arch: "x86_64", Online: []int{0, 1}, Present: []int{0, 1}, Cells: []node.Cell{{CPUs: []node.CPU{{ID: 0}, {ID: 1, Core: 1}}}}}, nil
}

func (k *knowing) NodeFreePages() ([]node.FreePages, error) {
	return []node.FreePages{
		{Cell: 0, Pages: []node.Pages{{Size: 4096, Count: 100}, {Size: 2 << 20, Count: 3}}},
		{Cell: 1, Pages: []node.Pages{{Size: 4096, Count: 200}, {Size: 2 << 20, Count: 4}}},
	}, nil
}

func (k *knowing) NodeSharedMemory() []node.SharedMemory {
	return []node.SharedMemory{{Name: "pages_to_scan", Value: 100}, {Name: "pages_shared", Value: 1 << 40}}
}

func (k *knowing) NodeFirmware() node.Firmware {
	return node.Firmware{"sys_vendor": "ACME", "product_uuid": "secret"}
}

func (k *knowing) VCPUs(_ domain.UUID, o service.TuneOptions) (uint32, error) {
	if o.Config {
		return 3, nil
	}
	return 2, nil
}

func (k *knowing) Limits(domain.UUID, service.TuneOptions) (uint64, service.Limits, error) {
	return plan.Infinity, service.Limits{AllowedCPUs: numberset.Set(k.pinned)}, nil
}

func (k *knowing) Stats(u domain.UUID, _ figures.Wanted) (service.Stats, error) {
	snap, err := k.ByUUID(u)
	snap.VCPUs = 2
	s := service.Stats{Snapshot: snap}
	s.Put(figures.CPUUsageUSec, 10)
	return s, err
}

func (k *knowing) SetAction(_ context.Context, _ domain.UUID, e domain.Ending, a domain.Action, o service.TuneOptions) error {
	k.set = append(k.set, string(e)+" "+string(a))
	return nil
}

func (k *knowing) SetAutostartOnce(_ context.Context, u domain.UUID, on bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range k.list {
		if k.list[i].UUID == u {
			k.list[i].OnceAtBoot = on
		}
	}
	return nil
}

func (k *knowing) HostName(context.Context, domain.UUID) (string, error) {
	return "we\xffb", k.silence()
}

func (k *knowing) FileSystems(context.Context, domain.UUID) ([]guest.FileSystem, error) {
	return []guest.FileSystem{{MountPoint: "/", Name: "sda1", Type: "ext4"}}, k.silence()
}

func (k *knowing) GuestInterfaces(context.Context, domain.UUID) ([]guest.Interface, error) {
	return []guest.Interface{{Name: "eth0", MAC: "52:54:00:00:00:01", Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.2/24"), netip.MustParsePrefix("fe80::1/64")}}}, k.silence()
}

func (k *knowing) Release(context.Context, domain.UUID) (guest.Release, error) {
	return guest.Release{"ID": "debian"}, k.silence()
}

func (k *knowing) TimeZone(context.Context, domain.UUID) (service.Zone, error) {
	return service.Zone{Name: "CET", Offset: 3600}, k.silence()
}

func (k *knowing) silence() error {
	if k.silent {
		return service.ErrTimeout
	}
	return nil
}

func (k *knowing) SecurityEnforcing() bool { return true }

// serverOf is a server of another core than fakeCore.
func serverOf(t *testing.T, k core, allowed rules) *Server {
	t.Helper()
	s := newServer(t, &fakeCore{}, allowed)
	s.core = k
	return s
}

// rest takes all that is left of an answer.
func rest(d *xdr.Decoder) []byte {
	var list []byte
	for d.Left() > 0 && d.Err() == nil {
		list = binary.BigEndian.AppendUint32(list, d.U32())
	}
	return list
}

// text is a text in an answer, in hex.
func text(s string) string {
	var e xdr.Encoder
	e.Text(s)
	return hex.EncodeToString(e.Bytes())
}

// tp is a typed parameter in an answer, in hex.
func tp(field string, kind int, value string) string {
	return text(field) + fmt.Sprintf("%08x", kind) + value
}

// words32 writes arguments after the container: an int is a word, a string an optional text.
func words32(snap *service.Snapshot, list ...any) func(*xdr.Encoder) {
	return func(e *xdr.Encoder) {
		if snap != nil {
			e.Domain(domainOf(snap))
		}
		for _, w := range list {
			switch v := w.(type) {
			case int:
				e.I32(int32(v))
			case string:
				e.OptionalText(v)
			}
		}
	}
}

// TestAnswers: each answer is laid out as libvirt's clients read it, to the last byte.
func TestAnswers(t *testing.T) {
	t.Parallel()
	labelled := web
	labelled.Label.Process = "x:y"
	for name, tc := range map[string]struct {
		procedure int32
		args      func(*xdr.Encoder)
		pinned    string
		want      string // hex; blanks do not matter
	}{
		"free pages":            {340, words32(nil, 2, 4, 2048, 0, 2, 0), "", "00000004 0000000000000064 0000000000000003 00000000000000c8 0000000000000004"},
		"free pages of a cell":  {340, words32(nil, 1, 2048, 1, 9, 0), "", "00000001 0000000000000004"},
		"KSM, how many":         {289, words32(nil, 0, 0), "", "00000000 00000002"},
		"KSM":                   {289, words32(nil, 8, 4), "", "00000002 " + tp("shm_pages_to_scan", 2, "00000064") + tp("shm_pages_shared", 4, "0000010000000000") + "00000000"},
		"vcpus":                 {20, words32(&web, 5, 1), "1", "00000002 00000000 00000001 0000000000001388 ffffffff 00000001 00000001 0000000000001388 ffffffff 00000002 0202 0000"},
		"vcpus, less room":      {20, words32(&web, 1, 0), "", "00000001 00000000 00000001 0000000000001388 ffffffff 00000000"},
		"number of vcpus":       {200, words32(&web, 0), "", "00000002"},
		"number when off":       {200, words32(&db, 2), "", "00000003"},
		"pins":                  {230, words32(&web, 2, 1, 0), "", "00000002 0303 0000 00000002"},
		"pins, less room":       {230, words32(&web, 1, 1, 0), "0", "00000001 01000000 00000001"},
		"pin of the emulator":   {280, words32(&web, 2, 0), "1", "00000002 02000000 00000001"},
		"labels, none":          {278, words32(&web), "", "00000000 00000000"},
		"file systems":          {349, words32(&web, 0), "", "00000001 " + text("/") + text("sda1") + text("ext4") + "00000000 00000001"},
		"host name":             {277, words32(&web, 0), "", text("we\uFFFDb")},
		"host name by an agent": {277, words32(&web, 2), "", text("we\uFFFDb")},
		"addresses": {353, words32(&web, 1, 0), "", "00000001 " + text("eth0") + "00000001" + text("52:54:00:00:00:01") +
			"00000002 00000000" + text("10.0.0.2") + "00000018 00000001" + text("fe80::1") + "00000040"},
		"guest: time zone": {418, words32(&web, 4, 0), "", "00000002 " + tp("timezone.name", 7, text("CET")) + tp("timezone.offset", 1, "00000e10")},
		"guest: links": {418, words32(&web, 64, 0), "", "0000000a " + tp("if.count", 2, "00000001") + tp("if.0.name", 7, text("eth0")) +
			tp("if.0.hwaddr", 7, text("52:54:00:00:00:01")) + tp("if.0.addr.count", 2, "00000002") + tp("if.0.addr.0.type", 7, text("ipv4")) +
			tp("if.0.addr.0.addr", 7, text("10.0.0.2")) + tp("if.0.addr.0.prefix", 2, "00000018") + tp("if.0.addr.1.type", 7, text("ipv6")) +
			tp("if.0.addr.1.addr", 7, text("fe80::1")) + tp("if.0.addr.1.prefix", 2, "00000040")},
		"guest: file systems": {418, words32(&web, 16, 0), "", "00000004 " + tp("fs.count", 2, "00000001") + tp("fs.0.mountpoint", 7, text("/")) +
			tp("fs.0.name", 7, text("sda1")) + tp("fs.0.fstype", 7, text("ext4"))},
		"action": {390, words32(&web, 2, 1, 0), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := &knowing{fakeCore: &fakeCore{list: []service.Snapshot{web, db}}, pinned: tc.pinned}
			d := opened(t, serverOf(t, k, nil), false).must(tc.procedure, tc.args)
			got := hex.EncodeToString(rest(d))
			if want := strings.ReplaceAll(tc.want, " ", ""); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
	k := &knowing{fakeCore: &fakeCore{list: []service.Snapshot{labelled}}}
	d := opened(t, serverOf(t, k, nil), false).must(278, words32(&labelled))
	want := "00000001 00000004 00000078 0000003a 00000079 00000000 00000001 00000001"
	if got := hex.EncodeToString(rest(d)); got != strings.ReplaceAll(want, " ", "") {
		t.Errorf("labels: %s", got)
	}
}

// TestGuestTime: the time is the host's, and a container that is off has none.
func TestGuestTime(t *testing.T) {
	t.Parallel()
	c := opened(t, serverOf(t, &knowing{fakeCore: &fakeCore{list: []service.Snapshot{web, db}}}, nil), false)
	d := c.must(337, words32(&web, 0))
	if seconds, ns := d.I64(), d.U32(); seconds < 1_700_000_000 || ns >= 1e9 || d.Left() != 0 || d.Err() != nil {
		t.Errorf("%d.%09d, %d bytes left, %v", seconds, ns, d.Left(), d.Err())
	}
	if code := c.code(337, words32(&db, 0)); code != codeOperationInvalid {
		t.Errorf("off: %d", code)
	}
}

// TestAutostartOnce: that a container starts with the next boot is set, told, and taken back.
func TestAutostartOnce(t *testing.T) {
	t.Parallel()
	c := opened(t, serverOf(t, &knowing{fakeCore: &fakeCore{list: []service.Snapshot{web, db}}}, nil), false)
	for _, on := range []int{1, 0} {
		if d := c.must(450, words32(&db, on)); d.Left() != 0 {
			t.Errorf("%d bytes are left", d.Left())
		}
		if got := c.must(449, words32(&db)).I32(); got != int32(on) {
			t.Errorf("%d after %d", got, on)
		}
	}
}

// TestSysinfoSecrets: only root gets the serial numbers of the host.
func TestSysinfoSecrets(t *testing.T) {
	t.Parallel()
	s := serverOf(t, &knowing{fakeCore: &fakeCore{}}, rules{"org.berth1.read": true, "org.berth1.connect": true})
	for uid, secret := range map[uint32]bool{0: true, 1000: false} {
		c := connect(t, s, uid, false)
		c.must(66, nil)
		if uid != 0 {
			c.must(70, nil)
		}
		c.open()
		d := c.must(203, words32(nil, 0))
		if text := d.Text(); !strings.Contains(text, "ACME") || strings.Contains(text, "secret") != secret {
			t.Errorf("uid %d: %s", uid, text)
		}
	}
}

// TestAnswersRefused: what is not there, unknown flags, and what a reader must not ask are errors with libvirt's codes
// and words.
func TestAnswersRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		procedure int32
		args      func(*xdr.Encoder)
		readOnly  bool
		silent    bool
		code      int32
		text      string
	}{
		"size of pages":               {340, words32(nil, 1, 3, 0, 1, 0), false, false, codeOperationFailed, "operation failed: page size 3 is not available on node 0"},
		"cell":                        {340, words32(nil, 1, 4, 7, 1, 0), false, false, codeInternal, "internal error: start cell 7 out of range (0-1)"},
		"too many cells":              {340, words32(nil, 2, 4, 4, 0, 1000, 0), false, false, codeInternal, "internal error: the result won't fit into 1024 cells"},
		"flags of pages":              {340, words32(nil, 0, 0, 1, 1), false, false, codeInvalidArg, "unsupported flags (0x1) in function lxcNodeGetFreePages"},
		"flags of a start":            {196, words32(&db, 1), false, false, codeInvalidArg, "unsupported flags (0x1) in function lxcDomainCreateWithFiles"},
		"flags of a state":            {212, words32(&web, 1), false, false, codeInvalidArg, "unsupported flags (0x1) in function lxcDomainGetState"},
		"flags of a control":          {229, words32(&web, 1), false, false, codeInvalidArg, "unsupported flags (0x1) in function lxcDomainGetControlInfo"},
		"capabilities of KVM":         {342, words32(nil, "", "", "", "kvm", 0), false, false, codeInvalidArg, "invalid argument: could not find capabilities for emulator= arch= machine= domaintype=kvm"},
		"capabilities, reader":        {342, words32(nil, "", "", "", "", 0), true, false, codeOperationDenied, "operation forbidden: read only access prevents virConnectGetDomainCapabilities"},
		"host name, lease":            {277, words32(&web, 1), false, false, codeNoHostname, "no hostname found: no hostname found for domain web"},
		"host name, reader":           {277, words32(&web, 0), true, false, codeOperationDenied, "operation forbidden: read only access prevents virDomainGetHostname"},
		"addresses, reader":           {353, words32(&web, 1, 0), true, false, codeOperationDenied, "operation forbidden: read only access prevents virDomainInterfaceAddresses"},
		"vcpus inside, reader":        {200, words32(&web, 8), true, false, codeOperationDenied, "operation forbidden: read only access prevents virDomainGetVcpusFlags"},
		"vcpus, both":                 {200, words32(&web, 3), false, false, codeInvalidArg, "flags 'VIR_DOMAIN_AFFECT_LIVE' and 'VIR_DOMAIN_AFFECT_CONFIG' are mutually exclusive"},
		"vcpus, too many":             {20, words32(&web, 16385, 0), false, false, codeInternal, "internal error: maxinfo > REMOTE_VCPUINFO_MAX"},
		"vcpus, no room for a map":    {20, words32(&web, 0, math.MaxInt32), false, false, codeInternal, "internal error: maxinfo * maplen > REMOTE_CPUMAPS_MAX"},
		"pins, no room for a map":     {230, words32(&web, 0, math.MaxInt32, 0), false, false, codeInternal, "internal error: maxinfo * maplen > REMOTE_CPUMAPS_MAX"},
		"pins, less than no room":     {230, words32(&web, -1, math.MaxInt32, 0), false, false, codeInternal, "internal error: maxinfo * maplen > REMOTE_CPUMAPS_MAX"},
		"pins of all, a map too long": {280, words32(&web, maxMap+1, 0), false, false, codeInternal, "internal error: maxinfo * maplen > REMOTE_CPUMAPS_MAX"},
		"vcpus, too large":            {20, words32(&web, 16384, 513), false, false, codeInternal, "internal error: maxinfo * maplen > REMOTE_CPUMAPS_MAX"},
		"guest: users":                {418, words32(&web, 1, 0), false, false, codeInvalidArg, "invalid argument: unsupported guest information types '0x1'"},
		"guest: off":                  {418, words32(&db, 0, 0), false, false, codeOperationInvalid, "Requested operation is not valid: domain is not running"},
		"guest: does not answer":      {418, words32(&web, 2, 0), false, true, codeOperationTimeout, "Timed out during operation: timed out"},
		"end":                         {390, words32(&web, 3, 0, 0), false, false, codeInvalidArg, "invalid argument: invalid lifecycle type '3'"},
		"action":                      {390, words32(&web, 0, 6, 0), false, false, codeInvalidArg, "invalid argument: invalid lifecycle action '6'"},
		"end, reader":                 {390, words32(&web, 0, 0, 0), true, false, codeOperationDenied, "operation forbidden: read only access prevents virDomainSetLifecycleAction"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := &knowing{fakeCore: &fakeCore{list: []service.Snapshot{web, db}}, silent: tc.silent}
			_, err := opened(t, serverOf(t, k, nil), tc.readOnly).call(tc.procedure, tc.args)
			e, is := errors.AsType[*remoteError](err)
			if !is || e.code != tc.code || e.text != tc.text {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestGuestSilent: if nothing is named, what the container does not tell is left out.
func TestGuestSilent(t *testing.T) {
	t.Parallel()
	k := &knowing{fakeCore: &fakeCore{list: []service.Snapshot{web}}, silent: true}
	if d := opened(t, serverOf(t, k, nil), false).must(418, words32(&web, 0, 0)); d.U32() != 0 || d.Left() != 0 {
		t.Errorf("%d bytes are left", d.Left())
	}
}
