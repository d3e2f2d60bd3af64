package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// TestCalls: a command makes these calls and no other, since each costs latency.
func TestCalls(t *testing.T) {
	t.Parallel()
	const db = "0b62e76d-2f4c-4a0c-b2a0-ff0ed9c1f3a1"
	for name, tc := range map[string]struct {
		args []string
		want []string
	}{
		"start by name":         {[]string{"start", "db"}, []string{"ByName db", "Start db"}},
		"start by uuid":         {[]string{"start", db}, []string{"ByUUID " + db, "Info", "Start db"}},
		"start quietly by uuid": {[]string{"-q", "start", db}, []string{"ByUUID " + db, "Start db"}},
		"start takes no id":     {[]string{"start", "4711"}, []string{"ByName 4711"}},
		"destroy by id":         {[]string{"destroy", "4711"}, []string{"List", "Destroy web"}},
		"a number as a name":    {[]string{"destroy", "12"}, []string{"List", "ByName 12"}},
		"zero is no id":         {[]string{"destroy", "0"}, []string{"List", "ByName 0"}},
		"a uuid as a name": {
			[]string{"destroy", "00000000-0000-0000-0000-000000000000"},
			[]string{"ByUUID 00000000-0000-0000-0000-000000000000", "ByName 00000000-0000-0000-0000-000000000000"},
		},
		"define":           {[]string{"define", "-"}, []string{"Define <domain/>", "Info"}},
		"define quietly":   {[]string{"-q", "define", "-"}, []string{"Define <domain/>"}},
		"dominfo of off":   {[]string{"dominfo", "db"}, []string{"ByName db", "Info", "Security"}},
		"dominfo of on":    {[]string{"dominfo", "web"}, []string{"ByName web", "Info", "Stats", "Security"}},
		"domstats of all":  {[]string{"domstats"}, []string{"AllStats"}},
		"domstats of two":  {[]string{"domstats", "web", "4711"}, []string{"ByName web", "List", "AllStats"}},
		"domstats, bad":    {[]string{"domstats", "--perf", "--enforce"}, nil},
		"dommemstat":       {[]string{"dommemstat", "web"}, []string{"ByName web", "Stats", "Info"}},
		"cpu-stats":        {[]string{"cpu-stats", "web"}, []string{"ByName web", "Stats"}},
		"domblkstat":       {[]string{"domblkstat", "web", "vda"}, []string{"ByName web", "Stats"}},
		"domifstat":        {[]string{"domifstat", "web", "eth0"}, []string{"ByName web", "Stats"}},
		"domifstat, MAC":   {[]string{"domifstat", "web", "52:54:00:00:00:01"}, []string{"ByName web", "Stats", "Info"}},
		"domiflist":        {[]string{"domiflist", "web"}, []string{"ByName web", "Info"}},
		"dumpxml":          {[]string{"dumpxml", "web"}, []string{"ByName web", "XML live"}},
		"plan":             {[]string{"plan", "web"}, []string{"ByName web", "Plan live"}},
		"plan inactive":    {[]string{"plan", "web", "--inactive"}, []string{"ByName web", "Plan inactive"}},
		"dumpxml inactive": {[]string{"dumpxml", "web", "--inactive"}, []string{"ByName web", "XML inactive"}},
		"console":          {[]string{"console-log", "web", "--devname", "console1"}, []string{"ByName web", "Console console1"}},
		"shutdown":         {[]string{"shutdown", "web", "--mode", "initctl,signal"}, []string{"ByName web", "Shutdown web initctl+signal"}},
		"shutdown by id":   {[]string{"shutdown", "4711"}, []string{"List", "Shutdown web"}},
		"reboot by uuid":   {[]string{"reboot", "6695eb01-f6a4-8304-79aa-97f2502e193f"}, []string{"ByUUID 6695eb01-f6a4-8304-79aa-97f2502e193f", "Info", "Reboot web"}},
		"shutdown, wait":   {[]string{"shutdown", "web", "--wait"}, []string{"ByName web", "Info", "Shutdown web", "AwaitEnd 4711"}},
		"memtune":          {[]string{"memtune", "web", "--live"}, []string{"ByName web", "Resources live"}},
		"memtune, hard": {
			[]string{"memtune", "web", "--hard-limit", "550M"},
			[]string{"ByName web", "Resources", "SetResources web  MemoryMax=576716800 MemorySwapMax=65011712"},
		},
		"memtune, all": {
			[]string{"memtune", "web", "600MiB", "500MB", "-", "--swap-hard-limit", "-1", "--min-guarantee", "5b", "--soft-limit", "1k", "--hard-limit", "-1"},
			nil,
		},
		"memtune, none": {
			[]string{"memtune", "web", "--hard-limit", "-1", "--swap-hard-limit", "-1", "--min-guarantee", "5b"},
			[]string{"ByName web", "Resources", "SetResources web  MemoryLow=5 MemoryMax=18446744073709551615 MemorySwapMax=18446744073709551615"},
		},
		"memtune, two that differ": {
			[]string{"memtune", "web", "--hard-limit", "550M", "--live", "--config"},
			[]string{
				"ByName web", "Resources live", "Resources config",
				"SetResources web live MemoryMax=576716800 MemorySwapMax=65011712", "SetResources web config MemoryMax=576716800",
			},
		},
		"attach-device":             {[]string{"attach-device", "web", "-"}, []string{"ByName web", "AttachDevice web  <domain/>"}},
		"detach-device, both":       {[]string{"detach-device", "web", "-", "--live", "--config"}, []string{"ByName web", "DetachDevice web live+config <domain/>"}},
		"update-device, persistent": {[]string{"update-device", "db", "-", "--persistent"}, []string{"ByName db", "Info", "UpdateDevice db config <domain/>"}},
		"attach-device, persistent": {[]string{"attach-device", "web", "-", "--persistent"}, []string{"ByName web", "Info", "AttachDevice web live+config <domain/>"}},
		"detach-disk": {
			[]string{"detach-disk", "web", "vdb"},
			[]string{"ByName web", "ListDevices", "DetachDevice web  <disk type='file' device='disk'>  <source file='/srv/it&apos;s.img'/>  <target dev='vdb'/></disk>"},
		},
		"setmem, both":   {[]string{"setmem", "web", "1GB", "--live", "--config"}, []string{"ByName web", "SetResources web live+config CurrentMemory=1000000000"}},
		"autostart":      {[]string{"autostart", "db"}, []string{"ByName db", "SetAutostart db true"}},
		"autostart once": {[]string{"autostart", "db", "--once"}, []string{"ByName db", "SetAutostartOnce db true"}},
		"once, off":      {[]string{"autostart", "db", "--once", "--disable"}, []string{"ByName db", "SetAutostartOnce db false"}},
		"autostart, off": {[]string{"-q", "autostart", "4711", "--disable"}, []string{"List", "SetAutostart web false"}},
		"list":           {[]string{"list", "--no-autostart"}, []string{"List no-autostart"}},
		"list, titles":   {[]string{"list", "--title", "--autostart"}, []string{"Describe autostart Name Id UUID State Title"}},
		"unshift":        {[]string{"unshift", "db", "--from", "7", "--dry-run"}, []string{"ByName db", "Unshift db {From:7 DryRun:true}"}},
		"unshift, path":  {[]string{"unshift", "--path", "/srv/../tree"}, []string{"UnshiftPath /tree {From:0 DryRun:false}"}},
		"validate":       {[]string{"validate", "-"}, []string{"ValidateXML <domain/>"}},
		"desc":           {[]string{"desc", "web"}, []string{"ByName web", "GetMetadata description"}},
		"desc, new":      {[]string{"desc", "web", "--config", "--live", "New", "words"}, []string{"ByName web", "SetMetadata web {description New words  } live+config"}},
		"metadata":       {[]string{"metadata", "web", "urn:app", "--config"}, []string{"ByName web", "GetMetadata element urn:app config"}},
		"metadata, set":  {[]string{"metadata", "web", "urn:app", "--key", "app", "--set", "<a/>"}, []string{"ByName web", "SetMetadata web {element <a/> app urn:app}"}},
		"setmaxmem":      {[]string{"setmaxmem", "db", "100"}, []string{"ByName db", "SetResources db  Memory=102400"}},
		"blkiotune": {
			[]string{"blkiotune", "web", "--weight", "5", "--device-weights", "/dev/a,7,/dev/b,0", "--config"},
			[]string{"ByName web", "SetResources web config IODeviceWeight=[{/dev/a 7} {/dev/b 0}] IOWeight=5"},
		},
		"schedinfo, period": {
			[]string{"schedinfo", "web", "vcpu_period=20000"}, // the quota is 25000 in each period
			[]string{"ByName web", "Resources", "SetResources web  CPUQuotaPerSecUSec=1250000 CPUQuotaPeriodUSec=20000", "Resources"},
		},
		"schedinfo, none": {
			[]string{"schedinfo", "web", "--set", "vcpu_quota=17592186044415", "cpu_shares=5"},
			[]string{"ByName web", "Resources", "SetResources web  CPUQuotaPerSecUSec=18446744073709551615 CPUWeight=5", "Resources"},
		},
		"numatune": {
			[]string{"numatune", "web", "--mode", "3", "--nodeset", "0-9,^8"},
			[]string{"ByName web", "SetResources web  AllowedMemoryNodes=[255 2] NUMAMode=restrictive"},
		},
		"numatune, all":  {[]string{"numatune", "web", "--nodeset", ""}, []string{"ByName web", "SetResources web  AllowedMemoryNodes=[]"}},
		"domif-setlink":  {[]string{"domif-setlink", "web", "eth0", "down", "--persistent"}, []string{"ByName web", "SetInterface web eth0 config down"}},
		"domif-getlink":  {[]string{"domif-getlink", "web", "eth0"}, []string{"ByName web", "Interfaces"}},
		"domifaddr":      {[]string{"domifaddr", "web"}, []string{"ByName web", "InterfaceAddresses lease"}},
		"domiftune":      {[]string{"domiftune", "web", "eth0", "--inbound", "7,,3", "--live", "--config"}, []string{"ByName web", "SetInterface web eth0 live+config in{7000 0 3072}"}},
		"domiftune, off": {[]string{"domiftune", "db", "eth0", "--outbound", "0"}, []string{"ByName db", "SetInterface db eth0  out{0 0 0}"}},
		"attach-interface": {
			[]string{"attach-interface", "web", "network", "a'b", "--persistent"},
			[]string{"ByName web", "Info", "AttachDevice web live+config <interface type='network'>  <source network='a&apos;b'/></interface>"},
		},
		"detach-interface": {
			[]string{"detach-interface", "web", "direct", "--mac", "52:54:00:00:00:02", "--live", "--config"},
			[]string{"ByName web", "Interfaces live", "DetachDevice web live+config <interface type='direct'>  <mac address='52:54:00:00:00:02'/>  <source dev='it&apos;s'/></interface>"},
		},
		"setvcpus":       {[]string{"setvcpus", "web", "2"}, []string{"ByName web", "SetResources web  VCPUs=2"}},
		"nothing at all": {[]string{"start", "a", "b"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fleet()
			run(t, f, tc.args...)
			if diff := cmp.Diff(tc.want, f.calls); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
			if want := min(1, len(tc.want)); f.closed != want {
				t.Errorf("closed %d times", f.closed)
			}
		})
	}
}

