package cli

import (
	"errors"
	"fmt"
	"testing"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// TestSentences: each kind of error is one printable line that says what can be done.
func TestSentences(t *testing.T) {
	t.Parallel()
	ours := map[string]any{}
	needsPassword := &client.Error{Name: contract.ErrorInteractionRequired, Message: "org.berth1.control needs interactive authorization", Details: ours}
	for name, tc := range map[string]struct {
		user bool // not root
		err  error
		want string
	}{
		"berthd's own sentence": {
			err:  &client.Error{Name: "org.berth1.Error.AlreadyRunning", Message: `cannot start domain "web": domain is already active`, Details: ours},
			want: `cannot start domain "web": domain is already active`,
		},
		"several errors": {
			err:  &client.Error{Name: "org.berth1.Error.StartFailed", Message: "cannot start: scope\nstop the scope: gone\n", Details: ours},
			want: "cannot start: scope; stop the scope: gone",
		},
		"control characters": {
			err:  &client.Error{Name: "org.berth1.Error.InvalidXML", Message: "bad name \x1b[2J", Details: ours},
			want: `bad name \x1b[2J`,
		},
		"gone since it was found": {
			err:  &client.Error{Name: contract.ErrorUnknownObject, Message: "Unknown object"},
			want: "failed to get domain 'web'",
		},
		"gone, or hidden": {
			user: true,
			err:  &client.Error{Name: contract.ErrorUnknownObject, Message: "Unknown object"},
			want: "failed to get domain 'web', or you may not see it; try again as root",
		},
		"denied by the bus": {
			user: true,
			err:  &client.Error{Name: contract.ErrorAccessDenied, Message: "Rejected send message, 2 matched rules; type=..."},
			want: "permission denied by the system bus; try again as root, or ask the administrator for a rule of polkit, see berthd(8)",
		},
		"denied by the bus to root": {
			err:  &client.Error{Name: contract.ErrorAccessDenied, Message: "Rejected send message, 2 matched rules; type=..."},
			want: "permission denied by the system bus",
		},
		"denied by berthd": {
			user: true,
			err:  &client.Error{Name: contract.ErrorAccessDenied, Message: `cannot start domain "web": access denied`, Details: ours},
			want: `cannot start domain "web": access denied; try again as root, or ask the administrator for a rule of polkit, see berthd(8)`,
		},
		"a password, without a terminal": {
			user: true,
			err:  needsPassword,
			want: "org.berth1.control needs interactive authorization; try again on a terminal, where polkit can ask for a password, or as root",
		},
		"not installed": {
			err:  &client.Error{Name: contract.ErrorServiceUnknown, Message: "The name org.berth1 was not provided by any .service files"},
			want: "there is no org.berth1 on the system bus; is berthd installed?",
		},
		"does not start": {
			err:  &client.Error{Name: "org.freedesktop.systemd1.LoadFailed", Message: "Unit is masked."},
			want: `berthd cannot be started: Unit is masked.; "systemctl status berthd" says more`,
		},
		"starts too slowly": {
			err:  &client.Error{Name: contract.ErrorTimedOut, Message: "Failed to activate service"},
			want: `berthd did not start in time; "systemctl status berthd" says more`,
		},
		"died": {
			err:  &client.Error{Name: contract.ErrorNoReply, Message: "Message recipient disconnected from message bus without replying"},
			want: `berthd ended before it answered; "berthctl list --all" shows what was done`,
		},
		"too old": {
			err:  &client.Error{Name: contract.ErrorUnknownMethod, Message: "no method Start"},
			want: `berthd and berthctl have different versions, see "berthctl version": no method Start`,
		},
		"no bus": {
			err:  fmt.Errorf("%w: %w", client.ErrConnect, errors.New("dial unix /x: connect: no such file or directory")),
			want: "connect to the system bus: dial unix /x: connect: no such file or directory; is this host's D-Bus system bus running?",
		},
		"bus lost": {
			err:  client.ErrLost,
			want: `connection to the system bus lost; "berthctl list --all" shows what was done`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fleet()
			f.errs["Start"] = tc.err
			cfg := config(f)
			cfg.Root = !tc.user
			want := outcome{err: "error: " + tc.want + "\n", status: 1}
			if got := runWith(t.Context(), cfg, "start", "web"); got != want {
				t.Errorf("got %+v\nwant %+v", got, want)
			}
		})
	}
}

// TestManyFaults: several mistakes in a definition have a line each, in which nothing moves the cursor.
func TestManyFaults(t *testing.T) {
	t.Parallel()
	faults := []string{"domain/name: it is \x1b[2J (line 2)", "domain/os/init: it is missing (line 4)", "and 7 more"}
	reply := &client.Error{
		Name: "org.berth1.Error.InvalidXML", Message: "cannot define domain: 9 faults: (1) " + faults[0] + "; (2) " + faults[1] + "; and 7 more",
		Details: map[string]any{"element": "domain/name", "faults": faults},
	}
	a := &app{}
	want := "cannot define domain: 9 faults:\n  domain/name: it is \\x1b[2J (line 2)\n  domain/os/init: it is missing (line 4)\n  and 7 more"
	if got := a.report(reply); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	reply.Details["faults"], reply.Message = faults[1:2], "cannot define domain: "+faults[1]
	if got := a.report(reply); got != reply.Message {
		t.Errorf("one mistake: %q", got)
	}
}
