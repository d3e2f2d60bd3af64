package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// TestShutdownDestroys: with --destroy, what does not shut down is destroyed with a notice, what is off is no error,
// and a wrong question destroys nothing.
func TestShutdownDestroys(t *testing.T) {
	t.Parallel()
	const why = "cannot shut down domain \"web\": so it is"
	reply := func(name string) error { return &client.Error{Name: name, Message: why} }
	notice := func(text string) outcome { return outcome{err: "notice: domain 'web' was destroyed: " + text + "\n"} }
	for name, c := range map[string]struct {
		method    string // that fails
		err       error
		ends      string
		destroyed bool
		want      outcome
	}{
		"in order":        {"", nil, "shutoff", false, outcome{}},
		"off":             {"Shutdown", reply(contract.ErrorNotRunning), "shutoff", false, outcome{}},
		"gone":            {"Shutdown", reply(contract.ErrorUnknownObject), "shutoff", false, outcome{}},
		"late":            {"", nil, "", true, notice("domain 'web' did not shut down within 1 s")},
		"again":           {"", nil, "running", true, notice("it runs again")},
		"cannot be asked": {"Shutdown", reply(contract.ErrorNotAsked), "shutoff", true, notice(why)},
		"paused":          {"Shutdown", reply(contract.ErrorInvalidState), "shutoff", true, notice(why)},
		"off at last":     {"Destroy", reply(contract.ErrorNotRunning), "running", true, notice("it runs again")},
		"stuck":           {"Destroy", reply(contract.ErrorOperationTimeout), "running", true, outcome{err: "error: " + why + "\n", status: 1}},
		"wrong":           {"Shutdown", reply(contract.ErrorInvalidArgs), "shutoff", false, outcome{err: "error: " + why + "\n", status: 1}},
		"denied":          {"Shutdown", reply(contract.ErrorAccessDenied), "shutoff", false, outcome{err: "error: permission denied by the system bus\n", status: 1}},
	} {
		f := fleet()
		f.ends, f.errs[c.method] = c.ends, c.err
		got := run(t, f, strings.Fields("-q shutdown web --wait --timeout 1 --destroy")...)
		if got != c.want || slices.Contains(f.calls, "Destroy web") != c.destroyed {
			t.Errorf("%s: %+v, %v", name, got, f.calls)
		}
	}
	if got := run(t, fleet(), "shutdown", "web", "--destroy"); got.err != "error: option --destroy requires --wait option\n" {
		t.Errorf("without --wait: %+v", got)
	}
	if got := run(t, fleet(), "reboot", "web", "--wait", "--destroy"); got.status == 0 {
		t.Errorf("reboot: %+v", got)
	}
}
