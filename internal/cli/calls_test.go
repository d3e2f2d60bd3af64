package cli

import (
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
		"dominfo of off":   {[]string{"dominfo", "db"}, []string{"ByName db", "Info"}},
		"dominfo of on":    {[]string{"dominfo", "web"}, []string{"ByName web", "Info", "Stats"}},
		"domstats of all":  {[]string{"domstats"}, []string{"AllStats"}},
		"domstats of two":  {[]string{"domstats", "web", "4711"}, []string{"ByName web", "List", "AllStats"}},
		"domstats, bad":    {[]string{"domstats", "--perf", "--enforce"}, nil},
		"dommemstat":       {[]string{"dommemstat", "web"}, []string{"ByName web", "Stats", "Info"}},
		"cpu-stats":        {[]string{"cpu-stats", "web"}, []string{"ByName web", "Stats"}},
		"domblkstat":       {[]string{"domblkstat", "web", "vda"}, []string{"ByName web", "Stats"}},
		"dumpxml":          {[]string{"dumpxml", "web"}, []string{"ByName web", "XML live"}},
		"plan":             {[]string{"plan", "web"}, []string{"ByName web", "Plan live"}},
		"plan inactive":    {[]string{"plan", "web", "--inactive"}, []string{"ByName web", "Plan inactive"}},
		"dumpxml inactive": {[]string{"dumpxml", "web", "--inactive"}, []string{"ByName web", "XML inactive"}},
		"console":          {[]string{"console-log", "web", "--devname", "console1"}, []string{"ByName web", "Console console1"}},
		"shutdown":         {[]string{"shutdown", "web", "--mode", "initctl,signal"}, []string{"ByName web", "Shutdown web initctl+signal"}},
		"shutdown by id":   {[]string{"shutdown", "4711"}, []string{"List", "Shutdown web"}},
		"reboot by uuid":   {[]string{"reboot", "6695eb01-f6a4-8304-79aa-97f2502e193f"}, []string{"ByUUID 6695eb01-f6a4-8304-79aa-97f2502e193f", "Info", "Reboot web"}},
		"shutdown, wait":   {[]string{"shutdown", "web", "--wait"}, []string{"ByName web", "Info", "Shutdown web", "AwaitEnd 4711"}},
		"nothing at all":   {[]string{"start", "a", "b"}, nil},
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