// TestHalfTuned: when the running container was changed, and its definition is refused the same, the error says so.
func TestHalfTuned(t *testing.T) {
	t.Parallel()
	f, refused := fleet(), &client.Error{Name: contract.ErrorInvalidConfig, Message: "soft limit too high"}
	f.hook = func(string) {
		if strings.HasSuffix(f.calls[len(f.calls)-1], "SetResources web live MemoryMax=576716800 MemorySwapMax=65011712") {
			delete(f.errs, "SetResources")
		} else {
			f.errs["SetResources"] = refused
		}
	}
	want := outcome{err: "error: only the running container was changed: soft limit too high\n", status: 1}
	if got := run(t, f, "memtune", "web", "--hard-limit", "550M", "--live", "--config"); got != want {
		t.Errorf("got %+v", got)
	}
	f = fleet()
	f.errs["SetResources"] = refused
	want.err = "error: soft limit too high\n"
	if got := run(t, f, "memtune", "web", "--hard-limit", "550M", "--live", "--config"); got != want {
		t.Errorf("got %+v", got)
	}
}

// TestCreatedAndGone: a transient container that ends before its name is asked for is reported by
// its uuid.
func TestCreatedAndGone(t *testing.T) {
	t.Parallel()
	f := fleet()
	f.errs["Info"] = &client.Error{Name: contract.ErrorUnknownObject, Message: "no such object"}
	want := outcome{out: "Domain '6695eb01-f6a4-8304-79aa-97f2502e193f' created from -\n"}
	if got := run(t, f, "create", "-"); got != want {
		t.Errorf("got %+v", got)
	}
}

// TestEndedMeanwhile: a container that ends before its statistics are read has none, and that is no
// error.
func TestEndedMeanwhile(t *testing.T) {
	t.Parallel()
	f := fleet()
	f.errs["Stats"] = &client.Error{Name: contract.ErrorNotRunning, Message: "domain is not running"}
	f.stats = nil
	if got := run(t, f, "dominfo", "web"); got.status != 0 || got.err != "" {
		t.Errorf("got %+v", got)
	}
	f.errs["Stats"] = &client.Error{Name: "org.berth1.Error.Internal", Message: "cannot read"}
	if got := run(t, f, "dominfo", "web"); got.status != 1 || got.err != "error: cannot read\n" {
		t.Errorf("got %+v", got)
	}
}
