package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// TestWait: a wait ends with the run, with its time or with the user, and says how.
func TestWait(t *testing.T) {
	t.Parallel()
	interrupted, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	gone := &client.Error{Name: contract.ErrorUnknownObject, Message: "there is no object"}
	failed := &client.Error{Name: "org.berth1.Error.Internal", Message: "cannot wait"}
	for name, tc := range map[string]struct {
		ctx  context.Context
		ends string
		err  error
		args string
		want outcome
	}{
		"off":            {t.Context(), "shutoff", nil, "shutdown web --wait", outcome{out: "Domain 'web' is shut off (shutdown)\n"}},
		"on again":       {t.Context(), "running", nil, "reboot web --wait", outcome{out: "Domain 'web' is running again\n"}},
		"a transient":    {t.Context(), "shutoff", gone, "shutdown web --wait", outcome{out: "Domain 'web' is shut off (transient)\n"}},
		"another error":  {t.Context(), "shutoff", failed, "shutdown web --wait", outcome{err: "error: cannot wait\n", status: 1}},
		"out of time":    {t.Context(), "", nil, "shutdown web --wait --timeout 1", outcome{err: "error: domain 'web' did not shut down within 1 s, and still may; \"berthctl destroy\" ends it at once\n", status: 1}},
		"an interrupted": {interrupted, "", nil, "reboot web --wait --timeout 99", outcome{err: "error: interrupted, but domain 'web' was asked to reboot\n", status: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			f := fleet()
			f.ends = tc.ends
			f.errs["AwaitEnd"] = tc.err
			f.hook = func(method string) {
				if method == "AwaitEnd" && tc.ctx == interrupted {
					cancel()
				}
			}
			if got := runWith(tc.ctx, config(f), strings.Fields(tc.args)...); got != tc.want {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestNotAsked: an init that was not asked is an error that says what the user can do.
func TestNotAsked(t *testing.T) {
	t.Parallel()
	const way = `; "berthctl destroy" or "berthctl reset" ends it at once, and <berth:shutdown signal=''/> in the definition can name a signal`
	state := func(s string) *client.Error {
		return &client.Error{Name: contract.ErrorInvalidState, Message: "not now", Details: map[string]any{"state": s}}
	}
	for want, err := range map[string]error{
		"error: init cannot be asked" + way + "\n":     &client.Error{Name: contract.ErrorNotAsked, Message: "init cannot be asked"},
		"error: not now; resume it first\n":            state("paused"),
		"error: not now\n":                             state("starting"),
		"error: domain is not running\n":               &client.Error{Name: contract.ErrorNotRunning, Message: "domain is not running"},
		"error: permission denied by the system bus\n": &client.Error{Name: contract.ErrorAccessDenied, Message: "no"},
	} {
		f := fleet()
		f.errs["Shutdown"], f.errs["Reboot"] = err, err
		for _, verb := range []string{"shutdown", "reboot"} {
			cfg := config(f)
			cfg.Root = true
			if got := runWith(t.Context(), cfg, verb, "web"); got.err != want || got.status != 1 {
				t.Errorf("%s: %+v, want %q", verb, got, want)
			}
		}
	}
}

// TestProgress: a terminal shows that the command waits, and is clean afterwards.
func TestProgress(t *testing.T) {
	t.Parallel()
	var shown bytes.Buffer
	a := &app{Config: Config{Err: &shown, Terminal: true}}
	a.progress("Waiting")()
	if got, want := shown.String(), "\rWaiting: 0 s\r            \r"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	shown.Reset()
	(&app{Config: Config{Err: &shown}}).progress("Waiting")()
	(&app{Config: Config{Err: &shown, Terminal: true}, quiet: true}).progress("Waiting")()
	if shown.Len() > 0 {
		t.Errorf("%q where nothing was to be shown", &shown)
	}
}

// TestCompleteModes: each mode of a list is completed once.
func TestCompleteModes(t *testing.T) {
	t.Parallel()
	for given, want := range map[string][]string{
		"": {"auto", "initctl", "signal"}, "initctl,": {"initctl,auto", "initctl,signal"}, "signal,ini": {"signal,auto", "signal,initctl"},
	} {
		got, directive := completeModes(nil, nil, given)
		if diff := cmp.Diff(want, got); diff != "" || directive&cobra.ShellCompDirectiveNoFileComp == 0 {
			t.Errorf("%q: %v, -want +got\n%s", given, directive, diff)
		}
	}
}
