package nspawnconf

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/test/goldenfile"
)

// dropIns are two files in the order in which they are applied, with each kind of setting.
func dropIns(t testing.TB) []DropIn {
	t.Helper()
	var list []DropIn
	for _, name := range []string{"limits.conf", "more.conf"} {
		text, err := os.ReadFile("testdata/unit/" + name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, DropIn{"/etc/systemd/system/systemd-nspawn@web.service.d/" + name, string(text)})
	}
	return list
}

// TestUnit: what drop-ins of a container's unit say of its limits, slice and devices is in the definition, the last
// line counts, and the rest is a warning with its file and line.
func TestUnit(t *testing.T) {
	t.Parallel()
	o := optionsOf("")
	o.DropIns = dropIns(t)
	got := golden(Convert("web.nspawn", "[Files]\nBind=/dev/kvm\n", o))
	const file = "testdata/unit/web.golden"
	goldenfile.Check(t, file, got)
}

// TestUnitValues: each value of a setting of a unit becomes that of the definition, or is a warning with its line.
func TestUnitValues(t *testing.T) {
	t.Parallel()
	plain, err := Convert("x", "", optionsOf(""))
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"MemoryMax=1G": "<hard_limit unit='KiB'>1048576</hard_limit>", "MemoryMax=10%": "a part of what the host has", "MemoryMax=x": "is not a value", "MemoryMax=infinity": "",
		"MemorySwapMax=1G": "swap is limited together", "MemoryMax=1G\nMemorySwapMax=0": "<swap_hard_limit unit='KiB'>1048576", "MemoryMax=1G\nMemoryMax=": "",
		"CPUQuota=20%": "<quota>20000</quota>", "CPUQuota=150%\nCPUQuotaPeriodSec=10ms": "<quota>15000</quota>", "CPUQuota=0%": "is not a value", "CPUQuota=20": "is not a value",
		"CPUWeight=50": "<shares>50</shares>", "CPUWeight=idle": "idle", "CPUWeight=99999": "it is lost: ", "TasksMax=100": "<berth:pids max='100'/>", "TasksMax=1": "it is lost: ",
		"TasksMax=infinity": "Berth's limit", "AllowedCPUs=0-2 4": "cpuset='0-2,4'", "AllowedMemoryNodes=0": "nodeset='0'", "IOWeight=200": "<weight>200</weight>",
		"Slice=machine-a\\x2db-c.slice": "<partition>/machine/a-b/c</partition>", "Slice=machine.slice": "", "Slice=x": "is not a slice", "Slice=-.slice": "is not a slice",
		"Slice=machine-%i.slice": "<partition>/machine/web</partition>", "Slice=%t.slice": "has specifiers", "IOReadBandwidthMax=/dev/sda 5M": "<read_bytes_sec>5000000<",
		"IOReadBandwidthMax=/srv 5M": "name the device", "IODeviceLatencyTargetSec=/dev/sda 25ms": "25000", "IODeviceWeight=/dev/sda": "a device and a value",
		"DeviceAllow=/dev/fuse rwm": "<char>/dev/fuse</char>", "DeviceAllow=/dev/sdb r": "the container may read and write its devices", "DeviceAllow=char-alsa rw": "single devices",
		"DeviceAllow=/dev/fuse rwm\nDeviceAllow=": "", "ExecStart=": "", "ExecStart=systemd-nspawn -M %i": "the options of this command line", "Delegate=yes": "", "Nice=5": "no counterpart",
		"[Unit]\nAfter=x.service": "berth@web.service", "[X-Mine]\na=b": "", "[Install]\nWantedBy=x": "", "[Timer]\na=b": "no setting that Berth knows",
	} {
		o := optionsOf("")
		o.DropIns = []DropIn{{"/d.conf", "[Service]\n" + line + "\n"}}
		r, err := Convert("x", "", o)
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		said := r.XML
		for _, w := range r.Warnings {
			if said += w.Text; w.File != "/d.conf" || w.Line < 2 {
				t.Errorf("%s: %+v", line, w)
			}
		}
		if !strings.Contains(said, want) || (want == "") != (said == plain.XML) {
			t.Errorf("%s: %s", line, cmp.Diff(plain.XML, said))
		}
	}
}

// FuzzUnit: no drop-in makes a conversion crash, and the definition is read again unless a warning says what is to be
// changed.
func FuzzUnit(f *testing.F) {
	for _, d := range dropIns(f) {
		f.Add(d.Text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o := optionsOf("")
		o.DropIns = []DropIn{{"d", text}}
		r, err := Convert("x", "", o)
		if err != nil {
			return
		}
		for _, w := range r.Warnings {
			if strings.Contains(w.Text, "has to be changed") {
				return
			}
		}
		if _, err := domain.Parse([]byte(r.XML)); err != nil {
			t.Errorf("%v\n%s", err, r.XML)
		}
	})
}
